"""The spread of a measured time: what another run of the same thing on the same machine may give."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

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


@dataclass(frozen=True)
class Samples:
    """The samples of each process, at least one, all positive, and the statistic of all of them that counts."""

    processes: list[list[float]]
    statistic: Statistic

    @property
    def value(self) -> float:
        """The statistic of all samples."""
        return float(self.statistic(np.concatenate(self.processes)))

    def estimate(self, drift: float = STEADY) -> Estimate:
        """The statistic with its interval; without the machine's `drift`, that between these processes alone."""
        several = len(self.processes) > 1
        return Estimate(self.value, of_next_run(self, drift) if several else None)


def percentile(q: float) -> Statistic:
    """The statistic "percentile `q` of all samples"."""
    return partial(np.percentile, q=q)


def of_next_run(samples: Samples, drift: float = STEADY) -> Interval:
    """The 95 % prediction interval of what another run, of as many processes, gives for the same statistic.

    Times vary by factors, so all is reckoned in logarithms. Two runs of k processes differ by the spread s between
    processes, with variance 2 s^2 / k, and by the state in which each met the machine, with variance 2 drift^2
    (`noise.drift`); t of k - 1 degrees of freedom allows for a spread that is known from few processes (Hahn and
    Meeker, 1991, Statistical Intervals, 4.8). Calls within a process resemble one another and count as one.

    Args:
        samples: of at least two processes.
        drift: standard deviation of the logarithm of the machine's speed between runs.
    """
    of_each = np.log([samples.statistic(process) for process in samples.processes])  # (processes,)
    processes = len(of_each)
    deviation = np.sqrt(2 * of_each.var(ddof=1) / processes + 2 * drift**2)
    factor = float(np.exp(t.ppf(0.975, processes - 1) * deviation))
    return samples.value / factor, samples.value * factor
