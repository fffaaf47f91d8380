"""The files of a record, its own and that of its raw samples: written whole or not at all, and read back checked."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from operator import gt
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compactbench.errors import cut, shown
from compactbench.foreign import line
from compactbench.record import ANY_RECORD, SCHEMA_VERSION, FailedRecord, Record
from compactbench.record.json_file import parsed, read_bytes
from compactbench.record.migrations import migrated
from compactbench.record.point import PointRecord
from compactbench.record.samples import Told, join, named, owner, split

FAILED, FINISHED = ".failed.json", ".json"
"""How the file of a run's record ends."""
ATTEMPTS = ".attempts"
"""Beside a machine's runs: a folder for each attempt at one, which lasts as long as the attempt."""
NUMBERS = re.compile(r'\[\n([^][{}"]+)\]')
"""A list of plain numbers as JSON indents it, a line each; in a file it is one line."""
SHOWN = 60
"""So many signs of a wrong value are shown."""


class RecordError(ValueError):
    """A file that is no record. `reason` says why, in one sentence without the file's name."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason = f"not a record: {cut(line(reason))}"  # a key or a name may be of any length, and hold anything
        super().__init__(f"{path}: {self.reason}")


def write(record: Record | FailedRecord | PointRecord, path: Path) -> None:
    """Write `record` to `path` as JSON, and beside it the raw samples of a finished run as Parquet.

    The samples come first, under a name of their own, so that no reader ever sees half of a record or the samples of
    another, not even after a power cut.

    Raises:
        ValueError: a folder lies there.
    """
    refuse_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(record, Record):
        _replace(path, record.model_dump(mode="json"))
        return
    told, stored = split(record)
    samples = named(path.name.removesuffix(FINISHED), stored)
    beside = path.with_name(str(samples.file))
    try:
        _write(beside, stored)
        _replace(path, told | {"samples": samples.model_dump()})
    except BaseException:
        if beside not in files_of(path):
            beside.unlink(missing_ok=True)
        raise


def move(path: Path, target: Path) -> None:
    """Move the record at `path`, with its samples, to `target`, of the same name, in the place of an earlier one."""
    *samples, _ = files_of(path)
    for file in samples:
        os.replace(file, target.with_name(file.name))
    with _earlier_samples_removed(target):
        os.replace(path, target)


def remove(path: Path) -> None:
    """Remove the record at `path` with its samples, or whatever file has its name.

    Raises:
        ValueError: a folder lies there.
    """
    refuse_folder(path)
    for file in reversed(files_of(path)):
        file.unlink(missing_ok=True)


def files_of(path: Path, found: bytes | None = None) -> list[Path]:
    """The files of the record at `path`, in the order in which they are written: its samples, where it has any; itself.

    Args:
        path: its file; a record that cannot be read has no other.
        found: the file's content, where that was read already.
    """
    with contextlib.suppress(ValueError):
        samples = Told.model_validate_json(content(path) if found is None else found).samples
        if samples and owner(samples.file) == path.name.removesuffix(FINISHED):  # never another's
            return [path.with_name(str(samples.file)), path]
    return [path]


def content(path: Path) -> bytes:
    """The content of the file at `path`.

    Raises:
        RecordError: it is no file that can be read.
    """
    try:
        return read_bytes(path)
    except ValueError as error:
        raise RecordError(path, str(error)) from error


def read(path: Path, found: bytes | None = None) -> Record | FailedRecord:
    """Read the record at `path`, also one that an earlier version wrote.

    Args:
        path: its file.
        found: the file's content, where that was read already.

    Raises:
        RecordError: the file is not a record.
    """
    try:
        told = parsed(read_bytes(path) if found is None else found)
        version = told.get("schema_version")
        if type(version) is not int or version < 1:
            raise ValueError(f"key `schema_version`: got {version!r}; accepted: 1 to {SCHEMA_VERSION}")
        if version > SCHEMA_VERSION:
            raise ValueError(
                f"a newer version of this report wrote it (schema {version}, this one reads up to {SCHEMA_VERSION}): "
                "update the project"
            )
        told = migrated(told, version) if version < SCHEMA_VERSION else _fill_in(told, path)
        record = ANY_RECORD.validate_python(told)
        _check_counts(record)
        return record
    except ValidationError as error:
        raise RecordError(path, _sentence(error.errors()[0])) from error
    except ValueError as error:
        raise RecordError(path, str(error)) from error


def read_run(path: Path, found: bytes | None = None) -> Record | FailedRecord:
    """Read the record at <suite>/<machine>/<model>.json, or at <model>.failed.json that of a failed run.

    Args:
        path: its file.
        found: the file's content, where that was read already.

    Raises:
        RecordError: the file is not a record, or not the one that belongs there.
    """
    record = read(path, found)
    ending = FINISHED if record.status == "ok" else FAILED
    place = {"suite": path.parts[-3], "machine": path.parts[-2], "file": path.name}
    for key, value in {"suite": record.suite, "machine": record.machine, "file": record.model + ending}.items():
        if value != place[key]:
            raise RecordError(path, f"it belongs to the {key} {value!r}, and lies at {place[key]!r}")
    return record


def read_point(path: Path) -> PointRecord:
    """Read the record of a point at <suite>/<machine>/<model>/<point>.json.

    Raises:
        RecordError: the file is not a record, or not one that belongs there.
    """
    try:
        point = PointRecord.model_validate(parsed(read_bytes(path)))
    except ValidationError as error:
        raise RecordError(path, _sentence(error.errors()[0])) from error
    except ValueError as error:
        raise RecordError(path, str(error)) from error
    for key, folder in zip(("suite", "machine", "model"), path.parts[-4:-1], strict=True):
        if getattr(point, key) != folder:
            raise RecordError(path, f"it belongs to the {key} {getattr(point, key)!r}, and lies at {folder!r}")
    return point


def place(path: Path) -> Path:
    """Where the record that an attempt writes to `path` will lie when the attempt is over."""
    beside = path.parent.parent
    return beside.parent / path.name if beside.name == ATTEMPTS else path


def refuse_folder(path: Path) -> None:
    """Refuse a folder in the place of a record.

    Raises:
        ValueError: one lies at `path`.
    """
    if path.is_dir() and not path.is_symlink():
        raise ValueError(f"{path.name} is a folder, and the record of this run is to lie there: move it away")


def _replace(path: Path, told: dict[str, Any]) -> None:
    """Write what a record tells in the place of an earlier one, whose samples go."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    text = NUMBERS.sub(lambda found: "[" + " ".join(found[1].split()) + "]", text)
    with _earlier_samples_removed(path):
        _write(path, (text + "\n").encode())


