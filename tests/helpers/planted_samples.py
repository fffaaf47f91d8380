"""Files with the raw samples of a run that cannot be used, planted likewise."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from compactbench.record.file import files_of
from compactbench.record.samples import named
from helpers.planted import CANNOT, Planted

TYPES = {"values": pa.float64(), "counts": pa.int64(), "texts": pa.string()}
SCHEMA = pa.schema({"path": pa.string(), "text": pa.string()} | {name: pa.list_(of) for name, of in TYPES.items()})


def parquet(*rows: dict[str, Any], schema: pa.Schema = SCHEMA) -> bytes:
    """The content of a file of samples with these rows."""
    file = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_pylist(list(rows), schema=schema),
        file,
        compression="zstd",
        use_dictionary=False,
        store_schema=False,
    )
    return file.getvalue().to_pybytes()


def tie(record: Path, content: bytes) -> None:
    """Have the record at `record` name a file of samples with that content, with its right hash."""
    samples, _ = files_of(record)
    samples.unlink()
    found = named(record.stem, content)
    record.with_name(str(found.file)).write_bytes(content)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"samples": found.model_dump()}))


def _file(name: str, harm: Callable[[Path], object], reason: str) -> Planted:
    """Harm is done to the file of samples."""

    def plant(folder: Path, model: str) -> Path:
        record = folder / f"{model}.json"
        harm(files_of(record)[0])
        return record

    return Planted(f"samples: {name}", plant, reason, CANNOT)


def _tied(name: str, content: bytes, reason: str) -> Planted:
    """Somebody made a file of samples, and had the record name it."""

    def plant(folder: Path, model: str) -> Path:
        tie(folder / f"{model}.json", content)
        return folder / f"{model}.json"

    return Planted(f"samples: {name}", plant, reason, CANNOT)


def _key(name: str, value: Any, reason: str) -> Planted:
    """Another value at the record's key `samples`."""

    def plant(folder: Path, model: str) -> Path:
        record = folder / f"{model}.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"samples": value}))
        return record

    return Planted(f"samples: {name}", plant, reason, CANNOT)


def _stray(name: str, file: str, reason: str) -> Planted:
    """A file beside the run."""

    def plant(folder: Path, model: str) -> Path:
        path = folder / file.replace("MODEL", model)
        path.touch()
        return path

    return Planted(f"samples: {name}", plant, reason, None)


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


STEPS, LATENCY = "finetune.step_s", "runtimes.0.latency.0.samples_ms"
OTHER_TYPES = pa.schema([("path", pa.string()), ("values", pa.list_(pa.float32()))])
SAMPLES_STATES = [
    _file("gone", lambda path: path.unlink(), "cannot be read (No such file"),
    _file("empty", lambda path: path.write_bytes(b""), "it is empty"),
    _file("cut in half", lambda path: os.truncate(path, path.stat().st_size // 2), "not the file that was written"),
    _file("a byte more", lambda path: path.write_bytes(path.read_bytes() + b"x"), "not the file that was written"),
    _file("a link", lambda path: _replace(path, lambda path: path.symlink_to("/etc/hostname")), "a symbolic link"),
    _file("a pipe", lambda path: _replace(path, os.mkfifo), "no regular file"),
    _file("200 MB of nothing", lambda path: os.truncate(path, 200_000_000), "it has 200 MB"),
    _tied("a text", b"samples", "no whole Parquet"),
    _tied("no rows", parquet(), "key `finetune.step_s` is missing"),
    _tied("other columns", parquet({"path": "a", "values": [1.0]}, schema=OTHER_TYPES), "list<element: float>"),
    _tied(
        "a place that is not there",
        parquet({"path": "runtimes.9.latency", "values": [1.0]}),
        "no place for 'runtimes.9",
    ),
    _tied("a place in a text", parquet({"path": "title.x", "text": "x"}), "no place for 'title.x'"),
    _tied("no place", parquet({"values": [1.0]}), "no place for None"),
    _tied("what the record says itself", parquet({"path": "title", "text": "Another"}), "no place for 'title'"),
    _tied("twice", parquet(*[{"path": LATENCY, "values": [1.0]}] * 2), f"no place for '{LATENCY}'"),
    _tied("of two kinds", parquet({"path": LATENCY, "values": [1.0], "counts": [1]}), f"no place for '{LATENCY}'"),
    _tied("no number", parquet({"path": STEPS, "values": [float("nan")]}), "step_s.0`: got nan"),
    _tied("a number missing", parquet({"path": STEPS, "values": [None]}), "step_s.0`: got None"),
    _key("in another folder", {"file": "../x.4d6f0a12.parquet", "sha256": "0" * 64}, "samples.file`: got '../x"),
    _key("no hash", {"file": "x.4d6f0a12.parquet"}, "key `samples.sha256` is missing"),
    _key("a list", [], "key `samples`: got []"),
    _stray("of an earlier run", "MODEL.00000000.parquet", "samples that no record names"),
    _stray("of a run that is gone", "MODEL-old.00000000.parquet", "samples that no record names"),
    _stray("of no run", "MODEL.parquet", "no file of a run"),
]
