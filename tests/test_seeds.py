"""Seeds: what the split of one is, what the record keeps of each, and what they say together."""

from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset
from helpers.factory import make_record
from pydantic import ValidationError

from compactbench.data.clean import Raw, counts, split
from compactbench.data.load import fingerprint, load
from compactbench.instruments.quality import quality
from compactbench.parameters import load_suite
from compactbench.record import Record, Repeat, joined, parted, signs

TRUE = [0] * 30 + [1] * 30
"""The classes of the test texts of the factory's record."""


def pooled(splits: Any) -> list[str]:
    return sorted([*splits["train"]["text"], *splits["test"]["text"]])


def test_each_seed_has_a_split_of_its_own_and_every_model_the_same() -> None:
    """Were all seeds to share a split, their spread would say nothing about the choice of the test texts."""
    suite = load_suite("starter")
    assert suite.seeds == [42, 43, 44]
    first, facts = load(suite)
    other, others = load(suite, 43)
    assert fingerprint(load(suite, 43)[0]) == others.fingerprint != facts.fingerprint
    assert load(suite, 42)[1].fingerprint == facts.fingerprint  # the first seed's is the run's own
    assert pooled(first) == pooled(other)
    assert not set(other["train"]["text"]) & set(other["test"]["text"])
    assert (others.train_counts, others.test_counts) == (
        facts.train_counts,
        facts.test_counts,
    )  # the same of each class
    assert parted(others.test_labels or "") == other["test"]["label"][:]
    both = set(first["test"]["text"]) & set(other["test"]["text"])
    assert len(both) / sum(facts.test_counts) == pytest.approx(0.3, abs=0.05)  # by chance: the share held out


def test_test_texts_that_a_data_set_brings_stay_those_of_every_seed() -> None:
    """Drawn anew, they would be another data set than the one that other studies report on."""
    rows = [Dataset.from_dict({"text": [f"{name} {n}" for n in range(40)], "label": ["a", "b"] * 20}) for name in "xy"]
    found = [split(Raw(train=rows[0], test=rows[1]), None, 20, seed, 7)[0] for seed in (1, 2)]
    assert fingerprint(found[0]) == fingerprint(found[1])
    assert isinstance(found[0]["test"].features["label"], ClassLabel) and sum(counts(found[0]["test"])) == 20


def test_seeds_are_named_once() -> None:
    """The same seed twice is the same fine-tune twice, and would halve the spread."""
    with pytest.raises(ValueError, match="each once"):
        load_suite("starter", {"seeds": [42, 42]})


def answered(predicted: list[int], **changes: Any) -> Record:
    """A record of a model that gave the test texts these classes, with what it keeps of them."""
    right = "".join("01"[one == other] for one, other in zip(TRUE, predicted, strict=True))
    told = {"predicted": joined(predicted), "right": right}
    return make_record(data={"test_labels": joined(TRUE)}, quality=told, **changes)


def test_what_is_kept_comes_back_from_the_file() -> None:
    predicted = [0] * 29 + [1] + [1] * 28 + [0] * 2
    repeat = Repeat(
        **{"seed": 1, "labels": 140, "time_s": 1.0, "accuracy": 0.9, "accuracy_interval": (0, 1), "macro_f1": 0.9},
        **{"split": "2" * 64, "true": joined(TRUE[::-1]), "predicted": joined(predicted)},
    )
    record = answered(predicted, repeats=[repeat], probabilities=["9000 1000"] * 60)
    again = Record.model_validate_json(record.model_dump_json())
    assert again == record
    assert again.trained.quality and parted(again.trained.quality.predicted or "") == predicted
    assert signs(again.data.test_labels or "", again.trained.quality.predicted or "") == again.trained.quality.right


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"data": {"test_labels": joined([0] * 31 + [1] * 29)}}, "test_labels"),
        ({"quality": {"predicted": joined([0] * 60)}}, "predicted"),
        ({"quality": {"predicted": "0 1 x"}}, "predicted"),
        ({"probabilities": ["5000 5000 0"] * 60}, "probabilities"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        make_record(**changes)


def test_published_quality_is_that_of_the_kept_probabilities() -> None:
    """Of .99996 four decimals are 1; of .00001 they are 0, which counts as .00005: -ln .00005 = 9.9035 nats."""
    found = quality(np.array([[0.99996, 0.00004], [0.99999, 0.00001]], dtype=np.float32), [0, 1], 1.0)
    assert found.loss == pytest.approx(-np.log(0.00005) / 2, abs=1e-12)
    assert found.ece == pytest.approx(0.5, abs=1e-12)  # sure of both, right in one
    assert (found.predicted, found.right) == ("0 0", "10")


def test_a_tie_of_the_kept_probabilities_changes_no_answer() -> None:
    """.50001 and .49999 are both .5 when they are kept: the class is the one that the model gave."""
    found = quality(np.array([[0.49999, 0.50001]] * 2), [1, 0], 1.0)
    assert (found.predicted, found.accuracy) == ("1 1", 0.5)
