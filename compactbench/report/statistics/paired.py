"""Which of two models classifies better, as far as the test texts that both were asked can tell.

Every claim of the report that one is better, worse or as good as another comes from here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scipy.stats import norm

from compactbench.record import FailedRecord, Interval, Quality, Record, RuntimeResult
from compactbench.report.statistics.balance import unbalanced
from compactbench.report.statistics.score import POWER, Counts

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
            bound of 95 %.
        margin: the difference that is taken for none.
        texts_needed: how many test texts would show that it is not worse by more than the margin if both are equal.
    """

    difference: float
    interval: Interval
    margin: float
    texts_needed: int

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

    def compare(self, one: str, other: str) -> Comparison | None:
        """The model `one` against `other`; None where they were not asked the same texts, or nobody knows which."""
        if one not in self.records or other not in self.records:
            return None
        first, second = self.records[one], self.records[other]
        if (first.data.fingerprint, first.data.test_counts) != (second.data.fingerprint, second.data.test_counts):
            return None
        if unbalanced(first.data):
            return _in_macro_f1(first, second, self.margin, len(self.records) - 1)
        return _in_accuracy(paired(first, second), self.margin, len(self.records) - 1)

    def tied(self, one: str, other: str) -> bool:
        """Whether they are shown to differ by less than the margin."""
        found = self.compare(one, other)
        return found is not None and found.verdict == "tied"


NONE = Pairs()


def pairs(records: Sequence[Record | FailedRecord], margin: float = MARGIN) -> Pairs:
    """The runs of one suite on one machine that can be compared; those with random weights cannot."""
    finished = [record for record in records if isinstance(record, Record) and record.weights != "random"]
    return Pairs({record.model: record for record in finished if record.runtimes[0].quality}, margin)


def against_trained(record: Record, result: RuntimeResult, margin: float = MARGIN) -> Comparison | None:
    """A model in another runtime against the model as trained, by accuracy; None where nothing can be said."""
    if record.weights == "random" or result is record.trained:
        return None
    further = [one for one in record.runtimes if one is not record.trained and one.quality]
    return _in_accuracy(_counted(result.quality, record.trained.quality), margin, len(further))


def paired(one: Record, other: Record) -> Counts | None:
    """What the test texts say of two models; None where a record of the first version does not tell which were right.

    The one place that counts come from.
    """
    return _counted(one.runtimes[0].quality, other.runtimes[0].quality)


def _counted(one: Quality | None, other: Quality | None) -> Counts | None:
    if one is None or other is None or one.right is None or other.right is None:
        return None
    # A further runtime may have been asked the first texts alone.
    both = list(zip(one.right, other.right, strict=False))
    return Counts(len(both), both.count(("1", "0")), both.count(("0", "1")))


def _in_accuracy(counts: Counts | None, margin: float, comparisons: int) -> Comparison | None:
    """Judged by `counts`, one of so many comparisons, among which Bonferroni's correction shares the error."""
    if counts is None:
        return None
    error = ERROR / comparisons
    return Comparison(counts.difference, counts.interval(error), margin, counts.texts_needed(margin, error))


def _in_macro_f1(one: Record, other: Record, margin: float, comparisons: int) -> Comparison | None:
    """Likewise by macro F1, no mean over texts, from both intervals, whose half-widths add as independent errors do.

    Both were asked the same texts, which a paired interval would use, and be narrower.
    """
    first, second = one.runtimes[0].quality, other.runtimes[0].quality
    if not first or not second or not first.macro_f1_interval or not second.macro_f1_interval:
        return None
    halves = [(high - low) / 2 for low, high in (first.macro_f1_interval, second.macro_f1_interval)]
    z, deviation = float(norm.isf(ERROR / comparisons)), math.hypot(*halves) / float(norm.isf(0.025))
    difference = first.macro_f1 - second.macro_f1
    texts = sum(one.data.test_counts) * ((z + float(norm.ppf(POWER))) * deviation / margin) ** 2
    return Comparison(difference, (difference - z * deviation, difference + z * deviation), margin, math.ceil(texts))
