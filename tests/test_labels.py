"""Labels beside bubbles: of many models some have one, and placing them does not take forever."""

import numpy as np
import pytest
from helpers.factory import BASELINE
from test_charts import BUBBLE, X, drawn_at, traces

from compactbench.report.charts import labels
from compactbench.report.charts import tradeoff as charts
from compactbench.report.tables.results import results


def test_of_many_models_those_on_the_front_have_labels() -> None:
    """Eight labels of three lines each covered one another and the bubbles."""
    runs = [drawn_at(f"m{number}", latency=number + 1.0, accuracy=0.9 - 0.01 * number) for number in range(6)]

    def labelled(count: int) -> list[str]:
        drawn = traces(charts.tradeoff(results(runs[:count]), X, BUBBLE))["fine-tuned transformer"]
        assert len(drawn["x"]) == count
        return [text for text in drawn["text"] if text]

    assert labelled(6) == ["M0"]
    assert len(labelled(5)) == 5


def test_a_label_that_finds_no_room_is_left_out_and_that_of_the_best_stays() -> None:
    """Nine marks in one place, which has eight sides; three labels on the right and three on the left have room."""
    kept, places = labels.legible([0.5] * 9, [0.5] * 9, [6] * 9, ["fifteen letters"] * 9, (), 2)
    assert kept[2] and sum(kept) == 6
    alone = [one for one, legible in zip(places, kept, strict=True) if legible]
    assert len(set(alone)) == len(alone)
    assert all(labels.legible([0.1, 0.5, 0.9], [0.1, 0.5, 0.9], [6] * 3, ["short"] * 3, (), 0)[0])


def test_labels_of_many_models_take_work_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred models on a long front did not finish in 92 s: each two labels were placed given all others."""
    compared = []

    def counted(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
        areas = overlap(ones, others)
        compared.append(areas.size)
        return areas

    overlap = labels._overlap
    monkeypatch.setattr(labels, "_overlap", counted)
    work = {}
    for count in (20, 80):
        compared.clear()
        runs = [drawn_at(f"m{number}", latency=number + 1.0, accuracy=0.5 + 0.005 * number) for number in range(count)]
        drawn = traces(charts.tradeoff(results(runs), X, BUBBLE))
        assert len(drawn["Pareto front"]["x"]) == count
        named = [text for text in drawn["fine-tuned transformer"]["text"] if text]
        assert 5 < len(named) <= charts.MOST_NAMED and f"M{count - 1}" in named  # the most accurate one
        work[count] = sum(compared)
    assert work[80] < 4.1 * work[20]


def test_of_many_models_the_baseline_has_a_label_too() -> None:
    """Here it is Pareto-dominated."""
    runs = [drawn_at(f"m{number}", latency=number + 1.0, accuracy=0.9) for number in range(6)]
    drawn = traces(charts.tradeoff(results([*runs, drawn_at("tfidf", 9.0, 0.8, **BASELINE)]), X, BUBBLE))
    assert drawn["baseline: no transformer"]["text"] == ["Tfidf"]
