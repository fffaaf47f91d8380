"""The whole path on a tiny suite: check, runs, a failure, summary, site."""

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator

import jsonschema
import nbformat
import pytest
from helpers.reported import MACHINE, Reported

from compactbench import ROOT
from compactbench.data.load import load
from compactbench.parameters import load_suite
from compactbench.record import json_schema
from compactbench.report.tables.collect import collect
from compactbench.report.tables.results import results
from compactbench.report.text.serving import PROGRAMS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Reported once, for all tests that read it."""
    return Reported(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture
def restored(reported: Reported) -> Iterator[None]:
    """For a test that changes the project: afterwards it is as it was."""
    yield
    reported.restore()


def test_one_failure_stops_no_other_and_is_named(reported: Reported) -> None:
    assert reported.first.returncode == 1, reported.first.stderr
    assert "FAILED broken: parameters: " in reported.first.stdout
    assert {path.name for path in reported.runs.glob("*.json")} == {
        "tiny.json",
        "tfidf.json",
        "minilm-l3.json",
        "broken.failed.json",
    }
    assert "Traceback" not in reported.first.stdout + reported.first.stderr


def test_progress_names_model_stage_and_how_many(reported: Reported) -> None:
    lines = reported.first.stdout.splitlines()
    assert lines[0].startswith("tiny on here: 4 of 4 models to measure")
    assert lines[1] == "tiny, broken, tfidf, minilm-l3: due, not measured yet"
    assert any("tiny" in line and "stage 4 of 11: finetune" in line and "elapsed" in line for line in lines)
    assert {line[:5] for line in lines if line.startswith("[")} == {"[1/4]", "[2/4]", "[3/4]", "[4/4]"}


def test_records_validate_against_their_json_schema(reported: Reported) -> None:
    for path in reported.runs.glob("*.json"):
        jsonschema.validate(json.loads(path.read_text()), json_schema())


def test_record_holds_what_the_suite_asked_for(reported: Reported) -> None:
    record = reported.record("tiny")
    assert record["finetune"]["steps"] == 3
    assert record["finetune"]["epoch_derived"] is True
    assert len(record["finetune"]["step_s"]) == 3
    trained = record["runtimes"][0]
    assert [len(one["samples_ms"]) for one in trained["latency"] if one["threads"] > 1] in ([], [4, 4])
    assert [point["batch_size"] for point in trained["throughput"]["points"]][:3] == [1, 2, 4]
    assert trained["throughput"]["cap"] == 4
    assert record["weights"] == "random"
    assert record["data"]["duplicates_dropped"] == 122  # the starter's data, counted by hand


def test_seeds_and_fewer_labels_are_repeats_of_the_fine_tune(reported: Reported) -> None:
    """Not with random weights, whose accuracy means nothing."""
    record = reported.record("tfidf")
    everything = sum(record["data"]["train_counts"])
    assert [(one["seed"], one["labels"]) for one in record["repeats"]] == [(7, everything), (42, 50), (7, 50)]
    assert (
        record["repeats"][1]["accuracy"] < record["runtimes"][0]["quality"]["accuracy"]
    )  # 50 texts teach less than all
    assert reported.record("tiny")["repeats"] == []


def test_every_published_number_follows_from_the_records(reported: Reported) -> None:
    """Also what is new in a fresh record must be worked out by the script that shares nothing with the package."""
    script = ROOT / "tests" / "agreement" / "recompute.py"
    command = [sys.executable, str(script), "--tables", str(reported.site), str(reported.runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 faults, 0 cells were not kept\n")


def test_the_split_of_a_seed_is_kept_and_is_the_same_for_every_model(reported: Reported) -> None:
    tfidf, minilm = reported.record("tfidf"), reported.record("minilm-l3")
    for own, other in zip(tfidf["repeats"], minilm["repeats"], strict=True):
        assert (own["split"], own["true"]) == (other["split"], other["true"])
        assert (own["split"] == tfidf["data"]["fingerprint"]) == (own["labels"] == 50) == (own["true"] is None)
        assert len(own["predicted"].split()) == 631


def test_the_learning_rate_is_chosen_on_training_texts(reported: Reported) -> None:
    """A tenth of them; the fine-tune then learns from all. Not with random weights, which have nothing to learn."""
    record = reported.record("minilm-l3")
    tries, everything = record["tuning"], sum(record["data"]["train_counts"])
    assert [(one["learning_rate"], one["steps"]) for one in tries] == [(0.000001, 6), (0.0001, 6)]
    assert {one["texts"] for one in tries} == {-(-everything // 10)}
    best = max(tries, key=lambda one: (one["accuracy"], -one["loss"]))
    assert record["finetune"]["learning_rate"] == best["learning_rate"] == 0.0001
    assert "0.0001 (taken)" in (reported.runs / "minilm-l3.ipynb").read_text()
    assert reported.record("tiny")["tuning"] == reported.record("tfidf")["tuning"] == []


def test_the_fixed_work_was_timed_around_every_measurement(reported: Reported) -> None:
    """Before and after: the fine-tune, each latency process of each runtime, the search and its second process."""
    record = reported.record("tiny")
    stages = [window["stage"] for window in record["fixed_work"]]
    timed = sum(len(one["latency"]) for one in record["runtimes"])
    threads = {one["threads"] for one in record["runtimes"][0]["latency"]}
    assert timed == 2 * (len(threads) + 2)  # two processes: torch with each number of threads, ONNX in fp32 and int8
    assert stages == ["finetune"] * 2 + ["latency"] * 2 * timed + ["throughput"] * 2 * (2 * 3)


def test_every_runtime_is_in_the_record(reported: Reported) -> None:
    for model, texts in (("minilm-l3", 631), ("tiny", 128)):
        trained, *further = reported.record(model)["runtimes"]
        assert trained["label"] == "torch fp32" and trained["agreement"] is None
        assert [result["label"] for result in further] == ["ONNX fp32", "ONNX int8"]
        for result in further:
            assert result["error"] is None
            assert len(result["quality"]["right"]) == texts
            assert [len(one["samples_ms"]) for one in result["latency"]] == [4, 4]
            assert result["load_time_s"] > 0
    assert reported.record("minilm-l3")["runtimes"][1]["agreement"] == 1.0  # fp32 only changes the runtime
    assert [result["label"] for result in reported.record("tfidf")["runtimes"]] == ["scikit-learn fp32"]


def test_the_artefact_gives_the_records_accuracy_by_the_programs_of_the_page(
    reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ONNX Runtime and the tokenizers alone, one by one, and with the transformers pipeline."""
    monkeypatch.chdir(reported.artefact("minilm-l3"))
    record = reported.record("minilm-l3")
    test = load(load_suite("starter"))[0]["test"]  # the tiny suite has the starter's texts
    texts, true = test["text"][:], [record["data"]["classes"][label] for label in test["label"]]
    answers = {
        name: runpy.run_path(str(PROGRAMS / name))["classify"] for name in ("classify.py", "with_transformers.py")
    }
    alone = [answers["classify.py"]([text])[0] for text in texts]
    fp32 = [answers["with_transformers.py"]([text])[0]["label"] for text in texts]
    for result, labels in ((2, alone), (0, fp32)):
        accuracy = sum(map(str.__eq__, labels, true)) / len(true)
        assert accuracy == pytest.approx(record["runtimes"][result]["quality"]["accuracy"], abs=1e-9)
    batches = [texts[start : start + 64] for start in range(0, len(texts), 64)]
    batched = [label for batch in batches for label in answers["classify.py"](batch)]
    told = [result["batched_otherwise"] for result in record["runtimes"]]
    assert told == [None, None, sum(map(str.__ne__, batched, alone))]


