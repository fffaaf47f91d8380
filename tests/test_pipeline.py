"""The whole path on a tiny suite: check, runs, a failure, summary, site, and what is due again afterwards."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import nbformat
import pytest
import yaml
from helpers.project import Project
from helpers.tiny_suite import TINY, write_suite

from compactbench import ROOT
from compactbench.benchmark.run import STAGES
from compactbench.data.load import load
from compactbench.parameters import load_suite
from compactbench.record import json_schema
from compactbench.report.tables.collect import collect
from compactbench.report.tables.results import results

MACHINE = "here"
PENDING = r"\.ipynb\t.*\tupdate pending$"
"""How the summary of Snakemake ends the line of a page that would be made."""

pytestmark = pytest.mark.slow


class Reported:
    """A project whose tiny suite was reported once."""

    def __init__(self, folder: Path) -> None:
        self.packages, self._kept = folder / "packages", folder / "kept"
        (folder / "project").mkdir()
        self.project = Project(folder / "project")
        write_suite(self.project.folder / "params", self.packages)
        self.runs = self.project.folder / "book" / "runs" / "tiny" / MACHINE
        self.first = self.report()
        shutil.copytree(self.project.folder, self._kept, symlinks=True)

    def restore(self) -> None:
        """Put everything back as the first report left it; times of change, which make and Snakemake read, too."""
        shutil.rmtree(self.project.folder)
        shutil.copytree(self._kept, self.project.folder, symlinks=True)

    def report(self) -> subprocess.CompletedProcess[str]:
        """`make report SUITE=tiny MACHINE=here`, without the installation."""
        words = ("compactbench", "report", "--suite", "tiny", "--machine", MACHINE)
        return self.project.run(*words, path=self.packages)

    def artefact(self, model: str) -> Path:
        """The folder that `model` leaves to be deployed."""
        return self.project.folder / "models" / "tiny" / MACHINE / model

    def record(self, model: str) -> dict:
        """The record of `model` as it lies on the disk."""
        return json.loads((self.runs / f"{model}.json").read_text())


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


def lines_of_the_page(folder: Path) -> list[str]:
    """The programs on the page "Serve it", with the artefact in `folder`."""
    page = (ROOT / "book" / "serve-it.md").read_text()
    programs = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    return [program.replace("models/starter/reference-cpu/minilm-l3", str(folder)) for program in programs]


def test_the_artefact_gives_the_records_accuracy_by_the_lines_of_the_page(reported: Reported) -> None:
    """With ONNX Runtime and the tokenizers alone, and with the transformers pipeline."""
    record = reported.record("minilm-l3")
    test = load(load_suite("starter"))[0]["test"]  # the tiny suite has the starter's texts
    true = [record["data"]["classes"][label] for label in test["label"]]
    expected = [record["runtimes"][number]["quality"]["accuracy"] for number in (2, 0)]
    for program, accuracy in zip(lines_of_the_page(reported.artefact("minilm-l3")), expected, strict=True):
        names: dict = {}
        exec(program, names)
        answers = [names["classify"](text) for text in test["text"]]
        labels = [answer if isinstance(answer, str) else answer[0]["label"] for answer in answers]
        assert sum(map(str.__eq__, labels, true)) / len(true) == pytest.approx(accuracy, abs=1e-9)


@pytest.mark.usefixtures("restored")
def test_export_makes_the_artefact_again(reported: Reported) -> None:
    """From nothing, as in a fresh clone: the run's settings and seed give the same model."""
    folder, accuracy = (
        reported.artefact("minilm-l3"),
        reported.record("minilm-l3")["runtimes"][0]["quality"]["accuracy"],
    )
    before = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert {"README.md", "model.safetensors", "tokenizer.json", "onnx/model_int8.onnx"} <= before
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


@pytest.mark.usefixtures("restored")
def test_snakemake_by_hand_finds_the_same_due(reported: Reported) -> None:
    """In a fresh clone, too, where params/ is newer than every run; and a docstring makes nothing due."""
    for path in (reported.project.folder / "params").rglob("*.yaml"):
        path.touch()
    code = reported.project.folder / "compactbench" / "data" / "clean.py"
    content = code.read_text()
    code.write_text('"""Another docstring."""\n\n# and a comment\n' + content)
    shutil.rmtree(reported.project.folder / ".snakemake")
    assert _due_by_hand(reported) == ["broken"]
    code.write_text(content + "\nLIMIT = 3\n")
    assert sorted(_due_by_hand(reported)) == ["broken", "minilm-l3", "tfidf", "tiny"]


def _due_by_hand(reported: Reported) -> list[str]:
    """The models that a dry run of `snakemake models` would measure."""
    words = ("snakemake", "models", "--profile", "profiles/local", "--quiet", "--summary", "--config")
    given = (f"machine={MACHINE}", "suite=tiny")
    listed = reported.project.run(*words, *given, path=reported.packages)
    assert listed.returncode == 0, listed.stderr
    return [Path(line.split("\t")[0]).stem for line in listed.stdout.splitlines() if re.search(PENDING, line)]


