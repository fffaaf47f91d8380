"""scikit-learn, which computes in one thread whatever it is given."""

from pathlib import Path
from typing import Any, ClassVar

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from compactbench.runtimes import Runtime, Setup

FILE = "model.joblib"
"""The artefact's one file: a pipeline of what makes features of texts, and a linear model."""


class PipelinePredictor:
    """A fitted pipeline; a `Predictor`."""

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


class ScikitLearn(Runtime):
    """A fitted pipeline as it was saved."""

    name = "scikit-learn"
    label = "scikit-learn"
    needs: ClassVar[tuple[str, ...]] = ("sklearn",)
    precisions = {"cpu": ("fp32",)}
    formats: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    forked = True

    def load(self, folder: Path, setup: Setup, max_length: int) -> PipelinePredictor:
        """The pipeline saved in `folder`, ready to answer."""
        return PipelinePredictor(joblib.load(folder / FILE))


RUNTIME = ScikitLearn()
