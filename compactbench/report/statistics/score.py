"""The difference of two paired proportions: Tango's score interval, and how many pairs a decision would take."""

import functools
import math
from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import norm, t

POWER = 0.8
"""The chance to show what is true that the planned number of pairs gives."""
HALVINGS = 56
"""An end of an interval is sought so often in half of where it was: from all differences down to 3e-17."""
Numbers = float | np.ndarray
"""A number, or as many as there are pairs of classifiers."""


@dataclass(frozen=True)
class Counts:
    """What the test texts say of two classifiers, or of many pairs of them at once: numbers, or arrays of one shape.

    Args:
        texts: how many both were asked; those of several seeds may count as a number that is not whole.
        only_one: how many of these the first alone got right.
        only_other: how many the second alone did.
        degrees: of freedom, where the spread between seeds is known from few of them.
        between: the variance of the difference between seeds, beyond what their texts explain.
    """

    texts: Numbers
    only_one: Numbers
    only_other: Numbers
    degrees: Numbers = math.inf
    between: Numbers = 0.0

    @property
    def difference(self) -> Numbers:
        """The accuracy of the first less that of the second, a share."""
        return (self.only_one - self.only_other) / self.texts

    def at(self, place: tuple[int, ...]) -> "Counts":
        """Those of the one pair at a place of the arrays."""
        return Counts(*(float(getattr(self, field.name)[place]) for field in fields(self)))

    def interval(self, error: float) -> tuple[Numbers, Numbers]:
        """Tango's score interval of the difference (1998, Statistics in Medicine 17, 891-908).

        Args:
            error: how often each end may lie on the wrong side: .05 for a one-sided bound of 95 % at either end.
        """
        z = t.isf(error, self.degrees)
        swapped = Counts(self.texts, self.only_other, self.only_one)
        return _lower(self, z), -_lower(swapped, z)

    def texts_needed(self, margin: float, error: float) -> int:
        """How many texts would show, with `POWER`, that the first is not worse by more than `margin` if both are equal.

        The sample size for this test (Nam, 1997, Biometrics 53, 1422-1430), where as large a share of the texts as here
        is classified right by one of them alone. These are the counts of one pair.
        """
        apart = (self.only_one + self.only_other) / self.texts / 2
        spread = np.sqrt(_variance(1, apart, apart, -margin)), np.sqrt(2 * apart)
        of_error, of_power = quantiles(error)
        return math.ceil(((of_error * spread[0] + of_power * spread[1]) / margin) ** 2)

    def needed(self, margin: float, error: float) -> tuple[int, int]:
        """How many texts and seeds would show the same; see `with_seeds`."""
        return with_seeds(self.texts_needed(margin, error), float(self.between), margin, error)


@functools.cache  # scipy takes longer for them than all else that is asked of a pair
def quantiles(error: float) -> tuple[float, float]:
    """The normal distribution's quantiles with the share `error` above it, and with `POWER` below it."""
    return float(norm.isf(error)), float(norm.ppf(POWER))


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
    allowed = (margin / sum(quantiles(error))) ** 2
    return 2 * texts, math.ceil(2 * between / allowed)


def _lower(counts: Counts, z: Numbers) -> Numbers:
    """The smallest difference from which the observed one is at most `z` standard errors away."""
    n, gap = counts.texts, counts.only_one - counts.only_other
    # The observed difference itself is another root where nothing varies, so the search ends just below it.
    low, high = np.full_like(gap / n, -1.0), np.asarray(gap / n - 1e-12)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        spread = np.sqrt(n * _variance(n, counts.only_one, counts.only_other, middle))
        too_far = gap - n * middle > z * spread
        low, high = np.where(too_far, middle, low), np.where(too_far, high, middle)
    return np.where(gap == -n, -1.0, high)


def _variance(texts: Numbers, only_one: Numbers, only_other: Numbers, difference: Numbers) -> Numbers:
    """The variance of one pair's difference where `difference` is the true one, all else most likely."""
    half = (2 * texts - only_one + only_other) * difference - only_one - only_other
    root = np.sqrt(np.maximum(0.0, half**2 + 8 * texts * only_other * difference * (1 - difference)))
    return np.maximum(0.0, (root - half) / (2 * texts) + difference * (1 - difference))
