"""Runs of another checkout: taken over once, and never in place of one that differs."""

import json
import re
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from helpers.factory import MACHINE, make_record
from helpers.planted import run_in

from compactbench.__main__ import main
from compactbench.benchmark.points import Point
from compactbench.commands import merge
from compactbench.record import Repeat
from compactbench.record.file import read, write
from compactbench.record.point import PointRecord
from compactbench.report.tables.collect import collect


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs of this checkout: one on one machine."""
    runs = tmp_path / "here" / "book" / "runs"
    monkeypatch.setattr(merge, "RUNS", runs)
    monkeypatch.setattr(merge, "alone", nullcontext)  # the lock is that of the project's folder
    folder(runs, "desk")
    run_in(runs / "starter" / "desk", "alpha")
    return runs


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Another checkout with a run of a machine of its own."""
    runs = tmp_path / "there" / "book" / "runs"
    folder(runs, "server")
    run_in(runs / "starter" / "server", "alpha")
    return tmp_path / "there"


def folder(runs: Path, machine: str) -> Path:
    made = runs / "starter" / machine
    made.mkdir(parents=True)
    return made


def merged(monkeypatch: pytest.MonkeyPatch, source: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["compactbench", "merge", "--folder", str(source)])
    return main()


def names(runs: Path) -> list[str]:
    """The files there; samples without the signs of their hash."""
    return sorted(
        re.sub(r"\.[0-9a-f]{8}(?=\.parquet$)", "", path.relative_to(runs).as_posix())
        for path in runs.rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize("inside", [".", "book/runs"])
def test_a_run_is_taken_over_with_its_page_and_its_samples(
    here: Path, there: Path, inside: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merged(monkeypatch, there / inside) == 0
    assert names(here) == [
        f"starter/{machine}/alpha.{end}" for machine in ("desk", "server") for end in ("ipynb", "json", "parquet")
    ]
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 1 runs were new: `make site` shows them."
    found = collect(here)
    assert [run.machine for run in found.records] == ["desk", "server"] and found.problems == []


def test_the_same_run_twice_is_passed_over(
    here: Path, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merged(monkeypatch, there) == merged(monkeypatch, there) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("0 of 1 runs were new")


def test_a_run_as_an_earlier_version_wrote_it_is_the_same_run(
    here: Path, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It held its raw samples itself."""
    record = read(here / "starter" / "desk" / "alpha.json").model_dump(mode="json") | {"schema_version": 6}
    other = folder(there / "book" / "runs", "desk") / "alpha.json"
    other.write_text(json.dumps(record))
    assert merged(monkeypatch, there) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 of 2 runs were new")


def test_of_two_that_differ_each_is_named_and_nothing_is_copied(
    here: Path, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy by hand would have put one in the place of the other."""
    other = folder(there / "book" / "runs", "desk")
    run_in(other, "alpha", revision="another")
    before = (here / "starter" / "desk" / "alpha.json").read_bytes()
    assert merged(monkeypatch, there) == 2
    told = capsys.readouterr().err
    assert "starter/desk/alpha was measured there and here" in told and "Nothing was taken over." in told
    assert names(here) == [f"starter/desk/alpha.{end}" for end in ("ipynb", "json", "parquet")]
    assert (here / "starter" / "desk" / "alpha.json").read_bytes() == before


def test_another_machine_of_the_same_name_is_refused(
    here: Path, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conditions = {"machine": MACHINE | {"cpu": "Another CPU"}}
    run_in(folder(there / "book" / "runs", "desk"), "beta", conditions=conditions)
    assert merged(monkeypatch, there) == 2
    assert "machine 'desk' is cpu Another CPU" in capsys.readouterr().err
    assert names(here) == [f"starter/desk/alpha.{end}" for end in ("ipynb", "json", "parquet")]


def test_a_folder_without_runs_is_refused_in_a_sentence(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merged(monkeypatch, tmp_path / "nothing") == 2
    assert "accepted: a checkout with finished runs, or its book/runs." in capsys.readouterr().err


def test_points_of_a_matrix_come_with_their_runs(here: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = there / "book" / "runs"
    record = make_record("alpha")
    point = PointRecord(
        suite="starter",
        machine="server",
        model="alpha",
        weights="pretrained",
        learning_rate=0.0003,
        started_at=record.started_at,
        fingerprint=record.fingerprint,
        conditions=record.conditions,
        repeat=Repeat(seed=43, labels=140, time_s=3.0, accuracy=0.9, accuracy_interval=(0.8, 0.95), macro_f1=0.9),
    )
    name = f"starter/server/alpha/{Point('starter', 'alpha', 43, 0.0003).name}.json"
    write(point, runs / name)
    assert merged(monkeypatch, there) == 0
    assert (here / name).read_bytes() == (runs / name).read_bytes()
    write(point.model_copy(update={"learning_rate": 0.0003, "weights": "none"}), runs / name)
    assert merged(monkeypatch, there) == 2
    assert b'"pretrained"' in (here / name).read_bytes()
