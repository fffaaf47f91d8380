"""Linear models on fixed features: how C is chosen, what few texts may not break, and what answers."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.factory import make_record
from transformers import BertConfig, BertModel

from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task, linear
from compactbench.classifiers.linear import by_cross_validation, regression
from compactbench.classifiers.static import Static
from compactbench.classifiers.tfidf import Tfidf
from compactbench.data.load import load
from compactbench.instruments.processor import Processor
from compactbench.parameters import load_model, load_suite
from compactbench.report.text.run_page import about_finetune
from compactbench.runtimes import Setup, installed
from compactbench.settings import Model

SUITE = load_suite("starter")
SENTENCES = ["Shares rose.", "The cup final was decided in extra time."]
LETTERS = [chr(number) for number in range(ord("a"), ord("z") + 1)]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cup", "final", ".", *LETTERS]
VOCABULARY += [f"##{letter}" for letter in LETTERS]
ASKED_ALONE = """
import sys
from pathlib import Path
from compactbench.runtimes import Setup, open_session
session = open_session(Setup(sys.argv[1], "fp32", "cpu", 1), Path(sys.argv[2]), 512)
print(session.probabilities(sys.argv[3:], 2).tolist())
assert not {"torch", "transformers"} & set(sys.modules), "it answers with torch"
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A hundred texts of the starter, for the TF-IDF."""
    folder = tmp_path_factory.mktemp("splits")
    splits, facts = load(SUITE)
    splits.save_to_disk(folder)
    return Task(load_model("tfidf"), "none", SUITE, facts, folder, "cpu", 1, seed=1, labels=100)


def with_few(task: Task, labels: int) -> Task:
    return Task(**{**vars(task), "labels": labels})


def answers_alone(runtime: str, artefact: Path) -> np.ndarray:
    """The probabilities that a fresh interpreter gives, which fails where torch was loaded to answer."""
    words = [sys.executable, "-c", ASKED_ALONE, runtime, str(artefact), *SENTENCES]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.array(eval(done.stdout))


def test_the_energy_of_the_features_is_part_of_the_fit(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their time is, and the energy of the folds alone would stand beside it. Whatever is metered takes 2 J."""
    monkeypatch.setattr(Processor, "metered", lambda _: lambda: 2.0)
    assert Tfidf(with_few(task, 20)).finetune(tmp_path, None, of_template()).energy_j == 4.0


def clusters(*counts: int) -> tuple[np.ndarray, list[int]]:
    """As many points around (class, 0) as are said of each class, and their classes."""
    labels = [number for number, count in enumerate(counts) for _ in range(count)]
    noise = np.random.default_rng(0).normal(scale=0.1, size=(len(labels), 2))
    return noise + np.array([[number, 0.0] for number in labels]), labels


@pytest.mark.parametrize(
    ("counts", "folds"),
    [
        ((5, 5), 5),
        ((50, 50, 1), 5),  # the single text judges nothing, and is learned from
        ((50, 4), 0),  # one class alone has a text for each fold
        ((1, 1), 0),
    ],
)
def test_classes_with_fewer_texts_than_folds_break_nothing(counts: tuple[int, ...], folds: int) -> None:
    """Five folds of a class of four leave one without it, and log loss is not defined there."""
    fitted, chosen = by_cross_validation(regression, *clusters(*counts), seed=1)
    assert chosen["folds"] == folds and (folds or chosen["C"] == linear.FIXED)
    assert list(fitted.classes_) == list(range(len(counts)))


def test_c_has_the_lowest_loss_of_held_out_texts() -> None:
    """Labels by the toss of a coin: any certainty costs, so the strongest regularization, the lowest C, is best."""
    features = np.random.default_rng(0).normal(size=(60, 20))
    _, chosen = by_cross_validation(regression, features, [0, 1] * 30, seed=1)
    assert chosen["C"] == linear.STRENGTHS[0]


