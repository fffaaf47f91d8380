"""Serving the floor with scikit-learn."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from compactbench.record import Device, Precision
from compactbench.runtimes import serve

FILE = "model.joblib"
"""The artefact's one file."""


class Classifier:
    """The fitted floor; a `serve.Classifier`."""

    def __init__(self, fitted: Pipeline) -> None:
        self._fitted = fitted

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch; shape (texts, classes)."""
        return self._fitted.predict_proba(texts)

    def tokenize(self, texts: list[str]) -> Any:
        """One batch as word weights; shape (texts, vocabulary)."""
        return self._fitted[0].transform(texts)

    def length(self, text: str) -> int:
        """Words of `text`."""
        return len(text.split())


class Server(serve.Server):
    """The floor, which computes in one thread whatever it is given."""

    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`."""
        return Classifier(joblib.load(folder / FILE))
