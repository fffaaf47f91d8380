"""The comparison of one pair of models by accuracy, worked out for itself: what is done for all pairs at once."""

import math
from statistics import fmean, variance

import numpy as np
from scipy.optimize import brentq
from scipy.stats import t

from compactbench.record import Record
from compactbench.report.statistics import seeds


def compared(one: Record, other: Record, error: float) -> tuple[float, float, float, float] | None:
    """Difference, lower and upper end of its interval, and the highest difference with a seed left out."""
    found = list(seeds.paired(one, other).values())
    kept = [_counts(some, found, seeds.overlap(one)) for some in seeds.each_left_out(found)]
    if not kept:
        return None
    ends = [_interval(*counts, error) for counts in kept]
    differences = [(first - second) / texts for texts, first, second, _ in kept]
    return differences[0], min(low for low, _ in ends), max(high for _, high in ends), max(differences)


def _counts(kept, found, overlap: float) -> tuple[float, float, float, float]:
    """Texts, those that the first alone got right, those of the second alone, and degrees of freedom."""
    first, second = (fmean(np.mean(pair[n] & ~pair[1 - n]) for pair in kept) for n in (0, 1))
    texts, of_pair = fmean(len(right) for right, _ in kept), first + second - (first - second) ** 2
    if not of_pair:
        return texts, 0, 0, math.inf
    whole, degrees = of_pair / texts, math.inf
    if len(found) > 1:
        between = variance(float(right.mean() - others.mean()) for right, others in found) / len(kept)
        whole = between + overlap * whole
        degrees = (len(found) - 1) * (whole / between) ** 2 if between else math.inf
    texts = of_pair / whole
    return texts, first * texts, second * texts, degrees


def _interval(texts: float, first: float, second: float, degrees: float, error: float) -> tuple[float, float]:
    z = float(t.isf(error, degrees))
    return _lower(texts, first, second, z), -_lower(texts, second, first, z)


def _lower(n: float, one: float, other: float, z: float) -> float:
    """Where the score of Tango's interval is the quantile."""

    def excess(difference: float) -> float:
        half = (2 * n - one + other) * difference - one - other
        root = math.sqrt(half**2 + 8 * n * other * difference * (1 - difference))
        spread = max(0.0, (root - half) / (2 * n) + difference * (1 - difference))
        return one - other - n * difference - z * math.sqrt(n * spread)

    return float(brentq(excess, -1.0, (one - other) / n - 1e-12, xtol=1e-15))
