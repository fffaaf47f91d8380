"""What the pages say in numbers, worked out by hand."""

import pandas as pd
import pytest
from helpers.factory import BASELINE, FROZEN, calls, make_failed, make_record

from compactbench import ROOT
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import MARGIN, pairs
from compactbench.report.tables.results import results
from compactbench.report.text.background import quoted_by_name
from compactbench.report.text.facts import answer, colab, facts, models, numbers, trade, unknown_accuracy
from compactbench.report.text.words import listed

REPOSITORY = "https://github.com/somebody/something"


def quality(accuracy: float, low: float, high: float) -> dict[str, object]:
    """That of 1000 texts, of which the last are wrong: what two differ by has Wilson's interval."""
    right = round(1000 * accuracy)
    return {"accuracy": accuracy, "accuracy_interval": (low, high), "right": "1" * right + "0" * (1000 - right)}


ALPHA = make_record("alpha", quality=quality(0.96, 0.94, 0.98), latency=[calls([12.0])])
BETA = make_record("beta", quality=quality(0.95, 0.92, 0.97), latency=[calls([4.0])])
DELTA = make_record("delta", quality=quality(0.90, 0.88, 0.93), latency=[calls([4.5])])


def said(*runs, margin: float = MARGIN) -> str:
    return answer(results(list(runs)), recommend(results(list(runs)), {}, pairs(runs, margin)), [ALPHA])


def test_the_answer_names_the_most_accurate_and_the_runner_up() -> None:
    text = said(ALPHA, BETA, DELTA)
    assert text.startswith("**Fine-tune Alpha.** It classifies 96.0\u00a0% of the held-out Example news texts right")
    assert "the runner-up, Beta, 95.0\u00a0% (95\u00a0% interval 92.0 to 97.0)" in text
    assert "more accurate than every other (the nearest, Beta: -1.0 points, 90\u00a0% interval -1.8 to -0.5)" in text


def test_a_faster_model_within_the_margin_is_taken_and_it_is_said_why() -> None:
    text = said(ALPHA, BETA, DELTA, margin=0.02)
    assert text.startswith("**Fine-tune Beta.**")
    assert "not lower than the highest, that of Alpha, by more than 2 points (-1.0 points, 90" in text
    assert "answers fastest" in text


def test_changing_one_record_changes_the_answer() -> None:
    better = make_record("beta", quality=quality(0.97, 0.95, 0.98))
    assert said(ALPHA, better).startswith("**Fine-tune Beta.**")
    group = results([ALPHA, better])
    assert "97.0\u00a0%" in numbers(group, recommend(group, {}))


def test_the_baseline_is_held_against_the_answer() -> None:
    baseline = make_record("tfidf", **BASELINE, quality=quality(0.89, 0.86, 0.92), latency=[calls([0.5])])
    assert "The baseline, Tfidf, which is no transformer, reaches 89.0\u00a0%" in said(ALPHA, BETA, baseline)
    assert "answers 24 times as fast" in said(ALPHA, BETA, baseline)  # 12 ms against .5 ms
    assert "The baseline" not in said(ALPHA, baseline)  # it is named as the runner-up already


def test_random_weights_and_failures_are_never_the_answer() -> None:
    random = make_record("gamma", weights="random", quality=quality(0.99, 0.98, 1.0))
    group = results([random, make_failed("broken")])
    assert said(random, make_failed("broken")).startswith("**No model can be recommended yet:**")
    assert numbers(group, recommend(group, {})) == ""
    text = unknown_accuracy(group)
    assert "Gamma ran with **random weights**" in text
    assert "Broken (finetune: the weights could not be read)" in text


def test_a_baseline_that_wins_is_not_fine_tuned() -> None:
    baseline = make_record("tfidf", **BASELINE, quality=quality(0.97, 0.95, 0.98))
    assert said(ALPHA, baseline).startswith("**Take Tfidf: no transformer beats the baseline here.**")