@pytest.mark.usefixtures("restored")
def test_building_the_site_never_measures(reported: Reported) -> None:
    """Not even when params/ is newer than every run, as git leaves it in a fresh clone."""
    before = {name: reported.record(name)["started_at"] for name in ("tiny", "tfidf")}
    for path in [*(reported.project.folder / "params").rglob("*.yaml"), reported.project.folder / "Snakefile"]:
        path.touch()
    shutil.rmtree(reported.project.folder / ".snakemake")  # a clone has no memory of earlier runs
    built = reported.project.run("compactbench", "site", path=reported.packages)
    assert built.returncode == 0, built.stdout
    assert {name: reported.record(name)["started_at"] for name in before} == before


@pytest.mark.usefixtures("restored")
def test_a_corrected_license_reaches_the_site_and_makes_nothing_due(reported: Reported) -> None:
    """Snakemake said that there was nothing to be done."""
    file = reported.project.folder / "params" / "models" / "minilm-l3.yaml"
    before = file.read_text()
    file.write_text(before.replace("license: Apache-2.0", "license: Corrected-1.0"))
    assert "Corrected-1.0" in file.read_text()
    assert "broken: due" in (said := reported.report().stdout) and "minilm-l3: due" not in said
    site = reported.project.folder / "book" / "_build" / "html"
    assert "Corrected-1.0" in (site / "add-a-model.html").read_text()


@pytest.mark.usefixtures("restored")
def test_a_page_left_half_way_by_hand_stays_out_of_the_book(reported: Reported) -> None:
    """It would fail the strict build, and with it every other page."""
    stray = reported.runs / "stray.ipynb"
    shutil.copy(reported.project.folder / "notebooks" / "benchmark.ipynb", stray)
    built = reported.project.run("compactbench", "site", path=reported.packages)
    assert built.returncode == 0, built.stdout
    assert not (
        reported.project.folder / "book" / "_build" / "html" / "runs" / "tiny" / MACHINE / "stray.html"
    ).exists()


@pytest.mark.usefixtures("restored")
def test_limits_given_by_hand_reach_the_site_and_wrong_ones_do_not(reported: Reported) -> None:
    words = ("papermill", "notebooks/summary.ipynb", "book/summary.ipynb")
    limits = reported.project.run(*words, "-y", "limits: {artefact_size_mb: 0.001}")
    assert limits.returncode == 0, limits.stderr
    site = reported.project.folder / "book" / "_build" / "html" / "summary.html"
    reported.project.run("compactbench", "site", path=reported.packages)
    assert "No model keeps every limit" in site.read_text()
    for wrong, sentence in (
        ("limit: {artefact_size_mb: 1}", "parameters: key `limit` is not known (did you mean `limits`?)"),
        ("limits: {artefact_sise_mb: 1}", "limits: 'artefact_sise_mb' is no metric; did you mean 'artefact_size_mb'?"),
        ("limits: 20", "parameters: key `limits`: got 20; accepted: a mapping"),
        ("machine: elsewhere", "parameters: key `machine`: got 'elsewhere'; accepted: here"),
    ):
        done = reported.project.run(*words, "-y", wrong)
        assert done.returncode != 0 and sentence in done.stderr
    reported.project.run("compactbench", "site", path=reported.packages)
    assert "SettingsError" not in site.read_text() and "Recommendation" in site.read_text()


@pytest.mark.usefixtures("restored")
def test_changed_model_file_reruns_that_model_alone(reported: Reported) -> None:
    before = {name: reported.record(name)["started_at"] for name in ("tiny", "tfidf")}
    wider = {**TINY, "architecture": {**TINY["architecture"], "intermediate_size": 96}}
    (reported.project.folder / "params" / "models" / "tiny.yaml").write_text(yaml.safe_dump(wider))
    assert "\ntiny: due, settings changed (architecture)\n" in reported.report().stdout
    after = {name: reported.record(name)["started_at"] for name in before}
    assert after["tiny"] != before["tiny"]
    assert after["tfidf"] == before["tfidf"]


@pytest.mark.usefixtures("restored")
def test_run_killed_half_way_does_not_count_and_is_redone(reported: Reported) -> None:
    """A partial page must not pass for a finished run."""
    (reported.runs / "tfidf.json").unlink()
    log = reported.runs / "tfidf.log"
    log.write_text("")
    words = [sys.executable, "-m", "snakemake", "models", "--profile", "profiles/local", "--config"]
    given = ["suite=tiny", f"machine={MACHINE}", "models=tfidf"]
    place = {"cwd": reported.project.folder, "env": reported.project.environment(reported.packages)}
    with subprocess.Popen([*words, *given], **place, start_new_session=True) as running:
        while "stage 2 of 11" not in log.read_text():
            assert running.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)  # waits for the run to get there; nothing depends on how long that takes
        meanwhile = reported.report()
        assert (meanwhile.returncode, meanwhile.stdout) == (2, "")
        assert "is making a report in this folder already" in meanwhile.stderr
        _kill_tree(running.pid)
    assert not (reported.runs / "tfidf.json").exists()
    unfinished = json.loads((reported.runs / "tfidf.failed.json").read_text())
    assert unfinished["stage"] in STAGES  # the one it was killed in; how far it came by then is left to the machine
    assert "2 of 4 models to measure" in reported.report().stdout
    assert reported.record("tfidf")["status"] == "ok"
    assert not (reported.runs / "tfidf.failed.json").exists()


def _kill_tree(pid: int) -> None:
    """Kill a process and all that it started, at once."""
    import psutil

    parent = psutil.Process(pid)
    for process in [*parent.children(recursive=True), parent]:
        process.send_signal(signal.SIGKILL)
    parent.wait()
