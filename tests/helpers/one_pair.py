"""The comparison of one pair of models, worked out for itself: what is done for all pairs at once."""

import math
from statistics import fmean, variance

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

from compactbench.record import Record
from compactbench.report.statistics import seeds
from compactbench.report.statistics.macro_f1 import drawn_macro_f1


def compared(one: Record, other: Record, error: float) -> tuple[float, float, float, float] | None:
    """Difference, lower and upper end of its interval, and the highest difference with a seed left out."""
    return (_by_macro_f1 if one.data.unbalanced else _by_accuracy)(one, other, error)


def _by_accuracy(one: Record, other: Record, error: float) -> tuple[float, float, float, float] | None:
    found = [(*pair, change(one, seed) - change(other, seed)) for seed, pair in seeds.paired(one, other).items()]
    kept = [_counts(some, found, seeds.overlap(one)) for some in seeds.each_left_out(found)]
    if not kept:
        return None
    ends = [_interval(*counts, error) for counts in kept]
    differences = [(first - second) / texts for texts, first, second, _ in kept]
    return differences[0], min(low for low, _ in ends), max(high for _, high in ends), max(differences)


def change(record: Record, seed: int) -> float:
    """What the first runtime changes from another seed than the run's own, on which alone it answered."""
    trained = next(one for one in record.runtimes if one.agreement is None)
    first = record.runtimes[0]
    if first is trained or seed == record.conditions.seed:
        return 0.0
    pairs = list(zip(first.quality.right, trained.quality.right, strict=False))
    return (pairs.count(("1", "0")) - pairs.count(("0", "1"))) / len(pairs)


def _counts(kept, found, overlap: float) -> tuple[float, float, float, float]:
    """Texts, those that the first alone got right, those of the second alone, and degrees of freedom."""
    first = fmean(np.mean(right & ~others) + max(0, gained) for right, others, gained in kept)
    second = fmean(np.mean(others & ~right) + max(0, -gained) for right, others, gained in kept)
    texts, of_pair = fmean(len(right) for right, *_ in kept), first + second - (first - second) ** 2
    if not of_pair:
        return texts, 0, 0, math.inf
    whole, degrees = of_pair / texts, math.inf
    if len(found) > 1:
        between = variance(float(right.mean() - others.mean() + gained) for right, others, gained in found) / len(kept)
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


def _by_macro_f1(one: Record, other: Record, error: float) -> tuple[float, float, float, float] | None:
    first, second, of_texts = seeds.macro_f1(one), seeds.macro_f1(other), _deviation(one, other)
    found = [first[key] - second[key] for key in first.keys() & second.keys()]
    if not found or of_texts is None:
        return None
    means, lows, highs = [], [], []
    for kept in seeds.each_left_out(found):
        whole, degrees = seeds.mean_variance(found, of_texts**2, seeds.overlap(one), len(kept))
        half = float(t.isf(error, degrees)) * math.sqrt(whole)
        means, lows, highs = [*means, fmean(kept)], [*lows, fmean(kept) - half], [*highs, fmean(kept) + half]
    return means[0], min(lows), max(highs), max(means)


def _deviation(one: Record, other: Record) -> float | None:
    first, second = one.runtimes[0].quality, other.runtimes[0].quality
    if one.data.test_labels and first.predicted and second.predicted:
        texts = min(len(given.split()) for given in (one.data.test_labels, first.predicted, second.predicted))
        drawn = [
            drawn_macro_f1(one.data.test_labels, given, texts, len(one.data.classes))
            for given in (first.predicted, second.predicted)
        ]
        return float(np.std(drawn[0] - drawn[1], ddof=1))
    if not first.macro_f1_interval or not second.macro_f1_interval:
        return None
    halves = [(high - low) / 2 for low, high in (first.macro_f1_interval, second.macro_f1_interval)]
    return math.hypot(*halves) / float(norm.isf(0.025))
