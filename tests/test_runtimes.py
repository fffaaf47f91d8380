"""The ways to serve: their table, the best of each contender, and what a reader who asks for one is told."""

from typing import Any

import pytest
from helpers.factory import calls, make_failed, make_record

from compactbench.record import Record
from compactbench.report.choice.recommend import recommend
from compactbench.report.tables.results import plain_rows, results
from compactbench.report.tables.runtimes import TYPES, runtimes, served_by, ways
from compactbench.report.text.facts import exported
from compactbench.report.text.model_card import card, metadata
from compactbench.report.text.runtimes import gains, latencies_chart, table, verdicts


def way(precision: str, latency_ms: float, right: str = "1" * 57 + "0" * 3, **changes: Any) -> dict[str, Any]:
    """ONNX Runtime with every call at `latency_ms`."""
    trained = make_record().model_dump()
    quality = trained["quality"] | {"right": right, "accuracy": right.count("1") / len(right)}
    served = {name: trained[name] for name in ("load_time_s", "inference_memory", "latency_by_length", "throughput")}
    served |= {
        "artefact": {"files": {"onnx/model.onnx": 20_000_000, "tokenizer.json": 500_000}, "weights_files": []},
        "latency": [calls([latency_ms] * 3, precision=precision)],
        "quality": quality,
    }
    fields = {"runtime": "onnxruntime", "precision": precision, "device": "cpu", "agreement": 0.98, "error": None}
    return fields | {"served": served} | changes


def record(**changes: Any) -> Record:
    """Trained at a median of 10 ms; ONNX Runtime in fp32 at 5 ms, in int8 at 2 ms, and one way that failed."""
    failed = way("int8", 1.0, runtime="openvino", served=None, agreement=None, error="ValueError: no such operator")
    return make_record(**({"runtimes": [way("fp32", 5.0), way("int8", 2.0), failed]} | changes))


WORSE = "1" * 40 + "0" * 20
"""Seventeen more of sixty texts wrong: beyond chance."""


def test_one_row_a_way_and_a_failed_one_keeps_its_error() -> None:
    frame = runtimes([record(), make_failed()])
    assert list(frame.columns) == list(TYPES)
    rows = plain_rows(frame)
    assert [(row["runtime"], row["precision"]) for row in rows] == [
        ("torch", "fp32"),
        ("onnxruntime", "fp32"),
        ("onnxruntime", "int8"),
        ("openvino", "int8"),
    ]
    assert [row["latency_p50_ms"] for row in rows] == [10.0, 5.0, 2.0, None]
    assert [row["size_mb"] for row in rows] == [81.0, 20.5, 20.5, None]
    assert rows[2]["peak_ram_mb"] == 550.0  # 450 of libraries and 100 beyond: the whole process
    assert (rows[3]["status"], rows[3]["error"]) == ("failed", "ValueError: no such operator")
    assert (rows[0]["agreement"], rows[2]["agreement"]) == (None, 0.98)


def test_random_weights_have_neither_accuracy_nor_agreement() -> None:
    rows = plain_rows(runtimes([record(weights="random")]))
    assert {row["eval_accuracy"] for row in rows} == {row["agreement"] for row in rows} == {None}
    assert rows[2]["latency_p50_ms"] == 2.0


def test_the_best_way_is_the_fastest_that_keeps_the_quality() -> None:
    (best,) = served_by([record()], "any")
    assert (best.runtime, best.conditions.precision, best.title) == ("onnxruntime", "int8", "Alpha (ONNX int8)")
    (best,) = served_by([record(runtimes=[way("fp32", 5.0), way("int8", 2.0, right=WORSE)])], "any")
    assert best.title == "Alpha (ONNX fp32)"
    (best,) = served_by([record(runtimes=[way("int8", 20.0)])], "any")
    assert best.title == "Alpha"
    (best,) = served_by([record(weights="random", runtimes=[way("int8", 2.0, right=WORSE)])], "any")
    assert best.title == "Alpha (ONNX int8)"  # what random weights lose means nothing


