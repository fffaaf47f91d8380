"""The stages' own arithmetic, with numbers worked out by hand."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers.factory import MACHINE, make_record

from compactbench.data.load import fewer, load
from compactbench.data.readers.articles import headline_and_first_sentence
from compactbench.instruments.machine import default_machine
from compactbench.instruments.quality import class_f1, quality
from compactbench.parameters import load_model, load_suite
from compactbench.sources.weights import count_parameters, keep_layers, load_classifier

FOUR = ["a", "b", "c", "d"]
PARAMETERS = {
    "mobilebert": 24_583_940,
    "albert": 11_686_660,
    "tinybert": 14_351_500,
    "bert-small": 28_765_700,
    "bert-mini": 11_171_588,
    "bert-tiny": 4_386_436,
    "distilbert": 66_956_548,
    "minilm-l6": 22_714_756,
    "minilm-l4": 17_391_364 + 1_774_464,
    "minilm-l3": 17_391_364,
    "minilm-l2": 17_391_364 - 1_774_464,
    "minilm-l1": 17_391_364 - 2 * 1_774_464,
}


@pytest.mark.parametrize(("name", "expected"), PARAMETERS.items())
def test_parameters_with_four_classes(name: str, expected: int) -> None:
    """A wrong architecture entry would measure another model under this one's name."""
    classifier, _, _ = load_classifier(load_model(name), False, FOUR, seed=0)
    assert count_parameters(classifier).total == expected


def test_active_parameters_leave_out_the_three_embedding_tables() -> None:
    classifier, _, _ = load_classifier(load_model("bert-tiny"), False, FOUR, seed=0)
    found = count_parameters(classifier)
    assert found.total - found.active == (30_522 + 512 + 2) * 128


def test_packaged_weights_are_really_loaded_and_the_right_layers_kept() -> None:
    """minilm-l3 must be layers 0, 2, 4 of minilm-l6, not its first three and not random ones."""
    whole, _, revision = load_classifier(load_model("minilm-l6"), True, FOUR, seed=0)
    half, _, _ = load_classifier(load_model("minilm-l3"), True, FOUR, seed=1)
    assert revision == "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
    for kept, original in enumerate([0, 2, 4]):
        ours = half.bert.encoder.layer[kept].output.dense.weight
        assert torch.equal(ours, whole.bert.encoder.layer[original].output.dense.weight)
    assert half.config.num_hidden_layers == 3


def test_random_weights_follow_the_seed() -> None:
    first, again, other = (load_classifier(load_model("bert-tiny"), False, FOUR, seed=s)[0] for s in (1, 1, 2))
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_layers_that_are_shared_cannot_be_kept_apart() -> None:
    classifier, _, _ = load_classifier(load_model("albert"), False, FOUR, seed=0)
    with pytest.raises(ValueError, match="`keep_layers`: got \\[0\\]"):
        keep_layers(classifier, [0])


def test_wordpiece_vocabulary_is_cut_to_the_embedding_table() -> None:
    """ALBERT has 30,000 rows: an id of the full vocabulary would read beyond the table."""
    _, tokenizer, _ = load_classifier(load_model("albert"), False, FOUR, seed=0)
    assert len(tokenizer) == 30_000
    assert tokenizer(load_suite("starter").sentence)["input_ids"][0] == 101


def test_first_sentence_of_an_article() -> None:
    article = "Ad sales up\n\nProfits rose to $1.13bn in May. They fell in June.\n\nMore."
    assert headline_and_first_sentence(article) == "Ad sales up. Profits rose to $1.13bn in May."


def test_starter_is_split_by_class_without_duplicates() -> None:
    splits, facts = load(load_suite("starter"))
    assert facts.duplicates_dropped == 122
    assert sum(facts.train_counts) + sum(facts.test_counts) == 2225 - 122
    train, test = set(splits["train"]["text"]), set(splits["test"]["text"])
    assert len(train) + len(test) == 2225 - 122
    for trained, tested in zip(facts.train_counts, facts.test_counts, strict=True):
        assert tested / (trained + tested) == pytest.approx(0.3, abs=0.01)


def test_quality_by_hand() -> None:
    """Ten texts, eight right; Wilson's interval of 8 of 10 is .4902 to .9433 (Wilson, 1927)."""
    labels = [0] * 5 + [1] * 5
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.2, 0.8]] * 5 + [[0.9, 0.1]])
    found = quality(probabilities, labels, eval_time_s=1.0)
    assert found.accuracy == 0.8
    assert found.accuracy_interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert found.confusion == [[4, 1], [1, 4]]
    assert found.macro_f1 == pytest.approx(0.8)
    assert found.class_f1 == pytest.approx([0.8, 0.8])
    assert found.right == "1111011110"
    wanted = -(4 * np.log(0.9) + np.log(0.2) + 4 * np.log(0.8) + np.log(0.1)) / 10
    assert found.loss == pytest.approx(wanted)


