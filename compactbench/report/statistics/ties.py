"""Which models are tied in quality: by a paired test on the same test texts or, of macro F1, by its intervals."""

import itertools
import math
from collections.abc import Sequence

from scipy.stats import binomtest

from compactbench.record import FailedRecord, Quality, Record
from compactbench.report.statistics.balance import unbalanced

ALPHA = 0.05
Ties = frozenset[frozenset[str]]
"""Pairs of models that do not differ significantly in accuracy or, where classes are unbalanced, in macro F1."""
NONE: Ties = frozenset()


def ties(records: Sequence[Record | FailedRecord]) -> Ties:
    """The tied pairs among the runs of one suite on one machine, each model in the first runtime of its record.

    Random weights are tied with nobody, and nobody with who classified other texts.
    """
    able = [
        (record, record.runtimes[0].quality)
        for record in records
        if isinstance(record, Record) and record.weights != "random" and record.runtimes[0].quality
    ]
    return frozenset(
        frozenset((one.model, other.model))
        for (one, quality), (other, others) in itertools.combinations(able, 2)
        if (one.data.fingerprint, one.data.test_counts) == (other.data.fingerprint, other.data.test_counts)
        and not (differ_in_macro_f1 if unbalanced(one.data) else differ)(quality, others)
    )


def differ(one: Quality, other: Quality) -> bool:
    """Whether the accuracies of two classifiers on the same test texts differ significantly.

    Never where a record of the first version does not tell which texts were classified right.
    """
    if one.right is None or other.right is None:
        return False
    both = min(len(one.right), len(other.right))  # a further runtime may have been asked the first texts alone
    return mcnemar(one.right[:both], other.right[:both]) < ALPHA


def differ_in_macro_f1(one: Quality, other: Quality) -> bool:
    """Whether the macro F1 of two classifiers differs significantly: by more than both intervals' half-widths together.

    These add as independent errors do. Both were asked the same texts, which a paired test would use; F1 is no mean
    over texts, and a record does not tell who answered what, so a small difference is seen later here.
    """
    if one.macro_f1_interval is None or other.macro_f1_interval is None:
        return False
    margin = math.hypot(*((high - low) / 2 for low, high in (one.macro_f1_interval, other.macro_f1_interval)))
    return abs(one.macro_f1 - other.macro_f1) > margin


def mcnemar(one: str, other: str) -> float:
    """The p-value that two classifiers are equally accurate, from the texts that only one of them got right.

    The exact test (McNemar, 1947): under equality each such text falls to either with probability one half.

    Args:
        one: a 1 for each test text classified right, else a 0.
        other: the same for the other classifier, on the same texts in the same order.

    Raises:
        ValueError: they were not asked the same number of texts.
    """
    pairs = list(zip(one, other, strict=True))
    only_one, only_other = pairs.count(("1", "0")), pairs.count(("0", "1"))
    return float(binomtest(only_one, only_one + only_other).pvalue) if only_one + only_other else 1.0
