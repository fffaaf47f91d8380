"""Records as their files hold them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def read(path: Path) -> dict[str, Any]:
    """A record, with the raw samples from the Parquet file that it names; those of earlier versions hold them."""
    record = json.loads(path.read_text("utf-8"))
    if samples := record.pop("samples", None):
        file = path.with_name(samples["file"])
        assert hashlib.sha256(file.read_bytes()).hexdigest() == samples["sha256"], f"{file} is not that of its record"
        for row in pq.read_table(file).to_pylist():
            *above, last = row.pop("path").split(".")
            part = record
            for key in above:
                part = part[int(key) if key.isdigit() else key]
            part[last] = next(value for value in row.values() if value is not None)
    return record
