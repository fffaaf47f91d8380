"""The spread of a measured time: what another run of the same thing on the same machine may give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from compactbench.record import Interval

Statistic = Callable[..., Any]
"""A number of an array of samples, along its `axis` where one is given."""
RESAMPLES = 999
STEADY = (1.0,)
"""The drift of a machine of which nothing is known: none."""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; None where one process alone cannot tell it."""

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Samples:
    """The samples of each process, at least one, and the statistic of all of them that counts.

    Args:
        processes: as many samples in each as in the others.
        rate: the samples are rates, which a slow machine lowers, instead of times.
        drawn: each sample is of another text, of which there are more: the interval is over texts too.
    """

    processes: list[list[float]]
    statistic: Statistic
    rate: bool = False
    drawn: bool = False

    @property
    def value(self) -> float:
        """The statistic of all samples."""
        return float(self.statistic(np.concatenate(self.processes)))

    def estimate(self, drift: Sequence[float] = STEADY) -> Estimate:
        """The statistic with its interval; without the machine's `drift`, that between these processes alone."""
        several = len(self.processes) > 1
        interval = between_runs(self.processes, self.statistic, drift, self.rate, self.drawn) if several else None
        return Estimate(self.value, interval)


def percentile(q: float) -> Statistic:
    """The statistic "percentile `q` of all samples"."""
    return partial(np.percentile, q=q)


def between_runs(
    processes: list[list[float]],
    statistic: Statistic,
    drift: Sequence[float] = STEADY,
    rate: bool = False,
    drawn: bool = False,
) -> Interval:
    """The 95 % bootstrap interval of a statistic of all samples, over processes and over the states of the machine.

    Whole processes are drawn, not single calls: calls of one process resemble one another, so that drawing them one by
    one would feign a precision that the next process does not keep. With each draw goes one state of the machine,
    because another run minutes later meets another one (`noise.drift`).

    Args:
        processes: as in `Samples`, at least two of them.
        statistic: as in `Samples`.
        drift: how many times as long as usual the machine took in each of its runs.
        rate: as in `Samples`.
        drawn: as in `Samples`.
    """
    samples = np.array(processes)  # (processes, calls)
    states = np.repeat(drift, 2) if len(drift) == 1 else np.asarray(drift)  # scipy wants two of everything
    slowed, texts = np.divide if rate else np.multiply, np.random.default_rng(1)

    def drawn_and_slowed(numbers: np.ndarray, met: np.ndarray, axis: int) -> np.ndarray:
        found = samples[numbers.astype(int)]  # (resamples, processes, calls)
        if drawn:
            found = np.take_along_axis(found, texts.integers(found.shape[-1], size=found.shape), axis=-1)
        pooled = found.reshape(*numbers.shape[:-1], -1)  # (resamples, processes x calls)
        return slowed(statistic(pooled, axis=-1), met[..., 0])

    found = bootstrap(
        (np.arange(len(samples)), states),
        drawn_and_slowed,
        n_resamples=RESAMPLES,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)
