"""The file of a record: written whole or not at all, and read back checked."""

import os
from operator import gt
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compactbench.errors import cut, shown
from compactbench.foreign import line
from compactbench.record import ANY_RECORD, SCHEMA_VERSION, FailedRecord, Record
from compactbench.record.json_file import parsed, read_bytes
from compactbench.record.migrations import migrated
from compactbench.record.point import PointRecord

FAILED, FINISHED = ".failed.json", ".json"
"""How the file of a run's record ends."""
ATTEMPTS = ".attempts"
"""Beside a machine's runs: a folder for each attempt at one, which lasts as long as the attempt."""
SHOWN = 60
"""So many signs of a wrong value are shown."""


class RecordError(ValueError):
    """A file that is no record. `reason` says why, in one sentence without the file's name."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason = f"not a record: {cut(line(reason))}"  # a key or a name may be of any length, and hold anything
        super().__init__(f"{path}: {self.reason}")


def write(record: Record | FailedRecord | PointRecord, path: Path) -> None:
    """Write `record` to `path` as JSON so that no reader ever sees half of it, not even after a power cut.

    Raises:
        ValueError: a folder lies there.
    """
    refuse_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")  # hidden: whoever looks for records passes it over
    partial.unlink(missing_ok=True)  # from a killed write
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(record.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove the record at `path`, or whatever file has its name.

    Raises:
        ValueError: a folder lies there.
    """
    refuse_folder(path)
    path.unlink(missing_ok=True)


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
        record = ANY_RECORD.validate_python(migrated(told, version) if version < SCHEMA_VERSION else told)
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
