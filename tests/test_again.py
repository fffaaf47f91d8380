"""After a report: what is due again, what a change by hand does, and what a killed run leaves."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from helpers.reported import MACHINE, Reported
from helpers.tiny_suite import BRIEF, FLOOR

from compactbench.benchmark.run import STAGES

PENDING = r"\.ipynb\t.*\tupdate pending$"
"""How the summary of Snakemake ends the line of a page that would be made."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Reported once, for all tests."""
    return Reported(tmp_path_factory.mktemp("again"), **BRIEF, models=["floor", "tfidf"])


@pytest.fixture
def reported(first: Reported) -> Iterator[Reported]:
    """For a test that changes the project: afterwards it is as it was."""
    yield first
    first.restore()


def test_building_the_site_never_measures_and_leaves_out_a_page_left_half_way(reported: Reported) -> None:
    """Not even when params/ is newer than every run, as git leaves it; such a page would fail the strict build."""
    before = {name: reported.record(name)["started_at"] for name in ("floor", "tfidf")}
    for path in [*(reported.project.folder / "params").rglob("*.yaml"), reported.project.folder / "Snakefile"]:
        path.touch()
    shutil.rmtree(reported.project.folder / ".snakemake")  # a clone has no memory of earlier runs
    shutil.copy(reported.project.folder / "notebooks" / "benchmark.ipynb", reported.runs / "stray.ipynb")
    built = reported.project.run("compactbench", "site", path=reported.packages)
    assert built.returncode == 0, built.stdout
    assert {name: reported.record(name)["started_at"] for name in before} == before
    assert not (reported.site / "runs" / "tiny" / MACHINE / "stray.html").exists()


def test_limits_given_by_hand_reach_the_site_and_wrong_ones_do_not(reported: Reported) -> None:
    words = ("papermill", "notebooks/summary.ipynb", "book/summary.ipynb")
    limits = reported.project.run(*words, "-y", "limits: {artefact_size_mb: 0.001}")
    assert limits.returncode == 0, limits.stderr
    site = reported.site / "summary.html"
    reported.project.run("compactbench", "site", path=reported.packages)
    assert "No model keeps every limit" in site.read_text()
    wrong = reported.project.run(*words, "-y", "limit: {artefact_size_mb: 1}")
    assert wrong.returncode != 0
    assert "parameters: key `limit` is not known (did you mean `limits`?)" in wrong.stderr
    reported.project.run("compactbench", "site", path=reported.packages)
    assert "SettingsError" not in site.read_text() and "Recommendation" in site.read_text()


def test_changed_model_file_reruns_that_model_alone(reported: Reported) -> None:
    before = {name: reported.record(name)["started_at"] for name in ("floor", "tfidf")}
    (reported.project.folder / "params" / "models" / "floor.yaml").write_text(
        yaml.safe_dump(FLOOR | {"revision": "v2"})
    )
    assert "\nfloor: due, settings changed (revision)\n" in reported.report().stdout
    after = {name: reported.record(name)["started_at"] for name in before}
    assert after["floor"] != before["floor"]
    assert after["tfidf"] == before["tfidf"]


def test_run_killed_half_way_does_not_count_and_is_redone(reported: Reported) -> None:
    """A partial page must not pass for a finished run."""
    (reported.runs / "tfidf.json").unlink()
    log = reported.runs / "tfidf.log"
    log.unlink()  # the earlier run's, which tells of all stages
    words = [sys.executable, "-m", "snakemake", "models", "--profile", "profiles/local", "--config"]
    given = ["suite=tiny", f"machine={MACHINE}", "models=tfidf"]
    place = {"cwd": reported.project.folder, "env": reported.project.environment(reported.packages)}
    with subprocess.Popen([*words, *given], **place, start_new_session=True) as running:
        while not _told(log, f"stage 2 of {len(STAGES)}"):
            assert running.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)  # waits for the run to get there; nothing depends on how long that takes
        meanwhile = reported.report()
        assert (meanwhile.returncode, meanwhile.stdout) == (2, "")
        assert "is making a report in this folder already" in meanwhile.stderr
        _kill_tree(running.pid)
    assert not (reported.runs / "tfidf.json").exists()
    (attempt,) = reported.runs.glob(".attempts/tfidf@*/tfidf.failed.json")
    unfinished = json.loads(attempt.read_text())
    assert unfinished["stage"] in STAGES  # the one it was killed in; how far it came by then is left to the machine
    assert "1 of 2 models to measure" in reported.report().stdout
    assert reported.record("tfidf")["status"] == "ok"
    assert not (reported.runs / "tfidf.failed.json").exists()


def _told(log: Path, words: str) -> bool:
    """Whether the log says so yet. Snakemake removes an earlier one before the run writes its own."""
    with contextlib.suppress(FileNotFoundError):
        return words in log.read_text()
    return False


def _kill_tree(pid: int) -> None:
    """Kill a process and all that it started, at once."""
    import psutil

    parent = psutil.Process(pid)
    for process in [*parent.children(recursive=True), parent]:
        process.send_signal(signal.SIGKILL)
    parent.wait()


def test_snakemake_by_hand_finds_the_same_due(reported: Reported) -> None:
    """In a fresh clone, too, where params/ is newer than every run; and a docstring makes nothing due."""
    for path in (reported.project.folder / "params").rglob("*.yaml"):
        path.touch()
    code = reported.project.folder / "compactbench" / "data" / "clean.py"
    content = code.read_text()
    code.write_text('"""Another docstring."""\n\n# and a comment\n' + content)
    shutil.rmtree(reported.project.folder / ".snakemake")
    assert _due_by_hand(reported) == []
    code.write_text(content + "\nLIMIT = 3\n")
    assert sorted(_due_by_hand(reported)) == ["floor", "tfidf"]


def _due_by_hand(reported: Reported) -> list[str]:
    """The models that a dry run of `snakemake models` would measure."""
    words = ("snakemake", "models", "--profile", "profiles/local", "--quiet", "--summary", "--config")
    given = (f"machine={MACHINE}", "suite=tiny")
    listed = reported.project.run(*words, *given, path=reported.packages)
    assert listed.returncode == 0, listed.stderr
    return [Path(line.split("\t")[0]).stem for line in listed.stdout.splitlines() if re.search(PENDING, line)]


def test_a_corrected_license_reaches_the_site_and_makes_nothing_due(reported: Reported) -> None:
    """Snakemake said that there was nothing to be done."""
    file = reported.project.folder / "params" / "models" / "floor.yaml"
    file.write_text(yaml.safe_dump(FLOOR | {"license": "Corrected-1.0"}))
    assert "0 of 2 models to measure" in reported.report().stdout
    assert "Corrected-1.0" in (reported.site / "add-a-model.html").read_text()
