"""How far the choice of test texts moves the difference of two macro F1 on the same texts."""

import numpy as np

RESAMPLES = 999


def macro_f1_deviation(answers: np.ndarray, classes: int) -> float:
    """The bootstrap standard deviation of the first macro F1 less the second.

    Args:
        answers: true class, class by the first and class by the second model of each text, shape (3, texts).
        classes: number of classes.
    """
    kinds, counts = np.unique(answers, axis=1, return_counts=True)  # texts that all say the same of are drawn as counts
    true, *given = np.eye(classes)[kinds]  # (kinds, classes) each
    drawn = np.random.default_rng(0).multinomial(counts.sum(), counts / counts.sum(), size=RESAMPLES)
    first, second = (_macro_f1(drawn @ (true * one), drawn @ (true + one)) for one in given)
    return float((first - second).std(ddof=1))


def _macro_f1(right: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Of each draw, from the texts classified right and those of true or given class, shape (draws, classes) each."""
    return np.asarray(np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0).mean(axis=1))
