"""TF-IDF and logistic regression: the baseline that a transformer must beat."""

import time
from pathlib import Path

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from compactbench.classifiers import Built, Classifier, Task, TrainingFunction
from compactbench.instruments.processor import Processor
from compactbench.record import Finetune, Parameters
from compactbench.runtimes.scikit_learn import FILE, PipelinePredictor


class Tfidf(Classifier):
    """Words weighted by TF-IDF with damped counts, into a logistic regression."""

    kind = "tfidf"
    label = "baseline: no transformer"
    encoder = False
    runtime = "scikit-learn"
    format = "scikit-learn"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._fitted: Pipeline = make_pipeline(
            TfidfVectorizer(sublinear_tf=True),
            LogisticRegression(C=10, max_iter=1000, random_state=task.seed),
        )

    def build(self) -> Built:
        """What there will be to learn: a row of coefficients per class, its intercept, and the IDF weights."""
        features = len(self._fitted[0].fit(self.train["text"][:]).vocabulary_)
        classes = len(self.task.data.classes)
        count = (classes if classes > 2 else 1) * (features + 1) + features
        return Built(Parameters(total=count, active=count), None, None)

    def finetune(self, folder: Path, learning_rate: float | None, train: TrainingFunction) -> Finetune:
        """Fit on the training texts and save the artefact to `folder`; there is no learning rate and no trainer."""
        texts, labels = self.train["text"][:], self.train["label"][:]
        begun = time.perf_counter()
        self._fitted.fit(texts, labels)
        total = time.perf_counter() - begun
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(self._fitted, folder / FILE)
        return self.fitted(total, int(self._fitted[1].n_iter_.max()), Processor())

    def predictor(self) -> PipelinePredictor:
        """The pipeline as it is."""
        return PipelinePredictor(self._fitted)


CLASSIFIER = Tfidf
