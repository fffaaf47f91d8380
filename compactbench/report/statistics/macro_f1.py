"""How far the macro F1 of any two of many models are apart, by the choice of test texts and by the seeds.

Every model meets the same drawn texts, so a hundred models are scored a hundred times, and not once a pair.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from compactbench.record import Record, parted
from compactbench.report.statistics import seeds
from compactbench.report.statistics.every_pair import left_out, variances

RESAMPLES = 999


@dataclass(frozen=True)
class Differences:
    """How far the macro F1 of the model of a row is above that of a column.

    Args:
        mean: over all seeds that both have, and then with each left out in turn, shape (kept, models, models).
        variance: of these means, of the same shape.
        degrees: of freedom of that, of the same shape.
        known: whether a seed is left, and it is known how far the choice of texts moves them; of the same shape.
        of_texts: the standard deviation by that choice, shape (models, models).
        between: the variance between seeds that the texts do not explain, of the same shape.
    """

    mean: np.ndarray
    variance: np.ndarray
    degrees: np.ndarray
    known: np.ndarray
    of_texts: np.ndarray
    between: np.ndarray


def differences(runs: Sequence[Record]) -> Differences:
    """Those of any two of `runs`, each in the first runtime of its record, as `seeds.mean_variance` has them."""
    scores = [seeds.macro_f1(run) for run in runs]
    keys = sorted({key for found in scores for key in found}, key=repr)
    has = np.array([[key in found for found in scores] for key in keys], bool).reshape(len(keys), len(runs))
    score = np.array([[found.get(key, 0.0) for found in scores] for key in keys]).reshape(has.shape)
    shared = has[:, :, None] & has[:, None, :]  # (seeds, models, models)
    apart = np.where(shared, score[:, :, None] - score[:, None, :], 0)
    kept = np.tensordot(left_out(len(keys)), shared, 1)  # (kept, models, models)
    of_texts = deviations(runs)
    overlap = np.array([seeds.overlap(run) for run in runs])[:, None]
    between, count = variances(apart, shared), np.maximum(kept, 1)
    variance, degrees = seeds.variances_of_means(between, shared.sum(axis=0), of_texts**2, overlap, count)
    return Differences(
        np.tensordot(left_out(len(keys)), apart, 1) / count,
        np.asarray(variance),
        np.asarray(degrees),
        (kept > 0) & ~np.isnan(of_texts),
        of_texts,
        np.maximum(0, between - (1 - overlap) * of_texts**2) * (between > 0),
    )


def deviations(runs: Sequence[Record]) -> np.ndarray:
    """The standard deviation, by the choice of test texts, of the difference of the macro F1 from the runs' own seeds.

    Where records do not tell the classes that were given, the intervals of both stand for it, as if the texts of one
    were not those of the other: on the wide side. NaN where there are none.

    Returns:
        Shape (models, models).
    """
    halves = np.array([_half(run) for run in runs])
    found = np.hypot(halves[:, None], halves) / float(norm.isf(0.025))
    asked = np.array([_asked(run) for run in runs])
    both = np.minimum(asked[:, None], asked)  # a further runtime may have been asked the first texts alone
    for texts in set(both[both > 0].tolist()):
        able = np.flatnonzero(asked >= texts).tolist()
        drawn = np.array([_of_run(runs[one], texts) for one in able])  # (models, draws)
        spread = np.array([(drawn - one).std(axis=1, ddof=1) for one in drawn])
        place = np.ix_(able, able)
        found[place] = np.where(both[place] == texts, spread, found[place])
    return found


def _half(run: Record) -> float:
    """Half of the interval of its macro F1; NaN where there is none."""
    quality = run.runtimes[0].quality
    low, high = quality.macro_f1_interval if quality and quality.macro_f1_interval else (math.nan, math.nan)
    return (high - low) / 2


def _asked(run: Record) -> int:
    """The texts of which it is told which class they have and which was given; 0 where that is of none."""
    quality = run.runtimes[0].quality
    if not quality or not quality.predicted or not run.data.test_labels:
        return 0
    return 1 + min(numbers.count(" ") for numbers in (quality.predicted, run.data.test_labels))


def _of_run(run: Record, texts: int) -> np.ndarray:
    quality = run.runtimes[0].quality
    assert quality and quality.predicted and run.data.test_labels
    return drawn_macro_f1(run.data.test_labels, quality.predicted, texts, len(run.data.classes))


@functools.lru_cache(maxsize=4096)
def drawn_macro_f1(true: str, given: str, texts: int, classes: int) -> np.ndarray:
    """The macro F1 of one model on each draw of the first `texts`, shape (draws,).

    Args:
        true: the class of each text; like the other `Numbers` of a record.
        given: the class that the model gave.
        texts: so many of the first ones count.
        classes: number of classes.
    """
    of_class = np.eye(classes, dtype=np.float32)
    first, second = (of_class[parted(numbers)[:texts]] for numbers in (true, given))  # (texts, classes) each
    right, both = (_drawn(texts) @ counted for counted in (first * second, first + second))  # (draws, classes) each
    return np.asarray(np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0).mean(axis=1, dtype=float))


@functools.lru_cache(maxsize=1)
def _drawn(texts: int) -> np.ndarray:
    """How often each draw holds each text, shape (draws, texts); such whole numbers are exact in 32 bits."""
    draws = np.random.default_rng(0).integers(texts, size=(RESAMPLES, texts))
    return np.stack([np.bincount(draw, minlength=texts) for draw in draws]).astype(np.float32)
