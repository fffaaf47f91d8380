"""TF-IDF of words and of character n-grams, and a logistic regression: the baseline that a transformer must beat."""

from typing import Any

from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion

from compactbench.classifiers import Built
from compactbench.classifiers.linear import Linear
from compactbench.record import Parameters

LONGEST_N_GRAM = 5
CHARACTERS = 20_000_000
"""Training texts of more characters are learned by their words alone: the n-grams would take gigabytes of memory."""
FEATURES = 200_000
"""Words, and n-grams, that are kept at most: the most frequent."""


class Tfidf(Linear):
    """Words and the character n-grams in them, weighted by TF-IDF with damped counts, into logistic regressions."""

    kind = "tfidf"
    label = "baseline: no transformer"
    encoder = False

    def features(self, texts: list[str]) -> tuple[FeatureUnion, csr_matrix]:
        """The weights of the words and n-grams of each text, each of the two of length one."""
        common = {"sublinear_tf": True, "max_features": FEATURES}
        parts = [("words", TfidfVectorizer(**common))]
        if self._with_characters:
            parts += [("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, LONGEST_N_GRAM), **common))]
        union = FeatureUnion(parts)
        return union, csr_matrix(union.fit_transform(texts))

    def head(self, strength: float) -> OneVsRestClassifier:
        """One regression per class: with so many features, liblinear is several times faster than one for all."""
        rows, columns = self.mapped[1].shape
        return OneVsRestClassifier(
            LogisticRegression(
                solver="liblinear", dual=rows < columns, C=strength, max_iter=1000, random_state=self.task.seed
            )
        )

    def arguments(self) -> dict[str, Any]:
        """What the texts are taken apart into."""
        return {"features": "words and characters" if self._with_characters else "words"}

    def build(self) -> Built:
        """What there is to learn: a row of coefficients per class, its intercept, and the IDF weights."""
        count = self.coefficients + self.mapped[1].shape[1]
        return Built(Parameters(total=count, active=count), None, None)

    @property
    def _with_characters(self) -> bool:
        return sum(map(len, self.train["text"][:])) <= CHARACTERS


CLASSIFIER = Tfidf
