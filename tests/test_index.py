"""The index: the same tables as of the records themselves, and no record read again that did not change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from helpers.factory import BASELINE, START, calls, make_failed, make_record, runtime

from compactbench import ROOT
from compactbench.record import Record
from compactbench.record.file import files_of, read_run, write
from compactbench.report.tables import index as indexing
from compactbench.report.tables.collect import collect
from compactbench.report.tables.index import Index, index, load, made_by
from compactbench.report.tables.results import default_group, results, runtimes

ONNX = runtime(runtime="onnxruntime", label="ONNX fp32", latency=[calls([3.0, 4.0]), calls([3.0, 5.0], process=1)])


class Kept:
    """A book of three runs and its index.

    Args:
        folder: an empty folder.
        asked: the records that were read, in turn.
    """

    def __init__(self, folder: Path, asked: list[str]) -> None:
        self.runs, self.file, self._asked = folder / "runs", folder / "_build" / "index.json", asked
        self.put(make_record("alpha", [ONNX]))
        self.put(make_record("beta", machine="desk", **BASELINE))
        write(make_failed("broken"), self.runs / "starter" / "reference-cpu" / "broken.failed.json")
        self.make()

    def put(self, record: Record) -> None:
        """Write a record to where it belongs."""
        write(record, self.runs / record.suite / record.machine / f"{record.model}.json")

    def make(self) -> Index:
        """The index, as a new process makes it."""
        indexing._index.cache_clear()
        self._asked.clear()
        return index(self.runs, self.file)

    def read(self) -> set[str]:
        """The records that a new process reads, by the file's name."""
        self.make()
        return set(self._asked)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    asked: list[str] = []

    def noted(path: Path, found: bytes) -> object:
        asked.append(path.name)
        return read_run(path, found)

    monkeypatch.setattr(indexing, "read_run", noted)
    return Kept(tmp_path, asked)


def assert_equal(found: Index, runs: Path) -> None:
    """Its tables, cell by cell and type by type, are those of the records."""
    records = collect(runs).records
    pd.testing.assert_frame_equal(found.results, results(records), check_exact=True)
    pd.testing.assert_frame_equal(found.runtimes, runtimes(records), check_exact=True)


def test_the_tables_of_the_committed_runs_are_those_of_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once as the index is made, and once from its file alone."""
    runs = ROOT / "book" / "runs"
    assert_equal(index(runs, tmp_path / "index.json"), runs)
    indexing._index.cache_clear()
    monkeypatch.setattr(indexing, "read_run", lambda *_: pytest.fail("a record was read"))
    found = index(runs, tmp_path / "index.json")
    assert_equal(found, runs)
    assert len(found.results) > 20 and found.results["cpu_latency_p50_ms_low"].notna().any()


def test_records_that_did_not_change_are_not_read_again(kept: Kept) -> None:
    assert kept.read() == set()
    found = kept.make()
    assert_equal(found, kept.runs)
    assert [(run.model, run.started_at) for run in found.runs] == [
        (name, START) for name in ("beta", "alpha", "broken")
    ]
    assert default_group(found.runs) == ("starter", "desk")


def test_a_record_that_changed_is_read_again(kept: Kept) -> None:
    kept.put(make_record("alpha", title="Another title"))
    assert kept.read() == {"alpha.json"}
    assert set(kept.make().results["title"]) == {"Another title", "Beta", "Broken"}
    assert_equal(kept.make(), kept.runs)


def test_a_run_beside_it_changes_a_row_without_reading_its_record(kept: Kept) -> None:
    """The interval of a time takes the machine's drift, which all its runs tell; see `noise.drift_of`."""
    before = kept.make().runtimes.set_index("label").loc["ONNX fp32", "latency_p50_ms_high"]
    kept.put(make_record("slow", fixed_work=[{"stage": "latency", "samples_ms": [30.0]}]))
    assert kept.read() == {"slow.json"}
    assert kept.make().runtimes.set_index("label").loc["ONNX fp32", "latency_p50_ms_high"] > before
    assert_equal(kept.make(), kept.runs)


def test_a_record_whose_samples_are_gone_leaves_the_index(kept: Kept) -> None:
    """The JSON is the one that the row was made of, and could not be read now."""
    samples, _ = files_of(kept.runs / "starter" / "desk" / "beta.json")
    samples.unlink()
    found = kept.make()
    assert [run.model for run in found.runs] == ["alpha", "broken"]
    assert [problem.file for problem in found.problems] == ["runs/starter/desk/beta.json"]


def test_what_is_gone_leaves_the_index(kept: Kept) -> None:
    (kept.runs / "starter" / "desk" / "beta.json").unlink()
    assert [run.model for run in kept.make().runs] == ["alpha", "broken"]
    assert len(load(kept.file)) == 2


