"""What the page of a run says first."""

from helpers.factory import make_record, runtime

from compactbench.record import Record
from compactbench.report.tables.results import plain_rows, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.result_box import result_box, result_line

MANY = {"right": "1" * 950 + "0" * 50}
INT8 = runtime(
    runtime="onnxruntime",
    quality=MANY,
    label="ONNX int8",
    precision="int8",
    artefact={"files": {"model.onnx": 20_000_000}, "weights_files": ["model.onnx"]},
    latency=[{**one, "samples_ms": [2.0] * 3} for one in runtime()["latency"]],
)
"""Classifies as the trained model does, in 2 ms."""


def box(run: Record) -> str:
    """The box of a run that is alone on its machine."""
    trained, deployed = (plain_rows(results(records))[0] for records in ([run], in_runtime([run], ANY)))
    files = ["alpha.4d6f0a12.parquet", "alpha.json"]
    return result_box(run, trained, deployed, files).replace("\N{NO-BREAK SPACE}", " ")


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each row by its first."""
    head, _, *body = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {first: others for first, *others in (head, *body)}


def test_numbers_as_deployed_stand_before_those_as_trained() -> None:
    """Pooled and sorted, the trained model's calls on two threads are 9 10 10 10 11 20: a median of 10 ms."""
    told = rows(box(make_record(runtimes=[INT8], quality=MANY)))
    assert told[""] == ["as deployed: ONNX int8", "as trained: torch fp32"]
    assert told["CPU latency, median"][0] == "2.0 ms (2.0 to 2.0)"
    assert told["CPU latency, median"][1].startswith("10.0 ms (")
    assert told["Artefact size"] == ["20.0 MB", "81.0 MB"]
    assert list(told)[1:3] == ["Accuracy", "Macro F1"]


def test_a_model_that_is_served_as_it_was_trained_has_one_column() -> None:
    assert all(len(cells) == 1 for cells in rows(box(make_record())).values())


def test_what_the_numbers_are_not_is_said_first() -> None:
    assert box(make_record(weights="random")).startswith("**Random weights:**")
    assert box(make_record(finetune={"edited": True})).startswith("**Edited training:**")
    busy = [{"stage": "latency", "seconds": 1.0, "others": 0.5, "steal": 0.0, "clock_mhz": None}]
    assert box(make_record(load=busy)).startswith("**Noisy:**")
    assert box(make_record()).startswith("|")
    assert rows(box(make_record(weights="random")))["Accuracy"] == ["–"]


def test_machine_date_commit_and_files() -> None:
    text = box(make_record("alpha"))
    assert "`reference-cpu`, Example CPU, 2 cores, 16 GB of memory, no GPU, on 2026-01-02, by the code of" in text
    assert "commit `aaaaaaaa`" in text
    assert "(alpha.json), [raw samples](alpha.4d6f0a12.parquet), [notebook](../../../_sources/runs/" in text
    assert "One epoch of its training takes 10.0 s and up to 800 MB." in text


def line(run: Record) -> str:
    """The line of a run that is alone on its machine."""
    return result_line(run, plain_rows(results(in_runtime([run], ANY)))[0]).replace("\N{NO-BREAK SPACE}", " ")


def test_a_preview_of_the_page_has_the_numbers_as_deployed() -> None:
    """What is not known is left out: a dash would say nothing to whoever sees the line alone."""
    told = line(make_record(runtimes=[INT8], quality=MANY))
    assert told.startswith(
        "Accuracy: 95.0 %; CPU latency, median: 2.0 ms; Artefact size: 20.0 MB (ONNX int8, Example CPU"
    )
    assert line(make_record(weights="random")).startswith("CPU latency, median: 10.0 ms; Artefact size: 81.0 MB (torch")
