"""How well the test texts are classified, with the uncertainty of a finite test set."""

from collections.abc import Callable

import numpy as np
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import confusion_matrix

from compactbench.record import Interval, Quality

CALIBRATION_BINS = 15
RESAMPLES = 1000
"""Bootstrap resamples of the test texts."""


def quality(probabilities: np.ndarray, labels: list[int], eval_time_s: float) -> Quality:
    """Accuracy and its fellows, each with a 95 % interval.

    The interval of accuracy is Wilson's, which is right near 1 too; the others are percentile bootstraps over texts.

    Args:
        probabilities: shape (texts, classes), rows sum to one.
        labels: true class numbers, one per text.
        eval_time_s: how long the classification took, s.

    Raises:
        ValueError: a probability is no number.
    """
    if not np.isfinite(probabilities).all():
        raise ValueError("its answers are no numbers: the training diverged, so try a lower `learning_rate`")
    truth = np.asarray(labels)
    predicted = probabilities.argmax(axis=1)
    right = predicted == truth
    counts = confusion_matrix(truth, predicted, labels=range(probabilities.shape[1]))  # (classes, classes)
    surprise = -np.log(np.clip(probabilities[np.arange(len(truth)), truth], np.finfo(float).tiny, None))  # nats
    classes = len(counts)

    def macro_f1(rows: np.ndarray) -> float:
        pairs = truth[rows] * classes + predicted[rows]
        return float(class_f1(np.bincount(pairs, minlength=classes**2).reshape(classes, classes)).mean())

    def loss(rows: np.ndarray) -> float:
        return float(surprise[rows].mean())

    def ece(rows: np.ndarray) -> float:
        return expected_calibration_error(probabilities[rows], truth[rows])

    every = np.arange(len(truth))
    return Quality(
        accuracy=float(right.mean()),
        accuracy_interval=wilson(int(right.sum()), len(truth)),
        macro_f1=macro_f1(every),
        macro_f1_interval=_bootstrapped(macro_f1, every),
        class_f1=class_f1(counts).tolist(),
        loss=loss(every),
        loss_interval=_bootstrapped(loss, every),
        ece=ece(every),
        ece_interval=_bootstrapped(ece, every),
        confusion=counts.tolist(),
        right="".join("1" if one else "0" for one in right),
        eval_time_s=eval_time_s,
    )


def wilson(successes: int, trials: int) -> Interval:
    """The 95 % score interval of a share (Wilson, 1927)."""
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def class_f1(counts: np.ndarray) -> np.ndarray:
    """F1 of each class from a confusion matrix, shape (classes, classes); 0 for a class that occurs in neither role."""
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return np.divide(2 * counts.diagonal(), both, out=np.zeros(len(counts)), where=both > 0)


def _bootstrapped(statistic: Callable[[np.ndarray], float], rows: np.ndarray) -> Interval:
    found = bootstrap(
        (rows,), statistic, n_resamples=RESAMPLES, vectorized=False, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return float(found.low), float(found.high)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over equal bins of confidence (Guo et al., 2017, arXiv 1706.04599)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(sum(gaps))
