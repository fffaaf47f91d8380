"""The record's file: strict, whole or not there, and described by a schema."""

import json
from functools import partial
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from helpers.factory import make_failed, make_record
from pydantic import ValidationError

from compactbench import record as schema
from compactbench.record import Record, RuntimeResult, json_schema
from compactbench.record import file as record_file


def test_record_survives_writing_and_reading(tmp_path: Path) -> None:
    for made in (make_record(), make_failed()):
        record_file.write(made, tmp_path / "one.json")
        assert record_file.read(tmp_path / "one.json") == made


def test_schema_accepts_what_is_written_and_refuses_an_unknown_key(tmp_path: Path) -> None:
    record_file.write(make_record(), tmp_path / "one.json")
    content = json.loads((tmp_path / "one.json").read_text())
    jsonschema.validate(content, json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content | {"mood": "good"}, json_schema())


def test_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="mood"):
        make_record(mood="good")


def test_failed_write_leaves_the_old_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing in place would leave half a record when the disk is full."""
    record_file.write(make_record(), tmp_path / "one.json")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("compactbench.record.file.os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        record_file.write(make_failed(), tmp_path / "one.json")
    assert record_file.read(tmp_path / "one.json") == make_record()


def test_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"status": "ok"')
    with pytest.raises(ValueError, match=r"half\.json: not a record"):
        record_file.read(tmp_path / "half.json")


def test_every_field_is_described_with_a_sentence() -> None:
    """An undescribed field would be a number whose meaning nobody can look up."""
    names = {"suite", "machine", "model", "title", "model_name", "status", "schema_version"}
    for part in (Record, RuntimeResult):
        for name, field in part.model_fields.items():
            kinds = [field.annotation, *get_args(field.annotation)]
            nested = any(isinstance(kind, type) and issubclass(kind, schema.Strict) for kind in kinds)
            assert field.description or nested or name in names, name


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("compactbench.record.file.os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        record_file.write(make_record(), tmp_path / "one.json")
    assert list(tmp_path.iterdir()) == []


def test_the_half_of_a_killed_write_is_replaced_and_no_link_followed(tmp_path: Path) -> None:
    """Opened for writing, a link of that name would lead the record over another file."""
    (tmp_path / "precious").write_text("kept")
    (tmp_path / ".one.json.partial").symlink_to("precious")
    record_file.write(make_record(), tmp_path / "one.json")
    assert (tmp_path / "precious").read_text() == "kept"
    assert {*tmp_path.iterdir()} == {tmp_path / "precious", *record_file.files_of(tmp_path / "one.json")}


def test_a_folder_in_the_place_of_a_record_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.mkdir()
    for act in (partial(record_file.write, make_record()), record_file.remove):
        with pytest.raises(ValueError, match=r"^one\.json is a folder"):
            act(path)
    assert list(tmp_path.iterdir()) == [path]
