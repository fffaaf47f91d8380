"""Which of two models classifies better, as far as the test texts that both were asked can tell.

Every claim of the report that one is better, worse or as good as another comes from here, and none rests on one seed of
several: it must hold with each of them left out in turn.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.stats import norm, t

from compactbench.record import FailedRecord, Interval, Record, RuntimeResult
from compactbench.report.statistics import seeds
from compactbench.report.statistics.every_pair import PairCounts, pair_counts
from compactbench.report.statistics.learned import undertrained
from compactbench.report.statistics.macro_f1 import macro_f1_deviation
from compactbench.report.statistics.once import Same, once
from compactbench.report.statistics.score import Counts, quantiles, with_seeds

MARGIN = 0.01
"""A model may be so much less accurate than the most accurate one and still be recommended for its speed, a share."""
ERROR = 0.05
"""How often any bound of the comparisons with one model may be wrong, all of them together."""
Verdict = Literal["tied", "better", "worse", "unclear"]


@dataclass(frozen=True)
class Comparison:
    """How far the quality of one model is above that of another, as a share.

    Args:
        difference: as observed.
        interval: its 90 % interval, simultaneous with those of the comparisons beside it: each end is a one-sided
            bound of 95 %, the outermost of that of all seeds and those with each seed left out in turn.
        margin: the difference that is taken for none.
        texts_needed: how many test texts would show that it is not worse by more than the margin if both are equal.
        highest: the highest difference that is observed with all seeds or with one left out.
        seeds_needed: how many seeds that takes beside the texts; 1 where they are not shown to differ.
    """

    difference: float
    interval: Interval
    margin: float
    texts_needed: int
    highest: float
    seeds_needed: int = 1

    @property
    def not_inferior(self) -> bool:
        """Whether it is shown not to be worse by more than the margin."""
        return self.interval[0] > -self.margin

    @property
    def undecided(self) -> bool:
        """Whether it may be worse by more than the margin, and may as well be equal."""
        return not self.not_inferior and self.interval[1] >= 0

    @property
    def verdict(self) -> Verdict:
        """What is shown: a difference below the margin (two one-sided tests), the direction of one, or neither."""
        low, high = self.interval
        if -self.margin < low and high < self.margin:
            return "tied"
        return "better" if low > 0 else "worse" if high < 0 else "unclear"


@dataclass(frozen=True)
class Pairs:
    """The models of one suite on one machine, any two of which can be held against one another.

    Args:
        records: the run of each model of known accuracy, in the first runtime of its record.
        margin: as in `Comparison`.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    margin: float = MARGIN

    @property
    def error(self) -> float:
        """How often either end of one interval may be wrong."""
        return ERROR / max(len(self.records) - 1, 1)

    @functools.cached_property
    def _numbered(self) -> dict[str, int]:
        return {model: number for number, model in enumerate(self.records)}

    @functools.cached_property
    def _every(self) -> "EveryPair":
        return EveryPair(list(self.records.values()), self.margin, self.error)

    def compare(self, one: str, other: str) -> Comparison | None:
        """The model `one` against `other`; None where they were not asked the same texts, or nobody knows which."""
        if one not in self.records or other not in self.records:
            return None
        return self._every.compare(self._numbered[one], self._numbered[other])

    def tied(self, one: str, other: str) -> bool:
        """Whether they are shown to differ by less than the margin."""
        found = self.compare(one, other)
        return found is not None and found.verdict == "tied"


NONE = Pairs()


@dataclass(frozen=True)
class EveryPair:
    """Runs of one suite on one machine, also of one model in several runtimes, any two of which are compared.

    Args:
        runs: each in the first runtime of its record.
        margin: as in `Comparison`.
        error: how often either end of one interval may be wrong.
    """

    runs: Sequence[Record]
    margin: float
    error: float

    def compare(self, one: int, other: int) -> Comparison | None:
        """The run of one number against that of the other; None where they cannot be compared."""
        first, second = self.runs[one], self.runs[other]
        if first.data.unbalanced:
            return _in_macro_f1(first, second, self.margin, self.error)
        return self._accuracies.comparison((one, other), self.margin)

    @functools.cached_property
    def _accuracies(self) -> "_InAccuracy":
        return _every_accuracy(Same(self.runs), self.error)


def pairs(records: Sequence[Record | FailedRecord], margin: float = MARGIN) -> Pairs:
    """The runs of one suite on one machine that can be compared: neither with random weights nor undertrained."""
    finished = [record for record in records if isinstance(record, Record) and record.weights != "random"]
    able = [record for record in finished if record.runtimes[0].quality and not undertrained(record)]
    return Pairs({record.model: record for record in able}, margin)


