"""The spread between processes: what another run of the same thing may give."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import bootstrap

Statistic = Callable[[np.ndarray], Any]
RESAMPLES = 999


def percentile(q: float) -> Statistic:
    """The statistic "percentile `q` of all samples"."""
    return lambda samples: np.percentile(samples, q)


def between_processes(processes: list[list[float]], statistic: Statistic) -> tuple[float, float]:
    """The 95 % bootstrap interval of a statistic of all samples, where whole processes are drawn, not single calls.

    Calls of one process resemble one another, so that drawing them one by one would feign a precision that the next
    process does not keep.

    Args:
        processes: the samples of each process, at least two of them.
        statistic: a number of an array of samples.
    """
    samples = [np.asarray(process) for process in processes]
    found = bootstrap(
        (np.arange(len(samples)),),
        lambda drawn: statistic(np.concatenate([samples[process] for process in drawn])),
        n_resamples=RESAMPLES,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)
