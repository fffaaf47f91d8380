"""The floor: TF-IDF and logistic regression, with the same stages as a transformer."""

import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from datasets import load_from_disk
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from compactbench.data.load import fewer
from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.quality import quality
from compactbench.record import Data, Finetune, Parameters, Quality
from compactbench.runtimes.serve_sklearn import FILE, Classifier
from compactbench.settings import Model, Suite


def pipeline(seed: int) -> Pipeline:
    """Words weighted by TF-IDF with damped counts, into a logistic regression."""
    return make_pipeline(
        TfidfVectorizer(sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000, random_state=seed),
    )


class Trainee:
    """The floor while it learns; takes what `finetune.Trainee` takes and has no use for weights, device and threads."""

    def __init__(
        self,
        model: Model,
        weights: str,
        suite: Suite,
        facts: Data,
        splits: Path,
        device: str,
        threads: int,
        seed: int,
        labels: int | None = None,
    ) -> None:
        self._baseline_mb = resident_mb()
        self._classes = len(facts.classes)
        self._splits = load_from_disk(str(splits))
        self._train = fewer(self._splits["train"], labels, suite.seed)
        self._fitted: Any = pipeline(seed)

    def build(self) -> tuple[Parameters, None, None]:
        """What there will be to learn: a row of coefficients per class, its intercept, and the IDF weights."""
        features = len(self._fitted[0].fit(self._train["text"][:]).vocabulary_)
        rows = self._classes if self._classes > 2 else 1
        count = rows * (features + 1) + features
        return Parameters(parameters=count, active_parameters=count), None, None

    def finetune(self, folder: Path, learning_rate: float) -> Finetune:
        """Fit on the split `train` and save the artefact to `folder`; there is no use for a learning rate."""
        texts, labels = self._train["text"][:], self._train["label"][:]
        begun = time.perf_counter()
        self._fitted.fit(texts, labels)
        total = time.perf_counter() - begun
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(self._fitted, folder / FILE)
        return Finetune(
            time_s=total,
            steps=int(self._fitted[1].n_iter_.max()),
            samples=len(texts),
            epochs=1.0,
            epoch_time_s=total,
            epoch_derived=False,
            samples_per_s=len(texts) / total,
            batch_size=None,
            learning_rate=None,
            procedure=None,
            cut=None,
            loss_curve=[],
            step_s=[],
            baseline_ram_mb=self._baseline_mb,
            peak_ram_mb=peak_resident_mb() - self._baseline_mb,
            gpu=None,
        )

    def quality(self) -> tuple[Quality, np.ndarray]:
        """How well the split `test` is classified, and the class that each text was given."""
        test = self._splits["test"]
        texts = test["text"][:]
        begun = time.perf_counter()
        probabilities = Classifier(self._fitted)(texts)
        return quality(probabilities, test["label"][:], time.perf_counter() - begun), probabilities.argmax(axis=1)
