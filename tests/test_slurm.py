"""Runs on a real Slurm of two nodes: where they were, that none is timed beside another, and what a fault leaves."""

import itertools
import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from helpers.matrix import Matrix
from helpers.project import Project
from helpers.slurm import NODES, Cluster, until, why_not
from helpers.tiny_suite import BRIEF, SUITE

from compactbench.record.file import read, remove
from compactbench.record.page import seconds

pytestmark = [pytest.mark.slow, pytest.mark.skipif(why_not() is not None, reason=why_not() or "")]
MODELS = ["one", "two", "three", "four"]
LONG_S = 420.0
"""More than a job takes whose node is lost: Slurm begins it again after two minutes."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


class Reports:
    """A project of four baselines, and its reports on the cluster."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)
        self.runs = folder / "book" / "runs" / "tiny" / "toy"
        params = folder / "params"
        (params / "suites" / "tiny.yaml").write_text(yaml.safe_dump(SUITE | BRIEF | {"models": MODELS}))
        for name in MODELS:
            described = f"model: {name}\nkind: tfidf\ntitle: {name}\nmodel_name: none\nsummary: A baseline.\n"
            (params / "models" / f"{name}.yaml").write_text(described)

    def start(self, *models: str) -> subprocess.Popen[str]:
        """Begin a report on the cluster, of these models or of all."""
        words = ["report", "--suite", "tiny", "--machine", "toy", "--profile", "slurm", "--models", " ".join(models)]
        command = [sys.executable, "-m", "compactbench", *words]
        where = {"cwd": self.project.folder, "env": self.project.environment(), "text": True}
        return subprocess.Popen(command, **where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ended(self, *models: str, code: int = 0) -> str:
        """What a report says that ends with this code."""
        report = self.start(*models)
        said, _ = report.communicate(timeout=LONG_S)
        assert report.returncode == code, said
        return said

    def forget(self, name: str) -> None:
        """Let a model be due."""
        remove(self.runs / f"{name}.json")
        for ending in (".ipynb", ".log"):
            (self.runs / f"{name}{ending}").unlink()

    def record(self, name: str) -> dict:
        return read(self.runs / f"{name}.json").model_dump(mode="json")

    def computing(self, name: str) -> bool:
        """Whether the run has come to its second stage."""
        log = self.runs / f"{name}.log"
        return log.is_file() and " stage 2 of " in log.read_text()

    def left(self) -> list[str]:
        """What lies beside the runs, and beside the lock of the folder, when all is over."""
        endings = (".json", ".parquet", ".ipynb", ".log")
        beside = [path.name for path in self.runs.iterdir() if path.suffix not in endings]
        return beside + [path.name for path in (self.project.folder / ".sweep").glob("job-*")]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Reports:
    """Reported once, for all tests."""
    reports = Reports(tmp_path_factory.mktemp("project"))
    said = reports.ended()
    assert "tiny on toy: 4 of 4 models to measure" in said
    return reports


def test_each_record_tells_its_job_and_node_and_none_was_timed_beside_another(reports: Reports) -> None:
    records = [reports.record(name) for name in MODELS]
    jobs = [record["job"] for record in records]
    assert {job["scheduler"] for job in jobs} == {"slurm"} and {job["attempt"] for job in jobs} == {0}
    assert len({job["id"] for job in jobs}) == len(MODELS)
    times = defaultdict(list)
    for record in records:
        begun = datetime.fromisoformat(record["started_at"])
        times[record["job"]["node"]].append((begun, begun + timedelta(seconds=sum(record["stage_seconds"].values()))))
    assert sorted(times) == NODES, "both had work"
    for windows in times.values():
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(sorted(windows)))
    assert reports.left() == []
    assert "tiny on toy: 0 of 4 models to measure" in reports.ended()


def test_jobs_go_on_when_their_command_is_killed(reports: Reports, cluster: Cluster) -> None:
    """As when a session drops. They were submitted a second time."""
    reports.forget("one")
    report = reports.start("one")
    until(lambda: reports.computing("one"))
    report.send_signal(signal.SIGKILL)
    report.communicate()
    ((number, *_),) = cluster.jobs()
    assert f"Slurm still has jobs of this project: {number} (running); wait for" in reports.ended("one", code=2)
    until(lambda: not cluster.jobs())
    assert reports.record("one")["job"]["id"] == number
    assert "tiny on toy: 0 of 1 models to measure" in reports.ended("one")
    assert reports.left() == []


def test_a_node_with_other_code_refuses(reports: Reports, cluster: Cluster) -> None:
    """It was decided by the code of the command's host, and measured with that of the node."""
    reports.forget("two")
    code = reports.project.folder / "compactbench" / "data" / "clean.py"
    before = code.read_text()
    cluster.hold(True)
    report = reports.start("two")
    until(cluster.jobs)
    code.write_text(before + "\nLIMIT = 3\n")
    cluster.hold(False)
    said, _ = report.communicate(timeout=LONG_S)
    code.write_text(before)
    assert report.returncode == 1
    assert "FAILED two: it did not start: two: this host differs in code from the one where the command was" in said
    assert not (reports.runs / "two.json").exists()
    assert "1 of 1 models to measure" in reports.ended("two")


def test_the_run_of_a_node_that_is_lost_ends_once(reports: Reports, cluster: Cluster) -> None:
    """What ran there wrote its record, and the copy that Slurm began elsewhere deleted it and measured again."""
    reports.forget("three")
    report = reports.start("three")
    until(lambda: reports.computing("three"))
    ((number, _, node),) = cluster.jobs()
    cluster.kill(node)
    said, _ = report.communicate(timeout=LONG_S)
    cluster.start(node)
    assert report.returncode == 0, said
    record = reports.record("three")
    assert record["job"]["id"] == number
    assert (record["job"]["attempt"], record["job"]["node"]) in {(0, node), (1, *set(NODES) - {node})}
    assert seconds(reports.runs / "three.ipynb") is not None
    assert reports.left() == []
    assert "tiny on toy: 0 of 1 models to measure" in reports.ended("three")


def test_a_matrix_runs_on_both_nodes_and_points_alone_share_one(cluster: Cluster, tmp_path: Path) -> None:
    """Two models, two seeds, two data sets: four runs, each alone on its node, and four points."""
    matrix = Matrix(tmp_path, "--profile", "slurm")
    assert matrix.first.returncode == 0, matrix.first.stdout + matrix.first.stderr
    runs = [json.loads(path.read_text()) for path in matrix.runs.glob("*/here/*.json")]
    points = [json.loads(path.read_text()) for path in matrix.points()]
    assert (len(runs), len(points)) == (4, 4)
    jobs = [record["job"] for record in (*runs, *points)]
    assert len({job["id"] for job in jobs}) == 8 and {job["node"] for job in jobs} == {*NODES}
    for run in runs:
        begun, took = datetime.fromisoformat(run["started_at"]), sum(run["stage_seconds"].values())
        for other in (*runs, *points):
            if other is not run and other["job"]["node"] == run["job"]["node"]:
                started = datetime.fromisoformat(other["started_at"])
                assert not begun <= started <= begun + timedelta(seconds=took)
