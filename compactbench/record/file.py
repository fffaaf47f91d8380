"""The file of a record: written whole or not at all, and read back checked."""

import json
import os
import tempfile
from pathlib import Path

from compactbench.record import ANY_RECORD, SCHEMA_VERSION, FailedRecord, Record


def write(record: Record | FailedRecord, path: Path) -> None:
    """Write `record` to `path` as JSON so that no reader ever sees half of it (temporary file, then rename)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(record.model_dump_json(indent=1) + "\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError:  # the disk is full
        os.unlink(temporary)
        raise


def read(path: Path) -> Record | FailedRecord:
    """Read the record at `path`; one of an older schema is a run that must be done again.

    Raises:
        ValueError: the file is not a record; the message names the file.
    """
    content = path.read_bytes()
    try:
        return _outdated(content) or ANY_RECORD.validate_json(content)
    except ValueError as error:
        raise ValueError(f"{path}: not a record of schema version {SCHEMA_VERSION}: {error}") from error


def _outdated(content: bytes) -> FailedRecord | None:
    """What a record of an older schema still tells: whose it was, and that it cannot be compared."""
    found = json.loads(content)
    version = found.get("schema_version")
    if not isinstance(version, int) or version >= SCHEMA_VERSION:
        return None
    error = f"measured by an older version of this report (schema {version}, now {SCHEMA_VERSION}): measure it again"
    kept = ("suite", "machine", "model", "title", "model_name", "started_at")
    return FailedRecord(**{key: found.get(key) for key in kept}, stage="record", error=error)
