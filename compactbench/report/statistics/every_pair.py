"""What the test texts say of any two of many models, worked out for all pairs at once.

A hundred models are 4,950 pairs; one after the other they took seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compactbench.record import Record
from compactbench.report.statistics import seeds
from compactbench.report.statistics.score import Counts


@dataclass(frozen=True)
class PairCounts:
    """What the texts say of all pairs, by all seeds that both models have and then with each left out in turn.

    Several seeds count as that one test set which says as much as all of theirs: its variance is that of the mean over
    the seeds (`seeds.variances_of_means`). How much seeds differ is known from all, also where one is left out.

    Args:
        counts: of the model of a row against that of a column, arrays of shape (kept, models, models).
        known: whether a seed is left that both models have, with the same split, and of which it is known which texts
            were right; of the same shape.
    """

    counts: Counts
    known: np.ndarray


@dataclass(frozen=True)
class _Shares:
    """How two models answered the same texts, by seed: arrays of shape (seeds, models, models).

    Args:
        texts: how many both were asked; 0 where they were not asked the same.
        alone: the share that the model of the row alone got right.
        right: the share that it got right; from other seeds than its own with what its runtime changes.
    """

    texts: np.ndarray
    alone: np.ndarray
    right: np.ndarray


def pair_counts(runs: Sequence[Record]) -> PairCounts:
    """The counts of any two of `runs`, each in the first runtime of its record, paired as `seeds.paired` does."""
    shares = _shares(runs)
    shared = shares.texts > 0  # (seeds, models, models)
    counting = left_out(len(shared))
    kept = np.tensordot(counting, shared, 1)  # (kept, models, models), like all below

    def mean(of_each: np.ndarray) -> np.ndarray:
        return np.asarray(np.tensordot(counting, of_each, 1) / np.maximum(kept, 1))

    first, second = mean(shares.alone), mean(shares.alone.swapaxes(1, 2))
    texts, of_pair = np.maximum(mean(shares.texts), 1), first + second - (first - second) ** 2
    between = variances(shares.right - shares.right.swapaxes(1, 2), shared)
    overlap = np.array([seeds.overlap(run) for run in runs])[:, None]
    variance, degrees = seeds.variances_of_means(
        between, shared.sum(axis=0), of_pair / texts, overlap, np.maximum(kept, 1)
    )
    differ = of_pair > 0
    whole = np.where(differ, of_pair / np.where(differ, variance, 1), texts)
    beyond = np.maximum(0, between - (1 - overlap) * of_pair / texts)
    spread = np.where(differ, degrees, np.inf), np.where(differ, beyond, 0)
    return PairCounts(Counts(whole, first * whole, second * whole, *spread), kept > 0)


def _shares(runs: Sequence[Record]) -> _Shares:
    """A seed with another split counts as another seed; a further runtime may have been asked the first texts alone.

    What that changes from other seeds than the run's own is known as a share, and not text by text: the model that
    gains by it is taken to be right alone on so many more.
    """
    own = [(run.conditions.seed, run.data.fingerprint) for run in runs]
    changed = np.array([seeds.changed(run, run.runtimes[0], "accuracy") for run in runs])
    answers = [{(seed, split): right for seed, (split, right) in seeds.rights(run).items()} for run in runs]
    splits = sorted({split for of_run in answers for split in of_run})
    found = _Shares(*np.zeros((3, len(splits), len(runs), len(runs))))
    for number, split in enumerate(splits):
        of_split = [of_run.get(split, np.zeros(0, bool)) for of_run in answers]
        right, asked = np.zeros((2, len(runs), max(map(len, of_split))), np.float32)  # whole numbers to 2^24 are exact
        for row, marks in enumerate(of_split):
            right[row, : len(marks)], asked[row, : len(marks)] = marks, 1
        found.texts[number] = asked @ asked.T
        both = np.maximum(found.texts[number], 1)
        change = np.where([one == split for one in own], 0, changed)[:, None]
        gained = np.maximum(change - change.T, 0) * (found.texts[number] > 0)
        found.alone[number] = np.minimum((right @ (asked - right).T) / both + gained, 1)
        found.right[number] = (right @ asked.T) / both + change
    return found


def left_out(seeds: int) -> np.ndarray:
    """Which seeds count, 1 or 0: all, and then all but each in turn, shape (kept, seeds)."""
    return np.vstack([np.ones(seeds), 1 - np.eye(seeds)])


def variances(differences: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """The variance over the seeds that both have, of shape (models, models); 0 of one seed, and where none differ."""
    seeds_of = shared.sum(axis=0)
    of_first = np.take_along_axis(differences, shared.argmax(axis=0)[None], axis=0) if len(shared) else 0
    apart = np.where(shared, differences - of_first, 0)  # exactly 0 where all seeds say the same
    beside = np.where(shared, apart - apart.sum(axis=0) / np.maximum(seeds_of, 1), 0)
    return np.asarray((beside**2).sum(axis=0) / np.maximum(seeds_of - 1, 1))
