"""The difference of two paired proportions: Tango's score interval, and how many pairs a decision would take."""

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm, t

from compactbench.record import Interval

POWER = 0.8
"""The chance to show what is true that the planned number of pairs gives."""


@dataclass(frozen=True)
class Counts:
    """What the test texts say of two classifiers.

    Args:
        texts: how many both were asked; those of several seeds may count as a number that is not whole.
        only_one: how many of these the first alone got right.
        only_other: how many the second alone did.
        degrees: of freedom, where the spread between seeds is known from few of them.
        between: the variance of the difference between seeds, beyond what their texts explain.
    """

    texts: float
    only_one: float
    only_other: float
    degrees: float = math.inf
    between: float = 0.0

    @property
    def difference(self) -> float:
        """The accuracy of the first less that of the second, a share."""
        return (self.only_one - self.only_other) / self.texts

    def interval(self, error: float) -> Interval:
        """Tango's score interval of the difference (1998, Statistics in Medicine 17, 891-908).

        Args:
            error: how often each end may lie on the wrong side: .05 for a one-sided bound of 95 % at either end.
        """
        z = float(t.isf(error, self.degrees))
        swapped = Counts(self.texts, self.only_other, self.only_one)
        return _lower(self, z), -_lower(swapped, z)

    def texts_needed(self, margin: float, error: float) -> int:
        """How many texts would show, with `POWER`, that the first is not worse by more than `margin` if both are equal.

        The sample size for this test (Nam, 1997, Biometrics 53, 1422-1430), where as large a share of the texts as here
        is classified right by one of them alone.
        """
        apart = (self.only_one + self.only_other) / self.texts / 2
        spread = math.sqrt(_variance(1, apart, apart, -margin)), math.sqrt(2 * apart)
        return math.ceil(((norm.isf(error) * spread[0] + norm.ppf(POWER) * spread[1]) / margin) ** 2)

    def needed(self, margin: float, error: float) -> tuple[int, int]:
        """How many texts and seeds would show the same; see `with_seeds`."""
        return with_seeds(self.texts_needed(margin, error), self.between, margin, error)


def with_seeds(texts: int, between: float, margin: float, error: float) -> tuple[int, int]:
    """How many texts and seeds would show what so many `texts` would if seeds were alike.

    Where they differ, texts and seeds may each have half of the variance that the margin allows.

    Args:
        texts: as `Counts.texts_needed` gives them.
        between: the variance between seeds, beyond what their texts explain.
        margin: what is to be shown: that the difference is not below its negative.
        error: how often that may be wrong.
    """
    if between == 0:
        return texts, 1
    allowed = (margin / float(norm.isf(error) + norm.ppf(POWER))) ** 2
    return 2 * texts, math.ceil(2 * between / allowed)


def _lower(counts: Counts, z: float) -> float:
    """The smallest difference from which the observed one is at most `z` standard errors away."""
    n, gap = counts.texts, counts.only_one - counts.only_other

    def excess(difference: float) -> float:
        return gap - n * difference - z * math.sqrt(n * _variance(n, counts.only_one, counts.only_other, difference))

    # The observed difference itself is another root where nothing varies, so the search ends just below it.
    return -1.0 if gap == -n else float(brentq(excess, -1.0, gap / n - 1e-12))


def _variance(texts: float, only_one: float, only_other: float, difference: float) -> float:
    """The variance of one pair's difference where `difference` is the true one, all else most likely."""
    half = (2 * texts - only_one + only_other) * difference - only_one - only_other
    root = math.sqrt(half**2 + 8 * texts * only_other * difference * (1 - difference))
    return max(0.0, (root - half) / (2 * texts) + difference * (1 - difference))
