"""The test texts that are classified wrong with most confidence, and which of these may be labelled wrong."""

import numpy as np
from datasets import Dataset

from compactbench.record import Mistake

SHOWN = 20
LONGEST = 300
"""Characters of a text that are kept."""


def mistakes(probabilities: np.ndarray, test: Dataset, with_texts: bool) -> list[Mistake]:
    """The most confident mistakes, the surest first.

    A label is doubted by confident learning (Northcutt et al., 2021, arXiv 1911.00068): another class is at least as
    likely for the text as it is, on average, for the texts that are labelled so.

    Args:
        probabilities: shape (texts, classes).
        test: the texts, with the columns `text` and `label`.
        with_texts: whether they may be kept.
    """
    truth, predicted = np.asarray(test["label"][:]), probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    usual = np.array([_mean(probabilities[truth == label, label]) for label in range(probabilities.shape[1])])
    wrong = np.flatnonzero(predicted != truth)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:SHOWN]
    return [
        Mistake(
            row=int(row),
            true=int(truth[row]),
            predicted=int(predicted[row]),
            confidence=float(confidence[row]),
            doubted=bool(confidence[row] >= usual[predicted[row]]),
            text=test[int(row)]["text"][:LONGEST] if with_texts else None,
        )
        for row in surest
    ]


def _mean(of_class: np.ndarray) -> float:
    """The mean; never reached for a class without a text."""
    return float(of_class.mean()) if len(of_class) else np.inf
