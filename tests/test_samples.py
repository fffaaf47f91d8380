"""Raw samples in a file of their own: the same record, and at no moment half of one or a mix of two."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from helpers.factory import make_failed, make_record
from helpers.planted_samples import parquet, tie

from compactbench import ROOT
from compactbench.record import file as record_file
from compactbench.record import samples as samples_file
from compactbench.record.file import RecordError, files_of, read, write
from compactbench.record.samples import split

COMMITTED = sorted((ROOT / "book" / "runs").glob("*/reference-*/*.json"))
REPLACE = os.replace


def texts(value: Any) -> str:
    """A record as text: numbers that differ in their last bit, or in their type, differ."""
    return repr(value.model_dump())


@pytest.mark.parametrize("path", COMMITTED, ids=[f"{path.parts[-3]}-{path.stem}" for path in COMMITTED])
def test_a_committed_record_is_the_same_after_writing(path: Path, tmp_path: Path) -> None:
    record = read(path)
    write(record, tmp_path / path.name)
    again = read(tmp_path / path.name)
    assert again == record and texts(again) == texts(record)
    assert all(file.is_file() for file in files_of(path)) and len(files_of(path)) == 2


def test_the_json_holds_no_samples_and_the_parquet_nothing_else(tmp_path: Path) -> None:
    record = make_record(probabilities=["9000 1000"] * 60)
    write(record, tmp_path / "alpha.json")
    told = json.loads((tmp_path / "alpha.json").read_text())
    first = told["runtimes"][0]
    assert "probabilities" not in told and not {"samples_ms", "tokenizer_ms"} & first["latency"][0].keys()
    assert first["quality"].keys() & {"right", "confusion"} == {"confusion"}
    samples, _ = files_of(tmp_path / "alpha.json")
    assert (told["samples"]["file"], samples.name.split(".")[1]) == (samples.name, told["samples"]["sha256"][:8])
    rows = {row.pop("path"): row for row in pq.read_table(samples).to_pylist()}
    latency = record.trained.latency[0]
    assert rows["runtimes.0.latency.0.samples_ms"]["values"] == latency.samples_ms
    assert rows["runtimes.0.quality.right"]["text"] == record.trained.quality.right
    assert rows["probabilities"]["texts"] == ["9000 1000"] * 60
    lengths = record.trained.latency_by_length[0]
    assert rows["runtimes.0.latency_by_length.0.tokens"]["counts"] == lengths.tokens


def test_a_record_that_holds_its_samples_is_read(tmp_path: Path) -> None:
    record = make_record()
    for version in (6, 7):
        content = json.loads(record.model_dump_json()) | {"schema_version": version}
        (tmp_path / "one.json").write_text(json.dumps(content))
        assert read(tmp_path / "one.json") == record
        assert files_of(tmp_path / "one.json") == [tmp_path / "one.json"]


def test_a_reader_sees_the_one_or_the_other_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, old, new = tmp_path / "one.json", make_record(), make_record(finetune={"step_s": [1.0, 2.0]})
    seen = []

    def watched(source: Path, target: Path) -> None:
        seen.append(read(path))
        REPLACE(source, target)
        seen.append(read(path))

    write(old, path)
    monkeypatch.setattr(record_file.os, "replace", watched)
    write(new, path)
    assert seen == [old, old, old, new]
    assert {*tmp_path.iterdir()} == {*files_of(path)}


@pytest.mark.parametrize("step", [0, 1])
def test_two_attempts_never_leave_a_mix(step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second takes the place of an earlier run before the samples of the first are there, or between its files."""
    path, steps = tmp_path / "alpha.json", iter(range(4))
    runs = {name: make_record(finetune={"step_s": [1.0, last]}) for name, last in {"one": 2.0, "two": 3.0}.items()}
    for name, run in runs.items():
        write(run, tmp_path / name / "alpha.json")
    write(make_record(), path)

    def interrupted(source: Path, target: Path) -> None:
        if next(steps) == step:
            monkeypatch.setattr(record_file.os, "replace", REPLACE)
            record_file.move(tmp_path / "two" / "alpha.json", path)
            assert read(path) == runs["two"]
        REPLACE(source, target)

    monkeypatch.setattr(record_file.os, "replace", interrupted)
    record_file.move(tmp_path / "one" / "alpha.json", path)
    assert read(path) == runs["one"]