def test_without_its_file_it_is_made_anew(kept: Kept) -> None:
    shutil.rmtree(kept.file.parent)
    assert kept.read() == {"alpha.json", "beta.json", "broken.failed.json"}
    assert kept.read() == set()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "no text": lambda _: b"\xff\xfe\x00" * 99,
    "another number": lambda content: content.replace(b"81.0", b"18.0"),
    "another shape": lambda content: content.partition(b"\n")[0] + b"\n[]",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_believed(kept: Kept, damage: str) -> None:
    whole = kept.file.read_bytes()
    kept.file.write_bytes(DAMAGES[damage](whole))
    assert kept.file.read_bytes() != whole
    assert len(kept.read()) == 3
    assert kept.file.read_bytes() == whole


def test_other_code_makes_it_anew(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "made_by", lambda _: "other code")
    assert len(kept.read()) == 3
    assert kept.read() == set()


def test_code_is_other_code_when_a_file_of_records_or_report_changes(tmp_path: Path) -> None:
    for name in ("settings.py", "record/base.py", "report/tables/metrics.py", "benchmark/run.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one = 1")
    before = made_by.__wrapped__(tmp_path)
    (tmp_path / "benchmark/run.py").write_text("one = 2")
    assert made_by.__wrapped__(tmp_path) == before
    for name in ("settings.py", "record/base.py", "report/tables/metrics.py"):
        (tmp_path / name).write_text("one = 2")
        changed = made_by.__wrapped__(tmp_path)
        assert changed != before
        before = changed


def test_the_same_record_elsewhere_is_not_that_run(kept: Kept) -> None:
    """Its bytes are known, but a record names the place where it belongs."""
    for file in files_of(kept.runs / "starter" / "desk" / "beta.json"):
        shutil.copy(file, kept.runs / "starter" / "reference-cpu" / file.name)
    found = kept.make()
    (problem,) = found.problems
    assert "it belongs to the machine 'desk'" in problem.reason
    assert [run.model for run in found.runs] == ["beta", "alpha", "broken"]


def test_a_file_that_is_no_record_is_named_each_time(kept: Kept) -> None:
    (kept.runs / "starter" / "desk" / "half.json").write_text('{"status": "ok"')
    (kept.runs / "starter" / "desk" / "notes.txt").touch()
    for _ in range(2):
        told = [(problem.file, problem.reason[:36]) for problem in kept.make().problems]
        assert told == [
            ("runs/starter/desk/half.json", "not a record: it is no whole JSON (E"),
            ("runs/starter/desk/notes.txt", "no file of a run is called so"),
        ]


def test_a_finished_run_stands_before_an_earlier_failure(kept: Kept) -> None:
    write(make_failed("alpha"), kept.runs / "starter" / "reference-cpu" / "alpha.failed.json")
    for _ in range(2):
        assert [(run.model, run.state is None) for run in kept.make().runs] == [
            ("beta", False),
            ("alpha", False),
            ("broken", True),
        ]


def test_a_kill_while_it_is_written_leaves_the_one_before(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kept.file.read_bytes()
    kept.put(make_record("gamma"))
    with monkeypatch.context() as patch:
        patch.setattr(indexing.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            kept.make()
    assert kept.file.read_bytes() == whole
    assert kept.read() == {"gamma.json"}
    assert kept.read() == set()


def test_where_it_cannot_be_written_the_tables_are_made_all_the_same(kept: Kept) -> None:
    kept.file.unlink()
    kept.file.parent.rmdir()
    kept.file.parent.touch()  # a file where the folder would be
    assert_equal(kept.make(), kept.runs)


def test_records_are_those_of_a_machine_and_a_suite(kept: Kept) -> None:
    kept.put(make_record("alpha", suite="other"))
    found = kept.make()
    told = [(run.suite, run.model, run.status) for run in found.records("reference-cpu", "starter")]
    assert told == [("starter", "alpha", "ok"), ("starter", "broken", "failed")]
    assert [run.suite for run in found.records("reference-cpu")] == ["other", "starter", "starter"]


@pytest.mark.slow
def test_many_records_are_read_by_several_processes(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them is no record; what the others hold is the same."""
    before = kept.file.read_bytes()
    kept.file.unlink()
    (kept.runs / "starter" / "desk" / "half.json").write_text("{")
    monkeypatch.setattr(indexing, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(indexing.os, "cpu_count", lambda: 2)
    assert kept.read() == set()  # not in this process
    assert [problem.file for problem in kept.make().problems] == ["runs/starter/desk/half.json"]
    assert kept.file.read_bytes() == before
