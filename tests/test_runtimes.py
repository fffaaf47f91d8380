"""The runtimes: their table, the best of each model, and what a reader who asks for one is told."""

from argparse import Namespace
from typing import Any

import pytest
from helpers.factory import BASELINE, FROZEN, calls, make_failed, make_record, runtime

from compactbench.commands import export
from compactbench.record import Record
from compactbench.report.charts.runtimes import latencies_chart
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.results import plain_rows, results, runtimes
from compactbench.report.tables.runtimes import in_runtime, names
from compactbench.report.text.facts import exported
from compactbench.report.text.model_card import card, metadata
from compactbench.report.text.runtimes import gains, table, verdicts
from compactbench.report.text.serving import PROGRAMS, programs
from compactbench.settings import SettingsError

RIGHT = "1" * 1140 + "0" * 60
WORSE = "1" * 800 + "0" * 400
"""Of 1,200 texts, which can tell that nothing changed; 60 could not. 340 more are wrong."""


def onnx(precision: str, latency_ms: float, right: str = RIGHT, **changes: Any) -> dict[str, Any]:
    """ONNX Runtime with every call at `latency_ms`."""
    fields = {
        "runtime": "onnxruntime",
        "label": f"ONNX {precision}",
        "precision": precision,
        "artefact": {"files": {"onnx/model.onnx": 20_000_000, "tokenizer.json": 500_000}, "weights_files": []},
        "latency": [calls([latency_ms] * 3)],
        "quality": {"right": right, "accuracy": right.count("1") / len(right)},
        "agreement": 0.98,
    }
    return runtime(**fields | changes)


NOTHING = {"artefact": None, "memory": None, "quality": None, "throughput": None, "load_time_s": None}
"""What a runtime that cannot answer with the model leaves of its result."""


def record(**changes: Any) -> Record:
    """Trained at a median of 10 ms; ONNX Runtime in fp32 at 5 ms, in int8 at 2 ms, and one runtime that failed."""
    failed = {
        **onnx("int8", 1.0, runtime="openvino", label="OpenVINO int8"),
        **NOTHING,
        **{"agreement": None, "latency": [], "latency_by_length": [], "error": "ValueError: no such operator"},
    }
    further = [onnx("fp32", 5.0), onnx("int8", 2.0), failed]
    return make_record(**({"runtimes": further, "quality": {"right": RIGHT}} | changes))


PUBLIC = [
    *("suite", "machine", "model", "runtime", "device", "precision"),
    *("latency_p50_ms", "latency_p50_ms_low", "latency_p50_ms_high", "latency_p95_ms", "throughput_sentences_per_s"),
    *("size_mb", "load_time_s", "peak_ram_mb", "eval_accuracy", "eval_accuracy_low", "eval_accuracy_high"),
    *("agreement", "status", "error"),
]
"""The columns that readers of runtimes.csv know, in order."""


def test_one_row_a_runtime_and_a_failed_one_keeps_its_error() -> None:
    frame = runtimes([record(), make_failed()])
    assert [name for name in frame.columns if name in PUBLIC] == PUBLIC
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


def test_what_few_texts_cannot_decide_is_not_taken_and_is_said() -> None:
    """Of 60 texts the same are right, and of others one in 25 may not be: z^2 (1 - .01) / .01 = 381 would tell."""
    few = "1" * 57 + "0" * 3
    run = record(quality={"right": few}, runtimes=[onnx("fp32", 5.0, right=few), onnx("int8", 2.0, right=few)])
    assert [one.title for one in in_runtime([run], "any")] == ["Alpha"]
    assert [one.title for one in in_runtime([run], "onnxruntime")] == ["Alpha (ONNX fp32)"]  # asked for by name
    assert [one.title for one in in_runtime([run], "any", 0.07)] == ["Alpha (ONNX int8)"]
    text = gains([run])
    assert "**These texts cannot decide** whether the accuracy of Alpha in ONNX fp32 (+0.0 points, 90" in text
    assert "lower than as trained by more than 1 point; about 390 test texts would tell" in text
    assert "cannot decide" not in gains([record()]) + gains([record(weights="random")])
    failed = {**NOTHING, "agreement": None, "latency": [], "latency_by_length": [], "error": "no such operator"}
    assert "no such operator" in gains([record(runtimes=[{**onnx("int8", 1.0), **failed}])])


