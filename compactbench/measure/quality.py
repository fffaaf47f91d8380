"""How well the test texts are classified, with the uncertainty of a finite test set."""

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss

from compactbench.record import Quality

CALIBRATION_BINS = 15


def quality(probabilities: np.ndarray, labels: list[int], eval_time_s: float) -> Quality:
    """Accuracy and its fellows.

    Args:
        probabilities: shape (texts, classes), rows sum to one.
        labels: true class numbers, one per text.
        eval_time_s: how long the classification took, s.
    """
    truth = np.asarray(labels)
    predicted = probabilities.argmax(axis=1)
    classes = list(range(probabilities.shape[1]))
    right = int((predicted == truth).sum())
    interval = binomtest(right, len(truth)).proportion_ci(0.95, method="wilson")
    return Quality(
        accuracy=accuracy_score(truth, predicted),
        accuracy_low=interval.low,
        accuracy_high=interval.high,
        macro_f1=f1_score(truth, predicted, labels=classes, average="macro", zero_division=0.0),
        loss=log_loss(truth, probabilities, labels=classes),
        ece=expected_calibration_error(probabilities, truth),
        confusion=confusion_matrix(truth, predicted, labels=classes).tolist(),
        eval_time_s=eval_time_s,
    )


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over equal bins of confidence (Guo et al., 2017, arXiv 1706.04599)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(sum(gaps))
