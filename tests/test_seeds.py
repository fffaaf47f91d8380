"""Seeds: what the split of one is, what the record keeps of each, and what they say together."""

from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset
from helpers.factory import make_record, runtime
from pydantic import ValidationError
from scipy.stats import norm, t

from compactbench.data.clean import Raw, counts, split
from compactbench.data.load import fingerprint, load
from compactbench.instruments.quality import quality
from compactbench.parameters import load_suite
from compactbench.record import Record, Repeat, joined, parted, signs
from compactbench.report.statistics.paired import pairs
from compactbench.report.statistics.seeds import macro_f1, paired, superiority, two_level
from compactbench.report.tables.results import plain_rows, results, runtimes
from compactbench.report.text import seeds

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
        ({"probabilities": ["5000 5000"] * 59}, "probabilities"),
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


def seeded(model: str, wrong: dict[int, int], **changes: Any) -> Record:
    """A record of a model that classified so many test texts wrong from each seed, the first ones of its split."""
    own, *further = wrong

    def answers(seed: int) -> list[int]:
        return [1 - true if place < wrong[seed] else true for place, true in enumerate(TRUE)]

    def right(seed: int) -> str:
        return "0" * wrong[seed] + "1" * (60 - wrong[seed])

    repeat = {"labels": 140, "time_s": 1.0, "accuracy_interval": (0, 1), "macro_f1": 0.9, "true": joined(TRUE)}
    return make_record(
        model,
        data={"test_labels": joined(TRUE)},
        conditions={"seed": own},
        quality={"predicted": joined(answers(own)), "right": right(own), "accuracy": 1 - wrong[own] / 60},
        repeats=[
            {"seed": seed, "split": f"{seed:064}", "predicted": joined(answers(seed)), "accuracy": 1 - wrong[seed] / 60}
            | repeat
            for seed in further
        ],
        **changes,
    )


def test_the_two_level_interval_by_another_way() -> None:
    """Accuracies .90, .94 and .95 of 600 texts, .3 of them shared: Wilson's ends solve (x - a)^2 n = q^2 x (1 - x)."""
    found = (0.90, 0.94, 0.95)
    mean = sum(found) / 3
    between = sum((one - mean) ** 2 for one in found) / 2 / 3
    whole = between + 0.3 * mean * (1 - mean) / 600
    q, n = t(2 * (whole / between) ** 2).ppf(0.975), mean * (1 - mean) / whole
    ends = np.roots([n + q**2, -(2 * n * mean + q**2), n * mean**2])
    assert two_level(found, mean * (1 - mean) / 600, 0.3) == pytest.approx(sorted(ends), abs=1e-12)


def test_seeds_that_agree_leave_the_chance_of_the_texts() -> None:
    """The same accuracy from each seed on the same 600 texts is no more certain than one of them."""
    q = norm.ppf(0.975)
    ends = np.roots([600 + q**2, -(2 * 600 * 0.9 + q**2), 600 * 0.81])
    assert two_level([0.9] * 3, 0.09 / 600, 1.0) == pytest.approx(sorted(ends), abs=1e-12)


@pytest.mark.parametrize(
    ("seeds", "overlap", "worse"), [(3, 0.3, 0.02), (3, 0.3, 0.0), (10, 0.3, 0.02), (3, 1.0, 0.02)]
)
def test_the_two_level_interval_covers_the_true_accuracy(seeds: int, overlap: float, worse: float) -> None:
    """Texts of which each has a chance of its own to be right, and seeds of which each loses up to 2 * `worse` of it.

    The true accuracy is .9 (1 - worse). Of 500 intervals 93 % or more hold it: 95 %, less two deviations of 1 %.
    """
    rng, held, texts = np.random.default_rng(5), 0, 630
    pool = round(texts / overlap) if overlap < 1 else texts
    for _ in range(500):
        chance = rng.beta(0.9, 0.1, pool)
        split = [rng.permutation(pool)[:texts] for _ in range(seeds)]
        lost = rng.uniform(0, 2 * worse, seeds)
        right = [(rng.random(texts) < chance[rows] * (1 - one)).mean() for rows, one in zip(split, lost, strict=True)]
        mean = float(np.mean(right))
        low, high = two_level(right, mean * (1 - mean) / texts, overlap)
        held += low <= 0.9 * (1 - worse) <= high
    assert held >= 465


def test_published_accuracy_is_the_mean_over_the_seeds() -> None:
    """60, 57 and 54 of 60 right: 95 %. 60 of 200 texts are held out, so two seeds share .3 of them."""
    row = plain_rows(results([seeded("a", {42: 0, 43: 3, 44: 6})]))[0]
    assert (row["eval_accuracy"], row["eval_accuracy_mean"]) == pytest.approx((0.95, 0.95))
    assert (row["eval_accuracy_low"], row["eval_accuracy_high"]) == two_level([1.0, 0.95, 0.9], 0.05 * 0.95 / 60, 0.3)
    assert row["eval_macro_f1"] == pytest.approx((0.95 + 0.9 + 0.9) / 3)
    assert row["eval_macro_f1_low"] < row["eval_macro_f1"] < row["eval_macro_f1_high"]
    alone = plain_rows(results([make_record()]))[0]
    assert (alone["eval_accuracy_low"], alone["eval_accuracy_high"]) == (0.86, 0.98)  # as the record has it


