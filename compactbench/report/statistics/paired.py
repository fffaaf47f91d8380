"""Which of two models classifies better, as far as the test texts that both were asked can tell.

Every claim of the report that one is better, worse or as good as another comes from here, and none rests on one seed of
several: it must hold with each of them left out in turn.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
from scipy.stats import t

from compactbench.record import FailedRecord, Interval, Record, RuntimeResult
from compactbench.report.statistics.every_pair import PairCounts, pair_counts
from compactbench.report.statistics.learned import undertrained
from compactbench.report.statistics.macro_f1 import differences
from compactbench.report.statistics.once import Same, once
from compactbench.report.statistics.score import Counts, Numbers, quantiles, with_seeds

MARGIN = 0.01
"""A model may be so much less accurate than the most accurate one and still be recommended for its speed, a share."""
ERROR = 0.05
"""How often any bound of the comparisons with one model may be wrong, all of them together."""
Needed = Callable[[tuple[int, ...], float], tuple[int, int]]
"""How many texts and seeds would show what `Counts.needed` says, of the pair at a place and with a margin."""
Verdict = Literal["tied", "better", "worse", "unclear"]


Answer = bool | np.ndarray
"""Yes or no, or one for each pair of classifiers."""


@dataclass(frozen=True)
class Shown:
    """What is shown of one model against another, or of many pairs of them at once: answers, or arrays of one shape.

    Args:
        not_inferior: that it is not worse by more than the margin.
        leads: that it has the higher quality, with all seeds or with one left out.
        undecided: that it may be worse by more than the margin, and may as well be equal.
        tied: that the difference is below the margin.
    """

    not_inferior: Answer
    leads: Answer
    undecided: Answer
    tied: Answer

    @classmethod
    def by(cls, low: Numbers, high: Numbers, highest: Numbers, margin: float) -> "Shown":
        """By the ends of the interval and the highest difference."""
        not_inferior = low > -margin
        return cls(not_inferior, highest > 0, (low <= -margin) & (high >= 0), not_inferior & (high < margin))


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
    def shown(self) -> "Shown":
        """What its interval shows."""
        return Shown.by(*self.interval, self.highest, self.margin)

    @property
    def not_inferior(self) -> bool:
        """Whether it is shown not to be worse by more than the margin."""
        return bool(self.shown.not_inferior)

    @property
    def undecided(self) -> bool:
        """Whether it may be worse by more than the margin, and may as well be equal."""
        return bool(self.shown.undecided)

    @property
    def verdict(self) -> Verdict:
        """What is shown: a difference below the margin (two one-sided tests), the direction of one, or neither."""
        low, high = self.interval
        if self.shown.tied:
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
        return self._judged.comparison((one, other), self.margin)

    @property
    def shown(self) -> Shown:
        """The same of all at once, arrays of shape (runs, runs); nothing of two that cannot be compared."""
        return self._judged.shown(self.margin)

    @functools.cached_property
    def _judged(self) -> "_Judged":
        return _judged(Same(self.runs), self.error)


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
    return _by_accuracy(one, ERROR / len(further)).comparison((), margin)


@dataclass(frozen=True)
class _Judged:
    """What pairs of models say, arrays of shape (...): by all seeds, and at the outermost with each left out.

    Args:
        known: whether they say anything.
        difference: that of all seeds.
        low: the lower end of the outermost interval, so that each of them shows what it shows.
        high: its upper end.
        highest: the highest difference.
        needed: how many texts and seeds a decision would take.
    """

    known: np.ndarray
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    highest: np.ndarray
    needed: Needed

    @classmethod
    def of(cls, known: np.ndarray, mean: Numbers, low: Numbers, high: Numbers, needed: Needed) -> "_Judged":
        """Of what all seeds say, and then those that are left, arrays of shape (kept, ...)."""
        mean = np.asarray(mean)
        ends = np.where(known, low, np.inf).min(axis=0), np.where(known, high, -np.inf).max(axis=0)
        return cls(known[0], mean[0], *ends, np.where(known, mean, -np.inf).max(axis=0), needed)

    def comparison(self, place: tuple[int, ...], margin: float) -> Comparison | None:
        """The pair at that place; None where nothing is known of it."""
        if not self.known[place]:
            return None
        difference, low, high, highest = (
            float(one[place]) for one in (self.difference, self.low, self.high, self.highest)
        )
        texts, of_seeds = self.needed(place, margin)
        return Comparison(difference, (low, high), margin, texts, highest, of_seeds)

    def shown(self, margin: float) -> Shown:
        """What is shown of all pairs; nothing where nothing is known."""
        found = Shown.by(self.low, self.high, self.highest, margin)
        return Shown(*(self.known & getattr(found, one.name) for one in fields(Shown)))


@functools.lru_cache(maxsize=16)  # a page asks for the groups that it shows again and again
def _judged(runs: Same, error: float) -> _Judged:
    """Judged by what decides on their data, with that `error` of either end."""
    return _by_macro_f1(runs, error) if runs[0].data.unbalanced else _by_accuracy(pair_counts(runs), error)


def _by_accuracy(pairs: PairCounts, error: float) -> _Judged:
    """Of counts by all seeds and then with each left out."""

    def needed(place: tuple[int, ...], margin: float) -> tuple[int, int]:
        return pairs.counts.at((0, *place)).needed(margin, error)

    low, high = pairs.counts.interval(error)
    return _Judged.of(pairs.known, pairs.counts.difference, low, high, needed)


def _by_macro_f1(runs: Sequence[Record], error: float) -> _Judged:
    """No mean over texts: by its standard deviation over drawn texts and over seeds."""
    found, texts = differences(runs), sum(runs[0].data.test_counts)

    def needed(place: tuple[int, ...], margin: float) -> tuple[int, int]:
        alike = math.ceil(texts * (sum(quantiles(error)) * float(found.of_texts[place]) / margin) ** 2)
        return with_seeds(alike, float(found.between[place]), margin, error)

    half = t.isf(error, found.degrees) * np.sqrt(found.variance)
    return _Judged.of(found.known, found.mean, found.mean - half, found.mean + half, needed)