def test_only_what_is_fine_tuned_is_said_to_be() -> None:
    """Frozen embeddings are a transformer and no baseline, and their encoder learns nothing."""
    frozen = make_record("still", quality=quality(0.97, 0.95, 0.98), **FROZEN)
    assert said(ALPHA, frozen).startswith("**Take Still.** It classifies 97.0")


def test_an_edited_training_is_labelled_and_shown() -> None:
    edited = make_record("mine", quality=quality(0.99, 0.98, 1.0), finetune={"edited": True})
    assert said(ALPHA, edited).startswith("**Fine-tune Alpha.**")
    assert "Mine <small>edited training</small> | 99.0" in models(results([ALPHA, edited]), ())
    assert "Mine ran with an **edited training**" in unknown_accuracy(results([ALPHA, edited]))


def test_the_trade_holds_every_known_model_against_the_chosen_one() -> None:
    """Beta is a point less accurate and three times as fast; beta dominates delta."""
    group = results([ALPHA, BETA, DELTA])
    known = pairs([ALPHA, BETA, DELTA])
    first, second = trade(group, recommend(group, {}, known), known).splitlines()
    held = "- **Beta**: -1.0 points of accuracy (90\u00a0% interval -1.8 to -0.5: worse)"
    assert first.startswith(f"{held}; 3.0 times as fast (4.0\u00a0ms)")
    assert "On the Pareto front" in first
    assert second.startswith("- **Delta**: -6.0 points") and "On the Pareto front" not in second


def test_the_table_puts_the_known_first_and_leaves_the_unknown_blank() -> None:
    pages = {"runs/starter/reference-cpu/delta.ipynb"}
    fast = make_record("gamma", weights="random", latency=[calls([1.0])])
    lines = models(results([make_failed("broken"), fast, DELTA, ALPHA]), pages).splitlines()[2:]
    names, accuracies = zip(*([cell.strip() for cell in line.split("|")[1:3]] for line in lines), strict=True)
    linked = "[Delta](/runs/starter/reference-cpu/delta.ipynb)"
    assert [name.split(" ")[0] for name in names] == ["Alpha", linked, "Gamma", "Broken"]
    assert accuracies == ("96.0 <small>94.0 to 98.0</small>", "90.0 <small>88.0 to 93.0</small>", "–", "–")


def test_what_2021_typed_in_by_hand_is_held_against_its_parameters() -> None:
    quoted = quoted_by_name(pd.read_csv(ROOT / "book" / "data" / "reference-2021.csv"))
    assert quoted["mobilebert.fp32_mb"] == "98"  # 24,583,940 parameters of 4 bytes
    assert quoted["bert-small.gpu_memory_finetune_mb"] == quoted["tinybert.gpu_memory_finetune_mb"] == "3,797"


def test_a_fork_opens_its_own_notebook_in_colab() -> None:
    expected = "https://colab.research.google.com/github/somebody/something/blob/main/notebooks/summary.ipynb"
    assert colab(REPOSITORY, "summary") == expected


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed_as_a_sentence_lists_them(words: list[str], text: str) -> None:
    assert listed(words) == text


def test_what_has_no_latency_is_compared_without_it() -> None:
    """A record without one stopped the whole site."""
    silent = [make_record("alpha", quality=quality(0.96, 0.94, 0.98), latency=[]), BETA]
    silent += [make_record("tfidf", **BASELINE, quality=quality(0.89, 0.86, 0.92), latency=[])]
    quoted = pd.read_csv(ROOT / "book" / "data" / "reference-2021.csv")
    found = facts(silent, quoted, [], "https://github.com/somebody/fork")
    assert "reaches 89.0\N{NO-BREAK SPACE}%" in found["answer"].replace(" %", "\N{NO-BREAK SPACE}%")
    assert "times as" not in found["answer"] + found["trade"]


def test_without_any_run_a_sentence_says_so() -> None:
    with pytest.raises(ValueError, match="There is no run to report: measure a model first"):
        facts([], pd.DataFrame(), [], "https://github.com/somebody/fork")
