"""How well the test texts are classified, with the uncertainty of a finite test set."""

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import binomtest, norm
from sklearn.metrics import confusion_matrix

from compactbench.record import Interval, Quality, joined

CALIBRATION_BINS = 15
RESAMPLES = 1000
"""Bootstrap resamples of the test texts."""
LEVEL = (0.025, 0.975)
PARTS = 10_000
"""Probabilities are kept in so many parts of one; of one that is rounded to 0, half a part counts, the most it was."""


def quality(probabilities: np.ndarray, labels: list[int], eval_time_s: float) -> Quality:
    """Accuracy and its fellows, each with a 95 % interval.

    The interval of accuracy is Wilson's, which is right near 1 too; that of the loss is normal, as of any mean.
    The others are percentile bootstraps over texts, drawn as counts: their cost does not grow with the test set. The
    calibration error is the mean distance of confidence and accuracy over equal bins of confidence (Guo et al., 2017,
    arXiv 1706.04599). It and the loss are of the probabilities as they are `kept`, so that they can be recomputed.

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
    probabilities = kept(probabilities) / PARTS
    surprise = -np.log(probabilities[np.arange(len(truth)), truth].clip(0.5 / PARTS))  # nats
    margin = norm.ppf(LEVEL[1]) * surprise.std() / np.sqrt(len(truth))
    f1 = class_f1(counts)
    return Quality(
        accuracy=float(right.mean()),
        accuracy_interval=wilson(int(right.sum()), len(truth)),
        macro_f1=float(f1.mean()),
        macro_f1_interval=_between(_resampled_macro_f1(counts)),
        class_f1=f1.tolist(),
        loss=float(surprise.mean()),
        loss_interval=(max(0.0, float(surprise.mean() - margin)), float(surprise.mean() + margin)),
        ece=float(np.abs(_calibration_gaps(probabilities, right)[0].sum(axis=1)).sum()),
        ece_interval=_between(_resampled_ece(probabilities, right)),
        confusion=counts.tolist(),
        predicted=joined(predicted),
        right="".join("1" if one else "0" for one in right),
        eval_time_s=eval_time_s,
    )


def kept(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities as the record keeps them: whole ten-thousandths, of the same shape."""
    return np.rint(np.asarray(probabilities, float) * PARTS).astype(int)


def wilson(successes: int, trials: int) -> Interval:
    """The 95 % score interval of a share (Wilson, 1927)."""
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


def class_f1(counts: np.ndarray) -> np.ndarray:
    """F1 of each class from a confusion matrix, shape (classes, classes); 0 for a class that occurs in neither role."""
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return np.divide(2 * counts.diagonal(), both, out=np.zeros(len(counts)), where=both > 0)


def _between(found: np.ndarray) -> Interval:
    low, high = np.quantile(found, LEVEL)
    return float(low), float(high)


def _resamples(counts: np.ndarray) -> np.ndarray:
    """How often each kind of text is drawn, shape (resamples, kinds): as texts drawn with replacement would be."""
    return np.random.default_rng(0).multinomial(counts.sum(), counts / counts.sum(), size=RESAMPLES)


def _resampled_macro_f1(counts: np.ndarray) -> np.ndarray:
    """Macro F1 of each resample, from the texts of each true and predicted class."""
    true, predicted = counts.nonzero()
    drawn, kinds = _resamples(counts[true, predicted]), np.arange(len(true))
    ones, shape = np.ones(len(true)), (len(true), len(counts))
    of_true, of_predicted = (csr_array((ones, (kinds, classes)), shape) for classes in (true, predicted))
    right = drawn @ csr_array(((true == predicted) * 1.0, (kinds, true)), shape)  # (resamples, classes)
    both = drawn @ (of_true + of_predicted)
    return np.asarray(np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0).mean(axis=1))


def _calibration_gaps(probabilities: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of confidence less being right, as a share of all texts, and the texts, of each bin of confidence.

    Returns:
        Two arrays of shape (bins, 2), of texts classified wrong and right.
    """
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    kinds, shape = 2 * bins + right, (CALIBRATION_BINS, 2)
    gaps = np.bincount(kinds, confidence - right, minlength=2 * CALIBRATION_BINS) / len(right)
    return gaps.reshape(shape), np.bincount(kinds, minlength=2 * CALIBRATION_BINS).reshape(shape)


def _resampled_ece(probabilities: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The calibration error of each resample; in a bin, the texts right or wrong have their mean confidence."""
    gaps, counts = _calibration_gaps(probabilities, right)
    of_one = np.divide(gaps, counts, out=np.zeros_like(gaps), where=counts > 0)
    drawn = _resamples(counts.ravel()).reshape(RESAMPLES, CALIBRATION_BINS, 2)
    return np.asarray(np.abs((drawn * of_one).sum(axis=2)).sum(axis=1))
