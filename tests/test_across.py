"""Models over several data sets: ranks and wins, and what may stand in the table."""

from typing import Any

from helpers.factory import make_record

from compactbench.record import Record
from compactbench.report.choice.across import across
from compactbench.report.text.across import across_table, other_data

UNBALANCED = {"name": "Wires", "test_counts": [50, 10]}


def run(model: str, accuracy: float, suite: str = "starter", **changes: Any) -> Record:
    """A run whose accuracy and macro F1 differ, so that it shows which of them counts."""
    quality = {"accuracy": accuracy, "macro_f1": accuracy / 2, "macro_f1_interval": None}
    return make_record(model, suite=suite, quality=quality | changes.pop("quality", {}), **changes)


def runs() -> list[Record]:
    """Three models on three data sets; on the second macro F1 decides, which gives another order."""
    wires: dict[str, Any] = {"suite": "wires", "data": UNBALANCED}
    mail: dict[str, Any] = {"suite": "mail", "data": {"name": "Mail"}}
    return [
        *(run(model, value) for model, value in [("a", 0.96), ("b", 0.94), ("c", 0.90)]),
        *(run("abc"[n], 0.9, quality={"macro_f1": f1}, **wires) for n, f1 in enumerate((0.5, 0.7, 0.6))),
        *(run(model, value, **mail) for model, value in [("a", 0.8), ("b", 0.7), ("c", 0.8)]),
    ]


def test_ranks_are_averaged_and_equal_values_share_one() -> None:
    """By hand: a is 1, 3 and 1.5; b is 2, 1 and 3; c is 3, 2 and 1.5."""
    metrics, found = across(runs(), "reference-cpu")
    assert {name: metric.name for name, metric in metrics.items()} == {
        "Example news": "eval_accuracy",
        "Mail": "eval_accuracy",
        "Wires": "eval_macro_f1",
    }
    told = {one.title: (round(one.mean_rank or 0, 3), one.wins) for one in found}
    assert told == {"A": (1.833, 2), "B": (2.0, 1), "C": (2.167, 1)}
    assert [one.title for one in found] == ["A", "B", "C"]


def test_a_model_that_lacks_a_data_set_has_no_rank_and_moves_nobodys() -> None:
    more = [run("d", 0.99), run("e", 0.99, machine="other"), run("f", 0.99, weights="random")]
    _, found = across([*runs(), *more], "reference-cpu")
    assert [(one.title, one.wins) for one in found] == [("A", 2), ("B", 1), ("C", 1), ("D", None)]
    row = across_table([*runs(), *more], "reference-cpu").splitlines()[-1]
    assert row == "| D | 99.0 <small>86.0 to 98.0</small> |  |  |  |  |"


def test_two_suites_of_one_data_set_are_one_column() -> None:
    """Else the data set would count twice in every rank. The suite with more models stands for it."""
    again = [run(model, value, suite="again") for model, value in [("a", 0.1), ("b", 0.9)]]
    assert across([*runs(), *again], "reference-cpu") == across(runs(), "reference-cpu")


def test_the_table_names_the_metric_and_has_no_interval_where_there_is_none() -> None:
    head, _, first, *_ = across_table(runs(), "reference-cpu").splitlines()
    assert (
        head == "| Model | Example news: Accuracy (%) | Mail: Accuracy (%) | Wires: Macro F1 (%) | Mean rank | Wins |"
    )
    assert first == ("| A | 96.0 <small>86.0 to 98.0</small> | 80.0 <small>86.0 to 98.0</small> | 50.0 | 1.8 | 2 |")


def test_one_data_set_is_nothing_to_compare() -> None:
    assert "no second data set" in across_table(runs()[:3], "reference-cpu")
    assert "no second data set" in across_table([], "reference-cpu")


def test_what_is_recommended_on_each_other_data_set() -> None:
    """On the other suite alpha is right on 19 of 20 texts and beta, which is slower, on as many."""
    right = {"right": "1" * 19 + "0", "accuracy": 0.95}
    other = [make_record(name, suite="other", quality=right, data={"name": "Other news"}) for name in ("alpha", "beta")]
    told = other_data([make_record("alpha"), *other], "starter", "reference-cpu")
    assert told.startswith("- **Other news**, 2 classes: Alpha, 95.0")
    assert "; the runner-up is Beta, 95.0" in told and len(told.splitlines()) == 1
    assert other_data([make_record("alpha")], "starter", "reference-cpu").startswith("No other data set")
    again = make_record("alpha", suite="again")  # on the data that the page speaks of
    assert other_data([make_record("alpha"), again], "starter", "reference-cpu").startswith("No other data set")
    blind = {"confusion": [[30, 0], [30, 0]], "right": "1" * 30 + "0" * 30}  # never the second class
    early = make_record("gamma", suite="other", quality=blind, data={"name": "Other news"})
    told = other_data([make_record("alpha"), *other, early], "starter", "reference-cpu")
    assert told.endswith("accuracy. Undertrained, so not weighed: Gamma.")
    blank = make_record("alpha", suite="other", weights="random")
    assert other_data([make_record("alpha"), blank], "starter", "reference-cpu").startswith("No other data set")


def test_data_sets_of_the_machine_that_are_not_shown_are_named() -> None:
    others = [("mail", "reference-cpu"), ("wires", "desk")]
    assert other_data([make_record("alpha")], "starter", "reference-cpu", others) == "- Not shown here: `mail`"