def test_a_runtime_among_the_limits_changes_what_is_compared_and_recommended() -> None:
    """As trained beta is faster; served with ONNX Runtime alpha is, and the floor cannot be served so at all."""
    runs = [record(), make_record("beta", latency=[calls([4.0] * 3)]), make_record("floor", weights="none")]
    runs[2] = runs[2].model_copy(update={"runtime": "scikit-learn"})
    tied = frozenset(frozenset(pair) for pair in (("alpha", "beta"), ("alpha", "floor"), ("beta", "floor")))
    assert recommend(results(served_by(runs, None)), {}, tied).chosen == "beta"
    assert recommend(results(served_by(runs, "any")), {}, tied).chosen == "alpha"
    choice = recommend(results(served_by(runs, "onnxruntime")), {"cpu_latency_p50_ms": 3}, tied)
    assert (choice.chosen, choice.runner_up) == ("alpha", None)
    assert choice.out["floor"] == choice.out["beta"] == "it was not measured with the runtime that was asked for"


def test_a_served_row_holds_that_ways_numbers() -> None:
    row = plain_rows(results(served_by([record()], "onnxruntime")))[0]
    assert (row["runtime"], row["precision"], row["cpu_latency_p50_ms"]) == ("onnxruntime", "int8", 2.0)
    assert (row["artefact_size_mb"], row["cpu_latency_1core_p50_ms"]) == (20.5, None)
    assert len(ways(record())) == 3


def test_the_page_says_where_a_way_is_slower_or_worse() -> None:
    text = verdicts(record(runtimes=[way("fp32", 20.0), way("int8", 2.0, right=WORSE)])).data
    assert "**ONNX fp32** is **slower**, 0.50 times as fast" in text
    assert "accuracy -28.3 points, **worse** beyond chance" in text
    assert "**ONNX int8** is 5.0 times as fast at 20.5" in text
    assert "nothing can be said of its quality" in verdicts(record(weights="random")).data
    assert "cannot serve it: ValueError: no such operator" in verdicts(record()).data
    assert verdicts(make_record()).data == "It is served one way only."


def test_tables_and_chart_hold_the_numbers() -> None:
    rows = [line.split("|") for line in table(record()).data.splitlines()]
    assert [cell.strip() for cell in rows[4][1:5]] == ["ONNX int8", "2.0", "5.0 ×", "95.0"]
    assert "| Alpha | 10.0 | 2.0 × <small>+0.0 points</small> | 5.0 × <small>+0.0 points</small> |" in gains([record()])
    assert "no such operator" in gains([record()])
    bars = latencies_chart(record()).data[0]
    assert list(bars.x) == [2.0, 5.0, 10.0]


def test_the_card_carries_results_with_intervals_and_none_for_random_weights() -> None:
    settings = {"suite": {"max_length": 512, "dataset": {"cite": "Somebody, 2006", "licence": "research"}}, "model": {}}
    text = card(record(settings=settings))
    assert text.startswith("---\n") and "model-index:" in text
    result = metadata(record()).eval_results[0]
    assert (result.metric_type, result.metric_value) == ("accuracy", 0.95)
    assert result.metric_args == {"interval_95": [0.86, 0.98]}
    assert "95.0\u00a0%" in text and "Somebody, 2006" in text and "ONNX int8" in text
    blank = card(record(settings=settings, weights="random"))
    assert "Random weights" in blank and "model-index" not in blank and "95.0" not in blank


def test_the_index_says_what_an_export_of_the_recommended_one_gains() -> None:
    group = results([record()])
    text = exported([record()], recommend(group, {}))
    assert "**Alpha (ONNX int8)** answers in 2.0\u00a0ms, 5.0 times as fast, takes 20.5\u00a0MB" in text
    assert exported([make_record()], recommend(group, {})).startswith("No other runtime")


@pytest.mark.parametrize("asked", ["torch", "openvino"])
def test_nothing_of_another_runtime_is_taken(asked: str) -> None:
    (found,) = served_by([record()], asked)
    assert found.runtime == ("torch" if asked == "torch" else None)
