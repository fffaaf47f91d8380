"""How many more labels would help: a curve through the accuracies with fewer training texts, and beyond them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compactbench.record import Data, Quality, Repeat

RESAMPLES = 999
FLOORS = np.linspace(0, 0.95, 20)
"""Shares of the smallest error that are tried as the error that no number of labels takes away."""
COUNTS_FOR_FLOOR = 4
"""Different numbers of labels from which on such a floor is fitted: three parameters need more than three of them."""


@dataclass(frozen=True)
class LabelCurve:
    """A fitted curve and what it foretells.

    Args:
        labels: numbers of training texts, from the fewest to twice all of them.
        accuracy: the curve there.
        low: the lower end of its 95 % interval there.
        high: the upper end.
        gain: what twice the labels add to the accuracy, as a share.
        gain_interval: its 95 % interval.
        may_level_off: whether there are points enough to find an error that no number of labels takes away.
    """

    labels: list[float]
    accuracy: list[float]
    low: list[float]
    high: list[float]
    gain: float
    gain_interval: tuple[float, float]
    may_level_off: bool


def marks(repeats: Sequence[Repeat], quality: Quality, data: Data) -> list[tuple[int, float]]:
    """Training texts and accuracy of each fine-tune: those of `repeats`, and the run's own with all texts."""
    return [(one.labels, one.accuracy) for one in repeats] + [(sum(data.train_counts), quality.accuracy)]


def fitted_curve(repeats: Sequence[Repeat], quality: Quality, data: Data) -> LabelCurve | None:
    """The power law through the errors, a + b n^-c of n training texts; None with one number of texts alone.

    That is how errors fall with the number of examples (Cortes et al., 1994, "Learning Curves"; Hestness et al., 2017,
    arXiv 1712.00409); a, what no number of labels takes away, is 0 with few points. The interval is a bootstrap over
    the fine-tunes of each number and over test texts.
    """
    found = marks(repeats, quality, data)
    counts = np.array(sorted({labels for labels, _ in found}))
    if len(counts) < 2:
        return None
    texts, rng = sum(data.test_counts), np.random.default_rng(0)
    errors = [1 - np.array([accuracy for labels, accuracy in found if labels == count]) for count in counts]
    means = np.array([[group.mean() for group in errors]])  # (1, counts)
    drawn = np.column_stack(
        [
            rng.binomial(texts, rng.choice(group, (RESAMPLES, len(group)))).mean(axis=1) / texts  # (resamples,)
            for group in errors
        ]
    )
    ahead = np.geomspace(counts[0], 2 * counts[-1], 40)
    ahead = np.append(ahead, counts[-1])  # the last is where the run stands, to tell the gain from
    (curve,), curves = (1 - _fitted(counts, each, ahead, 0.5 / texts) for each in (means, drawn))
    low, high = np.quantile(curves, (0.025, 0.975), axis=0)
    gains = np.quantile(curves[:, -2] - curves[:, -1], (0.025, 0.975))
    return LabelCurve(
        labels=ahead[:-1].tolist(),
        accuracy=curve[:-1].tolist(),
        low=low[:-1].tolist(),
        high=high[:-1].tolist(),
        gain=float(curve[-2] - curve[-1]),
        gain_interval=(float(gains[0]), float(gains[1])),
        may_level_off=len(counts) >= COUNTS_FOR_FLOOR,
    )


def _fitted(counts: np.ndarray, errors: np.ndarray, ahead: np.ndarray, least: float) -> np.ndarray:
    """The error at each number of `ahead`, by the power law through each row of `errors`, shape (rows, counts).

    For each floor that is tried the rest is a straight line in logarithms; the floor that leaves least is taken.
    An error of 0 counts as `least`.
    """
    errors = np.maximum(errors, least)
    floors = FLOORS if len(counts) >= COUNTS_FOR_FLOOR else FLOORS[:1]
    tried = []
    for share in floors:
        floor = share * errors.min(axis=1, keepdims=True)  # (rows, 1)
        slope, height = np.polyfit(np.log(counts), np.log(errors - floor).T, 1)[..., None]  # (rows, 1) each
        tried.append([floor + np.exp(height + slope * np.log(at)) for at in (counts, ahead)])
    left = np.array([((known - errors) ** 2).sum(axis=1) for known, _ in tried])  # (floors, rows)
    best = left.argmin(axis=0)
    return np.array([found for _, found in tried])[best, np.arange(len(errors))].clip(0, 1)