def test_random_weights_have_neither_accuracy_nor_agreement() -> None:
    rows = plain_rows(runtimes([record(weights="random")]))
    assert {row["eval_accuracy"] for row in rows} == {row["agreement"] for row in rows} == {None}
    assert rows[2]["latency_p50_ms"] == 2.0


def test_the_best_runtime_is_the_fastest_that_keeps_the_quality() -> None:
    (best,) = in_runtime([record()], "any")
    assert (best.runtimes[0].runtime, best.runtimes[0].precision, best.title) == (
        "onnxruntime",
        "int8",
        "Alpha (ONNX int8)",
    )
    (best,) = in_runtime([record(runtimes=[onnx("fp32", 5.0), onnx("int8", 2.0, right=WORSE)])], "any")
    assert best.title == "Alpha (ONNX fp32)"
    (best,) = in_runtime([record(runtimes=[onnx("int8", 20.0)])], "any")
    assert best.title == "Alpha"
    (best,) = in_runtime([record(weights="random", runtimes=[onnx("int8", 2.0, right=WORSE)])], "any")
    assert best.title == "Alpha (ONNX int8)"  # what random weights lose means nothing


def test_a_runtime_among_the_limits_changes_what_is_compared_and_recommended() -> None:
    """As trained beta is faster; in ONNX Runtime alpha is, and the baseline was not measured in it at all."""
    runs = [
        record(),
        make_record("beta", latency=[calls([4.0] * 3)], quality={"right": RIGHT}),
        make_record("tfidf", runtime="scikit-learn", **BASELINE),
    ]
    answers = {runtime: recommend(results(of := in_runtime(runs, runtime)), {}, pairs(of)) for runtime in (None, "any")}
    assert (answers[None].chosen, answers["any"].chosen) == ("beta", "alpha")
    choice = recommend(results(in_runtime(runs, "onnxruntime")), {"cpu_latency_p50_ms": 3})
    assert (choice.chosen, choice.runner_up) == ("alpha", None)
    assert choice.out["tfidf"] == choice.out["beta"] == "it was not measured in the runtime that was asked for"
    assert names(runs) == ["onnxruntime", "openvino", "scikit-learn", "torch"]


def test_a_row_holds_the_numbers_of_the_runtime_chosen() -> None:
    row = plain_rows(results(in_runtime([record()], "onnxruntime")))[0]
    assert (row["runtime"], row["precision"], row["cpu_latency_p50_ms"]) == ("onnxruntime", "int8", 2.0)
    assert (row["artefact_size_mb"], row["cpu_latency_1core_p50_ms"]) == (20.5, None)


def test_the_page_says_where_a_runtime_is_slower_or_worse() -> None:
    text = verdicts(record(runtimes=[onnx("fp32", 20.0), onnx("int8", 2.0, right=WORSE)]))
    assert "**ONNX fp32** is **slower**, 0.50 times as fast" in text
    assert "accuracy -28.3 points, 90\u00a0% interval -30.9 to -25.9: **worse**" in text
    assert "**ONNX int8** is 5.0 times as fast at 20.5" in text
    assert "nothing can be said of its quality" in verdicts(record(weights="random"))
    assert "cannot run it: ValueError: no such operator" in verdicts(record())
    assert verdicts(make_record()) == "It was measured in one runtime only."


def test_tables_and_chart_hold_the_numbers() -> None:
    rows = [line.split("|") for line in table(record()).splitlines()]
    assert [cell.strip() for cell in rows[4][1:5]] == ["ONNX int8", "2.0", "5.0 ×", "95.0"]
    assert (
        "| Alpha | 10.0 | 2.0 × <small>\\+0.0 points, 90\u00a0% interval -0.3 to +0.3</small> | 5.0 × <small>"
        in gains([record()])
    )
    assert "no such operator" in gains([record()])
    bars = latencies_chart(record()).data[0]
    assert list(bars.x) == [2.0, 5.0, 10.0]


def test_the_card_carries_results_with_intervals_and_none_for_random_weights() -> None:
    settings = {"suite": {"max_length": 512, "dataset": {}}, "model": {}}
    text = card(record(settings=settings))
    assert text.startswith("---\n") and "model-index:" in text
    result = metadata(record()).eval_results[0]
    assert (result.metric_type, result.metric_value) == ("accuracy", 0.95)
    assert result.metric_args == {"interval_95": [0.86, 0.98]}
    assert "95.0\u00a0%" in text and "Somebody, 2006" in text and "ONNX int8" in text
    blank = card(record(settings=settings, weights="random"))
    assert "Random weights" in blank and "model-index" not in blank and "95.0" not in blank


