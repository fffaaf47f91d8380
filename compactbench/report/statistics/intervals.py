"""The spread of a measured time: what another run of the same thing on the same machine may give."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t

from compactbench.record import Interval

Statistic = Callable[..., Any]
"""A number of an array of samples."""
STEADY = 0.0
"""The drift of a machine of which nothing is known: none."""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; None where one process alone cannot tell it."""

    value: float
    interval: Interval | None


class Spread(NamedTuple):
    """What the samples of one run say of how far another run may be: all that its interval takes beside the drift.

    Args:
        variance: of the logarithm of the statistic, between processes.
        processes: how many there were, at least two.
    """

    variance: float
    processes: int

    def interval(self, value: float, drift: float = STEADY) -> Interval:
        """The 95 % prediction interval of what another run, of as many processes, gives where this one gave `value`.

        Times vary by factors, so all is reckoned in logarithms. Two runs of k processes differ by the spread s between
        processes, with variance 2 s^2 / k, and by the state in which each met the machine, with variance 2 drift^2
        (`noise.drift`); t of k - 1 degrees of freedom allows for a spread that is known from few processes (Hahn and
        Meeker, 1991, Statistical Intervals, 4.8). Calls within a process resemble one another and count as one.

        Args:
            value: the statistic of all samples.
            drift: standard deviation of the logarithm of the machine's speed between runs.
        """
        deviation = math.sqrt(2 * self.variance / self.processes + 2 * drift**2)
        factor = float(np.exp(_quantile(self.processes - 1) * deviation))  # infinite where it is too large
        return value / factor, value * factor


@functools.cache  # scipy takes longer for it than all else here
def _quantile(degrees: int) -> float:
    return float(t.ppf(0.975, degrees))


@dataclass(frozen=True)
class Samples:
    """The samples of each process, at least one, all positive, and the statistic of all of them that counts."""

    processes: list[list[float]]
    statistic: Statistic

    @functools.cached_property
    def value(self) -> float:
        """The statistic of all samples."""
        return float(self.statistic(np.concatenate(self.processes)))

    @functools.cached_property
    def spread(self) -> Spread | None:
        """How far the statistic varies between processes; None of one alone."""
        of_each = np.log([self.statistic(process) for process in self.processes])  # (processes,)
        return Spread(float(of_each.var(ddof=1)), len(of_each)) if len(of_each) > 1 else None

    def estimate(self, drift: float = STEADY) -> Estimate:
        """The statistic with its interval; without the machine's `drift`, that between these processes alone."""
        return Estimate(self.value, self.spread.interval(self.value, drift) if self.spread else None)


def percentile(q: float) -> Statistic:
    """The statistic "percentile `q` of all samples", as `np.percentile` has it.

    That function takes longer to look at its arguments than to sort some hundred times, and a table asks for thousands.
    """

    def statistic(samples: Sequence[float]) -> float:
        ordered = np.sort(samples)
        place = q / 100 * (len(ordered) - 1)
        below = int(place)
        low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
        return float(low + (high - low) * (place - below))

    return statistic