@once
def against_trained(record: Record, result: RuntimeResult, margin: float = MARGIN) -> Comparison | None:
    """A model in another runtime against the model as trained, by accuracy; None where nothing can be said."""
    own, trained = result.quality, record.trained.quality
    if record.weights == "random" or result is record.trained or not (own and trained and own.right and trained.right):
        return None
    further = [one for one in record.runtimes if one is not record.trained and one.quality]
    both = list(zip(own.right, trained.right, strict=False))  # it may have been asked the first texts alone
    counts = [[len(both)], [both.count(("1", "0"))], [both.count(("0", "1"))], [math.inf], [0.0]]
    one = PairCounts(Counts(*map(np.array, counts)), np.array([True]))
    return _InAccuracy.of(one, ERROR / len(further)).comparison((), margin)


@dataclass(frozen=True)
class _InAccuracy:
    """What pairs of models say by accuracy.

    Args:
        pairs: by all seeds and then with each left out, arrays of shape (kept, ...).
        error: how often either end of an interval may be wrong.
        low: the lower end of the outermost interval, so that each of them shows what it shows, of shape (...).
        high: its upper end.
        highest: the highest difference.
    """

    pairs: PairCounts
    error: float
    low: np.ndarray
    high: np.ndarray
    highest: np.ndarray

    @classmethod
    def of(cls, pairs: PairCounts, error: float) -> "_InAccuracy":
        """Judged with that `error`."""
        known, counts = pairs.known, pairs.counts
        low, high = counts.interval(error)
        outermost = np.where(known, low, np.inf).min(axis=0), np.where(known, high, -np.inf).max(axis=0)
        return cls(pairs, error, *outermost, np.where(known, counts.difference, -np.inf).max(axis=0))

    def comparison(self, place: tuple[int, ...], margin: float) -> Comparison | None:
        """The pair at that place; None where nothing is known of it."""
        of_all = (0, *place)
        if not self.pairs.known[of_all]:
            return None
        counts = self.pairs.counts.at(of_all)
        interval, highest = (float(self.low[place]), float(self.high[place])), float(self.highest[place])
        texts, of_seeds = counts.needed(margin, self.error)
        return Comparison(float(counts.difference), interval, margin, texts, highest, of_seeds)


@functools.lru_cache(maxsize=16)  # a page asks for the groups that it shows again and again
def _every_accuracy(runs: Same, error: float) -> _InAccuracy:
    return _InAccuracy.of(pair_counts(runs), error)


def _in_macro_f1(one: Record, other: Record, margin: float, error: float) -> Comparison | None:
    """Likewise by macro F1, no mean over texts: by its standard deviation over drawn texts and over seeds."""
    first, second = seeds.macro_f1(one), seeds.macro_f1(other)
    differences = [first[key] - second[key] for key in first.keys() & second.keys()]
    of_texts = _macro_f1_deviation(one, other)
    if not differences or of_texts is None:
        return None
    means, intervals = [], []
    for kept in seeds.each_left_out(differences):
        variance, degrees = seeds.mean_variance(differences, of_texts**2, seeds.overlap(one), len(kept))
        mean, half = float(np.mean(kept)), float(t.isf(error, degrees)) * math.sqrt(variance)
        means.append(mean)
        intervals.append((mean - half, mean + half))
    outermost = min(low for low, _ in intervals), max(high for _, high in intervals)
    alike = math.ceil(sum(one.data.test_counts) * (sum(quantiles(error)) * of_texts / margin) ** 2)
    between = seeds.beyond_texts(differences, of_texts**2, seeds.overlap(one))
    texts, of_seeds = with_seeds(alike, between, margin, error)
    return Comparison(means[0], outermost, margin, texts, max(means), of_seeds)


def _macro_f1_deviation(one: Record, other: Record) -> float | None:
    """The standard deviation, by the choice of test texts, of the difference of two macro F1 from the run's own seed.

    Where records do not tell the classes that were given, the intervals of both stand for it, as if the texts of one
    were not those of the other: on the wide side.
    """
    first, second = one.runtimes[0].quality, other.runtimes[0].quality
    if not first or not second:
        return None
    if one.data.test_labels and first.predicted and second.predicted:
        return macro_f1_deviation(one.data.test_labels, first.predicted, second.predicted, len(one.data.classes))
    if not first.macro_f1_interval or not second.macro_f1_interval:
        return None
    halves = [(high - low) / 2 for low, high in (first.macro_f1_interval, second.macro_f1_interval)]
    return math.hypot(*halves) / float(norm.isf(0.025))