def worse_by_three() -> dict[str, Any]:
    """int8, which answered from the first seed alone, and missed 9 of 60 texts."""
    return runtime(
        **{"runtime": "onnxruntime", "label": "ONNX int8", "precision": "int8", "agreement": 0.9},
        quality={"accuracy": 51 / 60, "right": "0" * 9 + "1" * 51, "macro_f1": 0.5},
        latency=[],
    )


def in_int8(record: Record) -> Record:
    """The record as `in_runtime` has it."""
    return record.model_copy(update={"runtimes": record.runtimes[::-1]})


def test_a_further_runtime_keeps_the_means_distance() -> None:
    """It answered from the first seed alone, three texts of 60 worse: of the mean of .95 that leaves .90, not .85."""
    record = seeded("a", {42: 6, 43: 3, 44: 0}, runtimes=[worse_by_three()])
    first = in_int8(record)
    assert plain_rows(results([record]))[0]["eval_accuracy"] == pytest.approx(0.95)
    assert plain_rows(results([first]))[0]["eval_accuracy"] == pytest.approx(0.90)
    assert [row["eval_accuracy"] for row in plain_rows(runtimes([record]))] == pytest.approx([0.90, 0.85])


def test_what_a_further_runtime_changes_counts_from_every_seed_where_models_are_compared() -> None:
    """As trained both miss as many texts from each seed; in int8 one misses 3 more of 60: .05, and no third of that."""
    wrong = {42: 6, 43: 3, 44: 0}
    other, record = seeded("b", wrong), seeded("a", wrong, runtimes=[worse_by_three()])
    found = pairs([in_int8(record), other]).compare("a", "b")
    assert found and found.difference == pytest.approx(-0.05)
    trained = record.trained.quality.macro_f1
    assert list(macro_f1(record).values()) == pytest.approx([0.9, 0.9, trained])
    assert list(macro_f1(in_int8(record)).values()) == pytest.approx([0.9 + 0.5 - trained] * 2 + [0.5])


def test_models_are_compared_seed_by_seed_on_the_same_texts() -> None:
    """A seed that only one has, or of another split, is no pair."""
    one, other = seeded("a", {42: 2, 43: 6, 44: 0}), seeded("b", {42: 3, 43: 1, 45: 0})
    found = paired(one, other)
    assert list(found) == [42, 43]
    first, second = found[43]
    assert (first.shape, first.dtype) == ((60,), bool)
    assert ((~first).sum(), (~second).sum()) == (6, 1)
    moved = other.model_copy(update={"data": other.data.model_copy(update={"fingerprint": "3" * 64})})
    assert list(paired(one, moved)) == [43]
    old = make_record("c")  # a record that keeps no classes has the signs of its own seed
    assert list(paired(one, old)) == [42]


def test_the_probability_of_being_more_accurate_counts_seeds() -> None:
    """More accurate from two seeds of four, as accurate from one: 2.5 of 4.

    Wilson's ends solve (x - p)^2 n = q^2 x (1 - x).
    """
    found = superiority(seeded("a", {1: 0, 2: 0, 3: 5, 4: 9}), seeded("b", {1: 2, 2: 2, 3: 5, 4: 0}))
    q = norm.ppf(0.975)
    ends = np.roots([4 + q**2, -(2 * 4 * 0.625 + q**2), 4 * 0.625**2])
    assert found and (found.probability, found.seeds) == (0.625, 4)
    assert found.interval == pytest.approx(sorted(ends), abs=1e-12)
    assert superiority(seeded("a", {1: 0}), seeded("b", {2: 0})) is None


def test_the_summary_holds_each_model_against_the_best_seed_by_seed() -> None:
    """Means of 58 and 56 of 60 right, 3.3 points apart: behind from one seed of two, and equal from the other."""
    best, other = seeded("a", {42: 0, 43: 4}), seeded("b", {42: 4, 43: 4})
    told = seeds.against_best([other, best, make_record("r", weights="random"), make_record("old")])
    assert "The highest mean over the seeds is that of A, 96.7" in told
    (row,) = [line for line in told.splitlines() if line.startswith("| B")]
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert (cells[1][:4], cells[3], cells[4], cells[5][:3]) == ("93.3", "3.3", "2", "75%")
    assert "Old" not in told and "| R" not in told  # one seed in common; no accuracy at all
    assert seeds.against_best([make_record("x"), make_record("y")]) == seeds.ONE_SEED == seeds.against_best([])
