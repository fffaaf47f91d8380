"""What several seeds say together: each has a split, initial weights and an order of batches of its own.

Both the choice of texts and the seed move an accuracy (Bouthillier et al., 2021, "Accounting for Variance in Machine
Learning Benchmarks", arXiv 2103.03098), so an interval has two levels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, variance
from typing import Literal, TypeVar

import numpy as np
from scipy.stats import norm, t

from compactbench.record import Interval, Quality, Record, Repeat, RuntimeResult, signs
from compactbench.report.statistics.intervals import Estimate
from compactbench.report.statistics.once import once
from compactbench.report.statistics.score import Numbers

OfSeed = TypeVar("OfSeed")
Measure = Literal["accuracy", "macro_f1"]
UPPER = 0.975
"""The quantile at which a 95 % interval ends."""
NORMAL = float(norm.ppf(UPPER))


@dataclass(frozen=True)
class Superiority:
    """How often one model is more accurate than another from the same seed.

    Args:
        probability: that it is; a tie counts half.
        interval: its 95 % interval.
        seeds: as many pairs were compared.
    """

    probability: float
    interval: Interval
    seeds: int


def over_seeds(record: Record, result: RuntimeResult, measure: Measure) -> Estimate | None:
    """The mean of a measure over the seeds, with its two-level interval; None where the texts were not classified."""
    if result.quality is None:
        return None
    own, trained, repeats = result.quality, _as_trained(record), of_all_labels(record)
    value, interval = getattr(own, measure), getattr(own, f"{measure}_interval")
    if not repeats or trained is None or interval is None:
        return Estimate(value, interval)
    change = changed(record, result, measure)
    found = [getattr(one, measure) + change for one in (trained, *repeats)]
    mean = min(1.0, max(0.0, fmean(found)))
    of_texts = ((interval[1] - interval[0]) / 2 / NORMAL) ** 2
    if measure == "accuracy":
        of_texts = mean * (1 - mean) / sum(record.data.test_counts)
    return Estimate(mean, two_level(found, of_texts, overlap(record)) if of_texts else interval)


def changed(record: Record, result: RuntimeResult, measure: Measure) -> float:
    """How much higher a measure is in a further runtime than as trained; 0 where that is not known.

    That runtime answered for the run's own seed alone. From the others it is taken to be as much better or worse.
    """
    own, trained = result.quality, _as_trained(record)
    if own is None or trained is None or own is trained:
        return 0.0
    if measure == "accuracy" and own.right and trained.right:  # it may have been asked the first texts alone
        return own.accuracy - fmean(map(int, trained.right[: len(own.right)]))
    return float(getattr(own, measure) - getattr(trained, measure))


def overlap(record: Record) -> float:
    """The share of the test texts of one seed that any other has, too; 1 where all have the same."""
    texts, split = sum(record.data.test_counts), record.data.fingerprint
    same = all(one.split in (None, split) for one in of_all_labels(record))
    return 1.0 if same else texts / (texts + sum(record.data.train_counts))


def two_level(found: Sequence[float], of_texts: float, overlap: float) -> Interval:
    """The 95 % interval of the mean of a share over seeds, for other seeds and other texts of the same kind.

    The ends are Wilson's for as many texts as would have the variance of `mean_variance`, as Korn and Graubard (1998)
    do, so that they stay right near 1.

    Args:
        found: the share from each of two seeds or more.
        of_texts: the variance of one of them by the choice of its test texts, above 0.
        overlap: as `overlap` gives it.
    """
    mean, (whole, degrees) = min(1.0, max(0.0, fmean(found))), mean_variance(found, of_texts, overlap)
    return _wilson(mean, mean * (1 - mean) / whole, float(t.ppf(UPPER, degrees)))


def each_left_out(found: Sequence[OfSeed]) -> list[tuple[OfSeed, ...]]:
    """What all seeds gave, and then what all but one gave, each left out in turn; of one seed that alone."""
    return [kept for count in (len(found), len(found) - 1) if count > 0 for kept in combinations(found, count)]


def mean_variance(
    found: Sequence[float], of_texts: float, overlap: float, count: int | None = None
) -> tuple[float, float]:
    """The variance of a mean over seeds, for other seeds and other texts of the same kind, and its degrees of freedom.

    It is S^2 / k + overlap * V for k seeds. S^2 is the variance between the seeds, which holds all that
    differs between them; what their test texts share cannot show in it, and is that of a share of the texts of one seed
    (Nadeau and Bengio, 2003, "Inference for the Generalization Error", put a multiple of S^2 in its place). It errs on
    the wide side where a model's answer to a text changes with the seed, since both parts then hold that. The degrees
    of freedom are Satterthwaite's (1946). Of one seed alone the variance is V.

    Args:
        found: what is averaged, from each seed.
        of_texts: V, the variance of one of them by the choice of its test texts, above 0.
        overlap: as `overlap` gives it.
        count: k, where the mean is over fewer seeds than tell S^2.
    """
    between = variance(found) if len(found) > 1 else 0.0
    whole, degrees = variances_of_means(between, len(found), of_texts, overlap, count or len(found))
    return float(whole), float(degrees)


def variances_of_means(
    between: Numbers, seeds: Numbers, of_texts: Numbers, overlap: Numbers, count: Numbers
) -> tuple[Numbers, Numbers]:
    """The same as `mean_variance`, for many means at once: numbers, or arrays that fit one another.

    Args:
        between: S^2, the variance between seeds; 0 of one alone.
        seeds: from how many it is known.
        of_texts: V.
        overlap: as `overlap` gives it.
        count: k.
    """
    whole = np.where(np.greater(seeds, 1), between / count + overlap * of_texts, of_texts)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = (seeds - 1) * (whole / (between / count)) ** 2
    return whole, np.where(np.greater(between, 0), degrees, math.inf)


def beyond_texts(found: Sequence[float], of_texts: float, overlap: float) -> float:
    """The variance between seeds that their test texts do not explain; see `mean_variance` for the arguments."""
    return max(0.0, variance(found) - (1 - overlap) * of_texts) if len(found) > 1 else 0.0


def paired(one: Record, other: Record) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Whether each test text was classified right by `one` and by `other`, for each seed that both have.

    Two boolean arrays of shape (texts,), of the same texts in the same order. A record has its first runtime's answers
    from the run's own seed, and those as trained from others, which `changed` goes with. A seed of which the texts are
    not known to be the same is left out.
    """
    first, second = rights(one), rights(other)
    found = {}
    for seed in first.keys() & second.keys():
        (split, right), (others_split, others) = first[seed], second[seed]
        if split == others_split:
            both = min(len(right), len(others))  # a further runtime may have been asked the first texts alone
            found[seed] = right[:both], others[:both]
    return dict(sorted(found.items()))