def test_a_stop_between_the_two_files_leaves_the_old_record_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "one.json", make_record(title="Old")
    write(old, path)
    before = {*tmp_path.iterdir()}

    def stopped(source: Path, target: Path) -> None:
        if target == path:
            raise KeyboardInterrupt
        REPLACE(source, target)

    monkeypatch.setattr(record_file.os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write(make_record(title="New", latency=[]), path)
    assert read(path) == old and {*tmp_path.iterdir()} == before


def test_another_s_samples_are_never_taken_for_those_of_a_record(tmp_path: Path) -> None:
    """A reader who has the old JSON must not see new samples, whatever they are called."""
    write(make_record(), tmp_path / "one.json")
    samples, _ = files_of(tmp_path / "one.json")
    samples.write_bytes(split(make_record(probabilities=["1 2"] * 60))[1])
    with pytest.raises(RecordError, match=r"its samples, one\.[0-9a-f]{8}\.parquet: it is not the file that was"):
        read(tmp_path / "one.json")


def test_what_is_removed_or_moved_takes_its_samples_along_and_no_others(tmp_path: Path) -> None:
    write(make_record(), tmp_path / "here" / "alpha.json")
    write(make_record(title="Other"), tmp_path / "there" / "alpha.json")
    record_file.move(tmp_path / "here" / "alpha.json", tmp_path / "there" / "alpha.json")
    assert list((tmp_path / "here").iterdir()) == []
    assert read(tmp_path / "there" / "alpha.json") == make_record()
    assert {*(tmp_path / "there").iterdir()} == {*files_of(tmp_path / "there" / "alpha.json")}
    record_file.remove(tmp_path / "there" / "alpha.json")
    assert list((tmp_path / "there").iterdir()) == []

    write(make_record("beta"), tmp_path / "beta.json")
    (tmp_path / "alpha.json").write_bytes((tmp_path / "beta.json").read_bytes())
    record_file.remove(tmp_path / "alpha.json")
    assert read(tmp_path / "beta.json") == make_record("beta"), "its samples were named by another's record"


def test_failed_runs_stay_one_file(tmp_path: Path) -> None:
    write(make_failed(), tmp_path / "alpha.failed.json")
    assert [path.name for path in tmp_path.iterdir()] == ["alpha.failed.json"]


def test_samples_that_somebody_ties_to_a_record_are_checked_as_a_record_is(tmp_path: Path) -> None:
    """The hash is right, and no step takes less than no time."""
    record = make_record()
    write(record, tmp_path / "one.json")
    finetune = record.finetune.model_copy(update={"step_s": [-1.0]})
    tie(tmp_path / "one.json", split(record.model_copy(update={"finetune": finetune}))[1])
    with pytest.raises(RecordError, match=r"step_s\.0`: got -1\.0; accepted: greater than"):
        read(tmp_path / "one.json")


def test_samples_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number over and over takes next to nothing in the file."""
    monkeypatch.setattr(samples_file, "LARGEST_BYTES", 10_000_000)
    for numbers, told in ((500_000, "accepted: greater than"), (2_000_000, "it unpacks to 16 MB, more than 10")):
        write(make_record(), tmp_path / "one.json")
        content = parquet({"path": "finetune.step_s", "values": [0.0] * numbers})
        assert len(content) < 20_000
        tie(tmp_path / "one.json", content)
        with pytest.raises(RecordError, match=told):
            read(tmp_path / "one.json")


def test_who_measures_loads_nothing_for_the_file() -> None:
    """Its memory and its start are measured."""
    program = "import sys, compactbench.record.samples; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
