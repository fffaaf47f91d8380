"""What kinds with a linear model on top share: how its strength is chosen, and the pipeline that is saved."""

import time
from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from compactbench.classifiers import Classifier, TrainingFunction
from compactbench.instruments.processor import Processor
from compactbench.record import Finetune
from compactbench.runtimes.scikit_learn import FILE, PipelinePredictor

FOLDS = 5
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
"""The values of C that are tried."""
FIXED = 10.0
"""C where too few texts tell: less than two classes have a text for each fold."""
JUDGED = 10_000
"""Training texts that the values are judged on at most: more would cost hours and choose the same."""


def regression(strength: float) -> LogisticRegression:
    """A logistic regression on few dense features."""
    return LogisticRegression(C=strength, max_iter=1000)


def by_cross_validation(
    head: Callable[[float], ClassifierMixin], features: np.ndarray | csr_matrix, labels: list[int], seed: int
) -> tuple[ClassifierMixin, dict[str, Any]]:
    """The linear model fitted on all texts, with the C of the lowest log loss in stratified folds of them.

    Args:
        head: makes it, given C.
        features: shape (texts, features).
        labels: class number of each text; classes with fewer texts than there are folds do not judge.
        seed: of the folds.

    Returns:
        The fitted model, and what was chosen: C, and the folds (0 where it is fixed).
    """
    known = np.array(labels)
    judged = np.flatnonzero(np.bincount(known)[known] >= FOLDS)
    if len(judged) > JUDGED:
        judged = np.sort(train_test_split(judged, train_size=JUDGED, stratify=known[judged], random_state=seed)[0])
        judged = judged[np.bincount(known[judged])[known[judged]] >= FOLDS]
    if len(set(known[judged])) < 2:
        return head(FIXED).fit(features, known), {"C": FIXED, "folds": 0}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    of_judged = (features[judged], known[judged])

    def score(strength: float) -> float:
        return float(cross_val_score(head(strength), *of_judged, cv=folds, scoring="neg_log_loss").mean())

    best = max(STRENGTHS, key=score)
    return head(best).fit(features, known), {"C": best, "folds": FOLDS}


class Linear(Classifier):
    """Texts turned into features once, and a linear model on top: a pipeline of scikit-learn."""

    fine_tuned = False
    runtime = "scikit-learn"
    format = "scikit-learn"

    @abstractmethod
    def features(self, texts: list[str]) -> tuple[TransformerMixin, np.ndarray | csr_matrix]:
        """The pipeline's first step, fitted on the training texts, and their features, shape (texts, features)."""

    @abstractmethod
    def head(self, strength: float) -> ClassifierMixin:
        """The linear model, not yet fitted; `strength` is its C."""

    def arguments(self) -> dict[str, Any]:
        """What else the record says of how it learned."""
        return {}

    @cached_property
    def mapped(self) -> tuple[TransformerMixin, np.ndarray | csr_matrix, float, float | None]:
        """First step, features and what they took, s and J: made once, to be counted and then learned from."""
        taken_j, begun = Processor().metered(), time.perf_counter()
        return *self.features(self.train["text"][:]), time.perf_counter() - begun, taken_j()

    @property
    def coefficients(self) -> int:
        """A row per class (one row for two classes) of a coefficient per feature and an intercept."""
        classes = len(self.task.data.classes)
        return (classes if classes > 2 else 1) * (self.mapped[1].shape[1] + 1)

    def finetune(self, folder: Path, learning_rate: float | None, train: TrainingFunction) -> Finetune:
        """Fit on the training texts and save the artefact to `folder`; there is no learning rate and no trainer."""
        step, features, mapped_s, mapped_j = self.mapped
        taken_j, begun = Processor().metered(), time.perf_counter()
        head, chosen = by_cross_validation(self.head, features, self.train["label"][:], self.task.seed)
        total, learned_j = mapped_s + time.perf_counter() - begun, taken_j()
        energy_j = None if mapped_j is None or learned_j is None else mapped_j + learned_j
        self._fitted: Pipeline = make_pipeline(step, head)
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(self._fitted, folder / FILE)
        solved = getattr(head, "estimators_", [head])
        iterations = max(int(one.n_iter_.max()) for one in solved)
        return self.fitted(total, energy_j, iterations, Processor(), self.arguments() | chosen)

    def predictor(self) -> PipelinePredictor:
        """The pipeline as it is."""
        return PipelinePredictor(self._fitted)