def superiority(one: Record, other: Record) -> Superiority | None:
    """The probability that `one` is more accurate than `other` from the same seed; None without a seed that both have.

    The share of seeds (Bouthillier et al., 2021, section 5), with Wilson's interval: of few pairs their bootstrap gives
    an interval of no width when all are for the same model.
    """
    ahead = [right.mean() - others.mean() for right, others in paired(one, other).values()]
    if not ahead:
        return None
    won = fmean((np.sign(ahead) + 1) / 2)
    return Superiority(won, _wilson(won, len(ahead), NORMAL), len(ahead))


def of_all_labels(record: Record) -> list[Repeat]:
    """The fine-tunes from further seeds with all training texts."""
    texts = sum(record.data.train_counts)
    return [one for one in record.repeats if one.labels == texts]


def macro_f1(record: Record) -> dict[tuple[int, str | None], float]:
    """The macro F1 of the first runtime from each seed and its split."""
    own, change = record.runtimes[0].quality, changed(record, record.runtimes[0], "macro_f1")
    found = {(one.seed, one.split): one.macro_f1 + change for one in of_all_labels(record)}
    return found | ({(record.conditions.seed, record.data.fingerprint): own.macro_f1} if own else {})


def _as_trained(record: Record) -> Quality | None:
    """The quality in the runtime that the model was trained with, which another may stand before; no other agrees."""
    return next((one.quality for one in record.runtimes if one.quality and one.agreement is None), None)


@once
def rights(record: Record) -> dict[int, tuple[str, np.ndarray]]:
    """By seed, the hash of its split, and whether each of its test texts was classified right, shape (texts,)."""
    own, quality = record.data.fingerprint, record.runtimes[0].quality
    found = {record.conditions.seed: (own, quality.right)} if quality and quality.right else {}
    for one in of_all_labels(record):
        true = record.data.test_labels if one.split == own else one.true
        if one.split and one.predicted and true:
            found[one.seed] = one.split, signs(true, one.predicted)
    return {seed: (split, np.array(list(right)) == "1") for seed, (split, right) in found.items()}


def _wilson(share: float, trials: float, quantile: float) -> Interval:
    """The score interval of a share (Wilson, 1927), of a number of trials that need not be whole."""
    spread = quantile**2 / trials
    middle, half = share + spread / 2, quantile * math.sqrt(share * (1 - share) / trials + spread / trials / 4)
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)