@pytest.mark.usefixtures("restored")
def test_export_makes_the_artefact_again(reported: Reported) -> None:
    """From nothing, as in a fresh clone: the run's settings and seed give the same model."""
    folder, accuracy = (
        reported.artefact("minilm-l3"),
        reported.record("minilm-l3")["runtimes"][0]["quality"]["accuracy"],
    )
    before = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert {"README.md", "model.safetensors", "onnxruntime/model_int8.onnx", "onnx/model_quantized.onnx"} <= before
    shutil.rmtree(folder)
    words = ("compactbench", "export", "--suite", "tiny", "--model", "minilm-l3", "--machine", MACHINE)
    again = reported.project.run(*words, path=reported.packages)
    assert again.returncode == 0, again.stderr
    assert f"accuracy {accuracy:.1%}, in the run {accuracy:.1%}" in again.stdout
    assert {str(path.relative_to(folder)) for path in folder.rglob("*")} == before
    assert "model-index:" in (folder / "README.md").read_text()
    wrong = reported.project.run(*words[:5], "minilm-l9", path=reported.packages)
    assert wrong.returncode == 2
    assert "no finished run 'tiny/minilm-l9'; accepted: tiny/here/minilm-l3, " in wrong.stderr


def test_log_lies_beside_the_record(reported: Reported) -> None:
    assert "stage 11 of 11: throughput" in (reported.runs / "tiny.log").read_text()
    assert "Error" in (reported.runs / "broken.log").read_text()


def test_failed_run_shows_in_table_and_site(reported: Reported) -> None:
    frame = results(collect(reported.project.folder / "book" / "runs").records).set_index("model")
    assert frame.loc["broken", "status"] == "failed"
    assert frame.loc["broken", "error"].startswith("parameters: ")
    page = (reported.project.folder / "book" / "_build" / "html" / "summary.html").read_text()
    assert "Broken" in page and "SafetensorError" in page


def test_pages_charts_hold_the_records_numbers(reported: Reported) -> None:
    page = nbformat.read(reported.runs / "tiny.ipynb", as_version=4)
    html = [
        output["data"]["text/html"]
        for cell in page.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    figures = {}
    for text in html:
        slug = text.partition('id="chart-')[2].partition('"')[0]
        figures[slug] = json.loads(text.partition('<script type="application/json">')[2].partition("</script>")[0])
    points = reported.record("tiny")["runtimes"][0]["throughput"]["points"]
    (curve,) = [trace for trace in figures["throughput"]["data"] if len(trace["x"]) == len(points)]
    assert curve["x"] == [point["batch_size"] for point in points]
    assert curve["y"] == [point["sentences_per_s"] for point in points]


def test_page_is_small_and_carries_no_widget_state_and_no_logs(reported: Reported) -> None:
    page = nbformat.read(reported.runs / "tiny.ipynb", as_version=4)
    assert "widgets" not in page.metadata
    assert (reported.runs / "tiny.ipynb").stat().st_size < 300_000
    streams = [o for c in page.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream"]
    assert streams == []


@pytest.mark.usefixtures("restored")
def test_unchanged_is_not_measured_again_but_the_failed_one_is_tried(reported: Reported) -> None:
    before = {name: reported.record(name)["started_at"] for name in ("tiny", "tfidf")}
    again = reported.report()
    assert "1 of 4 models to measure" in again.stdout
    assert "broken: due, failed before (parameters)\n" in again.stdout
    assert {name: reported.record(name)["started_at"] for name in before} == before
