"""Static embeddings: a vector per token, distilled from an encoder on the spot; their mean, and a regression on top."""

import joblib
import numpy as np
import torch
from model2vec import StaticModel
from model2vec.distill.distillation import distill_from_model
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from compactbench.classifiers import Built
from compactbench.classifiers.linear import Linear, regression
from compactbench.record import Parameters
from compactbench.runtimes.model2vec import StaticPredictor
from compactbench.sources.weights import load_classifier, weights_sha256


class Static(Linear):
    """What the encoder makes of each token alone, by PCA to 256 dimensions, frequent tokens weighted down by their rank
    (Tulkens and van Dongen, Model2Vec, 2024; the weights: Arora, Liang and Ma, ICLR 2017).
    """

    kind = "static"
    label = "static embeddings"
    runtime = "model2vec"
    format = "model2vec"

    def features(self, texts: list[str]) -> tuple[FunctionTransformer, np.ndarray]:
        """The mean of the vectors of each text's tokens, of length one; shape (texts, 256)."""
        kept = self.task.shared / "static.joblib" if self.task.shared else None
        made = joblib.load(kept) if kept and kept.is_file() else self._distilled()
        if kept:
            joblib.dump(made, kept)
        static: StaticModel = made[0]
        self._revision: str | None = made[1]
        self._vectors = static.embedding.size
        return FunctionTransformer(static.encode), static.encode(texts)

    def _distilled(self) -> tuple[StaticModel, str | None]:
        """The vectors of the tokens, and the commit of the encoder's weights."""
        task = self.task
        torch.set_num_threads(task.threads)
        pretrained = task.weights == "pretrained"
        whole, tokenizer, revision = load_classifier(task.model, pretrained, task.data.classes, task.seed)
        encoder = whole.base_model
        encoder.name_or_path = "."  # the name of a folder: of any other the library asks the hub
        made = distill_from_model(encoder, tokenizer, device=task.device, quantize_to="float32")
        # anew, because what it says of its making needs torch to be read
        return StaticModel(made.embedding, made.tokenizer, normalize=True, max_length=task.suite.max_length), revision

    def head(self, strength: float) -> LogisticRegression:
        """A logistic regression."""
        return regression(strength)

    def build(self) -> Built:
        """What is kept of the encoder and what there is to learn, and the commit and the SHA-256 of its weights."""
        active = self.coefficients
        sha256 = weights_sha256(self.task.model) if self.task.weights == "pretrained" else None
        return Built(Parameters(total=active + self._vectors, active=active), self._revision, sha256)

    def predictor(self) -> StaticPredictor:
        """The pipeline as it is."""
        return StaticPredictor(self._fitted)


CLASSIFIER = Static
