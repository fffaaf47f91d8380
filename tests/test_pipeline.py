"""The whole path on a tiny suite: check, runs, a failure, summary, site."""

import json
import subprocess
import sys
from collections.abc import Iterator

import jsonschema
import nbformat
import pytest
from helpers.reported import Reported

from compactbench import ROOT
from compactbench.benchmark.run import STAGES
from compactbench.record import json_schema
from compactbench.report.tables.collect import collect
from compactbench.report.tables.results import results

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
        "broken.failed.json",
    }
    assert "Traceback" not in reported.first.stdout + reported.first.stderr


def test_progress_names_model_stage_and_how_many(reported: Reported) -> None:
    lines = reported.first.stdout.splitlines()
    assert lines[0].startswith("tiny on here: 3 of 3 models to measure")
    assert lines[1] == "tiny, broken, tfidf: due, not measured yet"
    assert any("tiny" in line and f"stage 4 of {len(STAGES)}: finetune" in line and "elapsed" in line for line in lines)
    assert {line[:5] for line in lines if line.startswith("[")} == {"[1/3]", "[2/3]", "[3/3]"}


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


def test_memory_was_measured_for_doubled_batches_up_to_the_cap(reported: Reported) -> None:
    """Of texts of full length: a mere cut would leave the short ones short. A baseline has no batches."""
    points = reported.record("tiny")["memory_points"]
    assert [(one["batch_size"], one["tokens"]) for one in points] == [(1, 512), (2, 512), (4, 512)]
    assert points[0]["peak_mb"] <= points[1]["peak_mb"] <= points[2]["peak_mb"]  # a peak never falls
    assert reported.record("tfidf")["memory_points"] == []


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


def test_the_split_of_a_further_seed_is_kept(reported: Reported) -> None:
    """With fewer labels it is the run's own."""
    record = reported.record("tfidf")
    assert {one["labels"] for one in record["repeats"]} == {50, sum(record["data"]["train_counts"])}
    for own in record["repeats"]:
        assert (own["split"] == record["data"]["fingerprint"]) == (own["labels"] == 50) == (own["true"] is None)
        assert len(own["predicted"].split()) == 631


def test_no_learning_rate_is_tried_where_nothing_learns_with_one(reported: Reported) -> None:
    """Random weights have nothing to learn, and the baseline has no learning rate."""
    assert reported.record("tiny")["tuning"] == reported.record("tfidf")["tuning"] == []


def test_the_fixed_work_was_timed_around_every_measurement(reported: Reported) -> None:
    """Before and after: the fine-tune, each latency process of each runtime, the search and a process after it; then,
    in a second session, as many latency processes and one more of throughput.
    """
    record = reported.record("tiny")
    stages = [window["stage"] for window in record["fixed_work"]]
    timed = sum(len(one["latency"]) for one in record["runtimes"])
    threads = {one["threads"] for one in record["runtimes"][0]["latency"]}
    assert timed == 2 * (len(threads) + 2)  # two processes: torch with each number of threads, ONNX in fp32 and int8
    first, second = (["latency"] * timed + ["throughput"] * 2 * processes for processes in (3 * 2, 3))
    assert stages == ["finetune"] * 2 + first + second
    assert [window["stage"] for window in record["load"]] == stages[::2]  # and the load between the two


def test_every_runtime_is_in_the_record(reported: Reported) -> None:
    reported.assert_runtimes("tiny", texts=128)
    assert [result["label"] for result in reported.record("tfidf")["runtimes"]] == ["scikit-learn fp32"]


def test_log_lies_beside_the_record(reported: Reported) -> None:
    assert f"stage {len(STAGES)} of {len(STAGES)}: throughput" in (reported.runs / "tiny.log").read_text()
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
    assert "1 of 3 models to measure" in again.stdout
    assert "broken: due, failed before (parameters)\n" in again.stdout
    assert {name: reported.record(name)["started_at"] for name in before} == before
