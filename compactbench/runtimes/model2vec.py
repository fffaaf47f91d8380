"""model2vec: static embeddings and a linear model; neither torch nor transformers is loaded to answer."""

from pathlib import Path

import joblib
from model2vec import StaticModel
from sklearn.pipeline import Pipeline

from compactbench.runtimes import Setup
from compactbench.runtimes.scikit_learn import FILE, PipelinePredictor, ScikitLearn


class StaticPredictor(PipelinePredictor):
    """A fitted pipeline whose first step embeds by a static model; a `Predictor`."""

    def __init__(self, fitted: Pipeline) -> None:
        super().__init__(fitted)
        self._static: StaticModel = fitted[0].func.__self__

    def tokenize(self, texts: list[str]) -> list[list[int]]:
        """The token ids of each text; unknown tokens are left out."""
        return self._static.tokenize(texts)

    def length(self, text: str) -> int:
        """Tokens of `text` as the model sees it."""
        return len(self.tokenize([text])[0])


class Model2Vec(ScikitLearn):
    """A pipeline of static embeddings, as it was saved."""

    name = "model2vec"
    label = "model2vec"
    needs = ("model2vec", "sklearn")
    formats = ("model2vec",)

    def load(self, folder: Path, setup: Setup, max_length: int) -> StaticPredictor:
        """The pipeline saved in `folder`, ready to answer."""
        return StaticPredictor(joblib.load(folder / FILE))


RUNTIME = Model2Vec()