def test_the_card_says_only_what_is_known() -> None:
    """It named a folder of the user's as a model of the hub, and neither license nor language nor data set."""
    suite, model = {"max_length": 512, "dataset": {"hub_id": "some/news"}}, {"license": "MIT", "keep_layers": [0, 2]}
    known = make_record(settings={"suite": suite, "model": model}, data={"languages": {"de": 0.8, "en": 0.2}})
    told = metadata(known).to_dict()
    assert (told["license"], told["language"], told["datasets"]) == ("mit", ["de", "en"], ["some/news"])
    assert (told["base_model"], told["pipeline_tag"]) == ("somewhere/alpha", "text-classification")
    assert "it keeps 0 and 2, counted from 0. License of the weights it started from: MIT." in card(known)
    suite, model = {"max_length": 512, "dataset": {"files": "mine.csv"}}, {"path": "./mine"}
    unknown = make_record(settings={"suite": suite, "model": model}, data={"languages": None})
    assert not {"license", "language", "datasets", "base_model"} & metadata(unknown).to_dict().keys()
    own = make_record(settings={"suite": suite, "model": {"license": "Ours alone"}})
    assert (metadata(own).license, metadata(own).license_name) == ("other", "ours alone")


def test_page_and_card_say_how_many_answers_a_batch_changes() -> None:
    """Batched int8 gave 2 of 300 texts another class than one by one, and no page said so."""
    settings = {"suite": {"max_length": 512, "eval_batch_size": 64}, "model": {}}
    run = record(runtimes=[onnx("fp32", 5.0), onnx("int8", 2.0, batched_otherwise=2)], settings=settings)
    said = "In batches of 64, 2 of 1,200 texts get another class than one by one."
    for text in (verdicts(run), card(run)):
        assert text.count(said) == 1
    assert "may answer otherwise on another kind of CPU than the one above" in card(run)
    assert "Measured on Example CPU, 2 cores" in card(run)


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        ({"runtimes": [onnx("int8", 2.0)]}, ["classify.py", "server.py", "with_transformers.py", "classify.mjs"]),
        ({"runtimes": [onnx("int8", 2.0)], **FROZEN}, ["classify.py", "server.py"]),
        ({}, ["with_transformers.py"]),
        (FROZEN, []),
        (BASELINE, []),
    ],
)
def test_a_page_shows_the_programs_that_can_read_its_artefact(changes: dict, files: list[str]) -> None:
    """Of frozen embeddings neither transformers nor transformers.js knows the head."""
    shown = programs(make_record(**changes))
    assert [
        name
        for name in ("classify.py", "server.py", "with_transformers.py", "classify.mjs")
        if (PROGRAMS / name).read_text() in shown
    ] == files
    assert shown.count("```") == 2 * len(files) and shown


def test_a_pipeline_says_what_it_needs_and_is_not_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Static embeddings are no baseline, and torch reads neither: `make export` would fine-tune, and then fail."""
    static = make_record(runtime="model2vec", **FROZEN)
    for run, needed in ((static, "model2vec and scikit-learn"), (make_record(runtime="scikit-learn"), "scikit-learn")):
        assert programs(run).startswith(f"With {needed} installed, `joblib.load` gives the pipeline")
    monkeypatch.setattr(export, "_finished", lambda *_: static)
    with pytest.raises(SettingsError, match="accepted: a network that torch loads"):
        export.run(Namespace(model="static-minilm", suite="starter", machine=None))


def test_the_index_says_what_an_export_of_the_recommended_one_gains() -> None:
    group = results([record()])
    text = exported([record()], recommend(group, {}))
    assert "**Alpha (ONNX int8)** answers in 2.0\u00a0ms, 5.0 times as fast, takes 20.5\u00a0MB" in text
    assert exported([make_record()], recommend(group, {})).startswith("No other runtime")


@pytest.mark.parametrize("asked", ["torch", "openvino"])
def test_nothing_of_another_runtime_is_taken(asked: str) -> None:
    (found,) = in_runtime([record()], asked)
    (row,) = plain_rows(results([found]))
    assert row["runtime"] == ("torch" if asked == "torch" else None)
    assert row["eval_accuracy"] == 0.95