def test_of_very_many_texts_a_part_judges_and_all_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a million texts in five folds and four values would take hours."""
    seen = []

    class Counted(type(regression(1.0))):
        def fit(self, features: np.ndarray, labels: np.ndarray) -> "Counted":
            seen.append(len(labels))
            return super().fit(features, labels)

    monkeypatch.setattr(linear, "JUDGED", 50)
    by_cross_validation(lambda strength: Counted(C=strength), *clusters(100, 100), seed=1)
    assert seen == [40] * 20 + [200]  # four fifths of fifty, four values in five folds, then all


def test_words_and_characters_are_learned_and_a_page_says_what_was_chosen(task: Task, tmp_path: Path) -> None:
    classifier = Tfidf(task)
    built = classifier.build()
    done = classifier.finetune(tmp_path, None, of_template())
    assert done.arguments.keys() == {"features", "C", "folds"} and done.arguments["features"] == "words and characters"
    pipeline = installed("scikit-learn").load(tmp_path, Setup("scikit-learn", "fp32", "cpu", 1), 512)
    columns = pipeline.tokenize(SENTENCES).shape[1]
    assert built.parameters.total == 5 * (columns + 1) + columns
    assert pipeline(SENTENCES).sum(axis=1) == pytest.approx([1, 1])
    assert answers_alone("scikit-learn", tmp_path) == pytest.approx(classifier.predictor()(SENTENCES))
    assert classifier.quality()[0].accuracy > 0.6
    page = about_finetune(make_record(finetune={"procedure": None, "arguments": {"C": 10.0, "folds": 5}}).finetune)
    assert "Its linear model: C 10.0 and folds 5." in page


def test_features_are_made_once(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vocabulary was fitted to count parameters, and again to learn."""
    made, features = [], Tfidf.features
    monkeypatch.setattr(Tfidf, "features", lambda self, texts: made.append(1) or features(self, texts))
    classifier = Tfidf(task)
    classifier.build()
    classifier.finetune(tmp_path, None, of_template())
    assert len(made) == 1


def test_a_point_of_a_label_curve_with_two_texts_a_class(task: Task, tmp_path: Path) -> None:
    classifier = Tfidf(with_few(task, 10))
    assert classifier.finetune(tmp_path, None, of_template()).arguments["folds"] == 0
    assert classifier.predictor()(SENTENCES).shape == (2, 5)


def test_very_long_training_sets_are_learned_by_words_alone(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-grams of 500,000 texts take 8 GB."""
    monkeypatch.setattr("compactbench.classifiers.tfidf.CHARACTERS", 1000)
    classifier = Tfidf(task)
    assert classifier.finetune(tmp_path, None, of_template()).arguments["features"] == "words"


@pytest.mark.slow
def test_static_embeddings_answer_without_torch(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A BERT of width 32, less than PCA keeps, which knows 61 tokens; three of them frame texts and have no vector."""
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(VOCABULARY), **small)).save_pretrained(tmp_path / "encoder")
    (tmp_path / "encoder" / "vocab.txt").write_text("\n".join(VOCABULARY))
    where = str(tmp_path / "encoder")
    model = Model(model="s", title="S", model_name=where, path=where, summary="S.", kind="static")
    task = Task(**{**vars(task), "model": model, "weights": "pretrained", "shared": tmp_path})
    classifier = Static(task)
    done = classifier.finetune(tmp_path, None, of_template())
    built = classifier.build()
    assert built.parameters.active == 5 * (32 + 1)
    assert built.parameters.total - built.parameters.active == 32 * (len(VOCABULARY) - 3)
    weights = (tmp_path / "encoder" / "model.safetensors").read_bytes()
    assert built.weights_sha256 == hashlib.sha256(weights).hexdigest()
    assert done.arguments.keys() == {"C", "folds"}
    predict = classifier.predictor()
    found = predict(SENTENCES)
    assert found.shape == (2, 5) and found.sum(axis=1) == pytest.approx([1, 1])
    assert predict(SENTENCES[:1])[0] == pytest.approx(found[0])  # its neighbour in the batch has no part
    assert predict.length("the cup final") == 3 and predict.length("") == 0
    assert predict.length("cup " * 600) == SUITE.max_length
    assert answers_alone("model2vec", tmp_path) == pytest.approx(found)
    monkeypatch.setattr("compactbench.classifiers.static.distill_from_model", None)  # takes a minute of a real encoder
    again = Static(task)
    again.finetune(tmp_path / "again", None, of_template())
    assert again.build() == built
    assert b"compactbench" not in (tmp_path / "model.joblib").read_bytes()  # a user needs the two libraries alone