def test_f1_of_classes_by_hand() -> None:
    """Class 0: 3 right, 1 missed, 2 claimed wrongly, so 6 / 9. Class 1: 4 / 7. A class that never occurs has none."""
    assert class_f1(np.array([[3, 1, 0], [2, 2, 0], [0, 0, 0]])) == pytest.approx([6 / 9, 4 / 7, 0.0])


def test_an_interval_is_that_of_a_known_spread() -> None:
    """A loss that is 1 nat on half of 400 texts and 0 on the others: mean .5, standard error .5 / 20 = .025.

    The interval must be near .5 -+ 1.96 * .025, and narrower with more texts.
    """
    probabilities = np.array([[np.exp(-1), 1 - np.exp(-1)], [1.0, 0.0]] * 200)
    low, high = quality(probabilities, [0] * 400, 1.0).loss_interval
    assert (low, high) == pytest.approx((0.451, 0.549), abs=0.006)


def test_fewer_labels_keep_the_share_of_every_class() -> None:
    splits, facts = load(load_suite("starter"))
    rows = fewer(splits["train"], 100, seed=1)
    shares = np.bincount(rows["label"]) / 100
    assert len(rows) == 100
    assert shares == pytest.approx(np.array(facts.train_counts) / sum(facts.train_counts), abs=0.01)
    assert fewer(splits["train"], None, seed=1) is splits["train"]
    assert fewer(splits["train"], 10**6, seed=1) is splits["train"]


def test_calibration_error_by_hand() -> None:
    """Confidence .9 on four texts of which three are right, .6 on one that is wrong: (4 * .15 + 1 * .6) / 5."""
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]])
    assert quality(probabilities, [0, 0, 0, 1, 1], 1.0).ece == pytest.approx((4 * 0.15 + 0.6) / 5)


@pytest.mark.parametrize("classes", [2, 5])
def test_intervals_are_those_of_a_bootstrap_over_texts(classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn as counts of kinds of texts, they must be what drawing the texts themselves gives, to a tenth of them."""
    random = np.random.default_rng(3)
    truth = random.integers(0, classes, 500)
    logits = random.normal(size=(500, classes)) + 2.0 * np.eye(classes)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = quality(probabilities, truth.tolist(), 1.0)
    monkeypatch.setattr("compactbench.instruments.quality.RESAMPLES", 1)  # the values of each draw, not its intervals
    drawn = [random.integers(0, 500, 500) for _ in range(1000)]
    again = [quality(probabilities[rows], truth[rows].tolist(), 1.0) for rows in drawn]
    for name in ("macro_f1", "loss", "ece"):
        expected = np.quantile([getattr(one, name) for one in again], [0.025, 0.975])
        interval = getattr(found, f"{name}_interval")
        assert interval == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0])), name


@pytest.mark.parametrize(
    ("cpu", "gpu", "slug"),
    [
        ("AMD EPYC", None, "cpu-amd-epyc-2c"),
        ("Intel(R) Xeon(R) Processor", None, "cpu-intel-xeon-2c"),
        ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", None, "cpu-intel-core-i7-8650u-2c"),
        ("AMD EPYC", "NVIDIA H200", "nvidia-h200"),
    ],
)
def test_machine_is_named_after_its_hardware(
    monkeypatch: pytest.MonkeyPatch, cpu: str, gpu: str | None, slug: str
) -> None:
    found = make_record(conditions={"machine": MACHINE | {"cpu": cpu, "gpu": gpu}}).conditions.machine
    monkeypatch.setattr("compactbench.instruments.machine.machine", lambda: found)
    assert default_machine() == slug


@pytest.mark.slow
def test_modelling_code_is_loaded_before_the_baseline_is_taken() -> None:
    """It once came with the first model, and its 100 MB and more than a second counted as the contender's."""
    code = "import sys, compactbench.runtimes.torch; print('transformers.modeling_utils' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True"


def test_answers_that_are_no_numbers_have_no_quality() -> None:
    """A training that diverged: its record could not be read back."""
    with pytest.raises(ValueError, match="diverged"):
        quality(np.array([[0.5, 0.5], [np.nan, np.nan]]), [0, 1], eval_time_s=1.0)
