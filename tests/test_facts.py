"""What the pages say in numbers, worked out by hand."""

from pathlib import Path

import pandas as pd
import pytest
from factory import make_failed, make_record

from compactbench import ROOT
from compactbench.report.background import listed, quoted_by_name
from compactbench.report.facts import answer, colab, contenders, numbers, trade, unknown_accuracy
from compactbench.report.table import results

REPOSITORY = "https://github.com/somebody/something"


def quality(accuracy: float, low: float, high: float) -> dict[str, float]:
    return {"accuracy": accuracy, "accuracy_low": low, "accuracy_high": high}


def calls(milliseconds: float) -> list[dict[str, object]]:
    return [{"device": "cpu", "threads": 2, "process": 0, "warmup_calls": 5, "samples_ms": [milliseconds]}]


ALPHA = make_record("alpha", quality=quality(0.96, 0.94, 0.98), latency=calls(12.0))
BETA = make_record("beta", quality=quality(0.95, 0.92, 0.97), latency=calls(4.0))
DELTA = make_record("delta", quality=quality(0.90, 0.88, 0.93), latency=calls(4.5))


def test_the_answer_names_the_most_accurate_and_says_what_may_be_chance() -> None:
    said = answer(results([ALPHA, BETA, DELTA]), [ALPHA])
    assert said.startswith("**Fine-tune Alpha.** Of 3 contenders of known accuracy it is the most accurate")
    assert "runner-up, Beta, reaches 95.0\u00a0%" in said
    assert "may be chance" in said  # beta's interval ends at .97, alpha's begins at .94


def test_intervals_apart_are_said_to_be_apart() -> None:
    said = answer(results([ALPHA, DELTA]), [ALPHA])
    assert "do not overlap" in said  # delta's ends at .93, alpha's begins at .94
    assert "may be chance" not in said


def test_changing_one_record_changes_the_answer() -> None:
    better = make_record("beta", quality=quality(0.97, 0.95, 0.98))
    assert answer(results([ALPHA, better]), [ALPHA]).startswith("**Fine-tune Beta.**")
    assert "97.0\u00a0%" in numbers(results([ALPHA, better]))


def test_random_weights_and_failures_are_never_the_answer() -> None:
    random = make_record("gamma", weights="random", quality=quality(0.99, 0.98, 1.0))
    group = results([random, make_failed("broken")])
    assert answer(group, [random]).startswith("**No contender can be recommended yet:**")
    assert numbers(group) == ""
    said = unknown_accuracy(group)
    assert "Gamma ran with **random weights**" in said
    assert "Broken (finetune: the weights could not be read)" in said


def test_a_floor_that_wins_is_not_fine_tuned() -> None:
    floor = make_record("tfidf", weights="none", quality=quality(0.97, 0.95, 0.98))
    assert answer(results([ALPHA, floor]), [ALPHA]).startswith("**Take Tfidf: no transformer beats the floor here.**")


def test_the_trade_lists_only_contenders_on_the_front() -> None:
    """Beta is a point less accurate and three times as fast; delta is beaten by beta in both."""
    said = trade(results([ALPHA, BETA, DELTA]))
    assert said.startswith("- **Beta** gives up 1.0 points of accuracy and answers 3.0 times as fast (4.0\u00a0ms)")
    assert "Delta" not in said


def test_the_table_puts_the_known_first_and_leaves_the_unknown_blank(tmp_path: Path) -> None:
    fast = make_record("gamma", weights="random", latency=calls(1.0))
    lines = contenders(results([make_failed("broken"), fast, DELTA, ALPHA]), tmp_path).splitlines()[2:]
    names, accuracies = zip(*([cell.strip() for cell in line.split("|")[1:3]] for line in lines), strict=True)
    assert [name.split(" ")[0] for name in names] == ["Alpha", "Delta", "Gamma", "Broken"]
    assert accuracies == ("96.0 <small>94.0 to 98.0</small>", "90.0 <small>88.0 to 93.0</small>", "–", "–")


def test_what_2021_typed_in_by_hand_is_held_against_its_parameters() -> None:
    quoted = quoted_by_name(pd.read_csv(ROOT / "book" / "data" / "reference-2021.csv"))
    assert quoted["mobilebert"]["fp32_mb"] == "98"  # 24,583,940 parameters of 4 bytes
    assert quoted["bert-small"]["gpu_memory_finetune_mb"] == quoted["tinybert"]["gpu_memory_finetune_mb"] == "3,797"


def test_a_fork_opens_its_own_notebook_in_colab() -> None:
    expected = "https://colab.research.google.com/github/somebody/something/blob/main/notebooks/summary.ipynb"
    assert colab(REPOSITORY, "summary") == expected


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed_as_a_sentence_lists_them(words: list[str], text: str) -> None:
    assert listed(words) == text