@contextlib.contextmanager
def _earlier_samples_removed(path: Path) -> Iterator[None]:
    """Remove the samples of the record at `path` once another has taken its place."""
    earlier = files_of(path)
    yield
    for file in set(earlier).difference(files_of(path)):
        file.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    partial = path.with_name(f".{path.name}.partial")  # hidden: whoever looks for records passes it over
    partial.unlink(missing_ok=True)  # from a killed write
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _fill_in(told: dict[str, Any], path: Path) -> dict[str, Any]:
    """What the record at `path` tells, with its samples.

    Raises:
        ValueError: they are not there, or not those that it was written with.
    """
    samples = Told.model_validate(told).samples
    if not samples:
        return told
    file = path.with_name(str(samples.file))
    told = {key: value for key, value in told.items() if key != "samples"}
    try:
        stored = read_bytes(file)
        if hashlib.sha256(stored).hexdigest() != samples.sha256:
            raise ValueError("it is not the file that was written with the record")
        join(told, stored)
    except ValueError as error:
        raise ValueError(f"its samples, {file.name}: {error}") from error
    return told


def _check_counts(record: Record | FailedRecord) -> None:
    """Check that the first runtime classified the test texts of the data set and each other one some of them.

    With random weights all classify a few, as proof that the path works.

    Raises:
        ValueError: it did not.
    """
    if isinstance(record, FailedRecord) or record.weights == "random":
        return
    for number, quality in enumerate(one.quality for one in record.runtimes):
        counts = [sum(row) for row in quality.confusion] if quality else record.data.test_counts
        too_many = len(counts) != len(record.data.test_counts) or any(map(gt, counts, record.data.test_counts))
        if too_many or (number == 0 and counts != record.data.test_counts):
            raise ValueError(f"key `runtimes.{number}.quality`: it is of other texts than `data.test_counts` has")


def _sentence(error: ErrorDetails) -> str:
    """The key, what was given, and what is accepted."""
    key = ".".join(str(part) for part in error["loc"] if part not in ("ok", "failed"))
    if error["type"] == "missing":
        return f"key `{key}` is missing"
    if error["type"] == "extra_forbidden":
        return f"key `{key}` is not known"
    accepted = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("accepted: ")
    return f"key `{key}`: got {shown(error['input'], SHOWN)}; accepted: {accepted}"
