"""A data set in a user's own file: CSV, TSV, JSON lines or Parquet, read through the Arrow cache of `datasets`."""

import contextlib
import csv
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets import Dataset, Features, Value, load_dataset

from compactbench import ROOT
from compactbench.errors import LONGEST, one_line
from compactbench.settings import FileData, SettingsError

FORMATS = {".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".json": "json", ".parquet": "parquet"}
"""Endings of files, and the reader of `datasets` for each."""


def from_file(dataset: FileData) -> tuple[Dataset, Dataset | None]:
    """The rows of the user's file, and those of his test file where he has one, with all their columns.

    Raises:
        SettingsError: a file is missing or cannot be read; the message names the key.
    """
    train = _rows(dataset, "path")
    return train, _rows(dataset, "test_path") if dataset.test_path else None


@contextlib.contextmanager
def said_once() -> Iterator[None]:
    """While it is entered, `datasets` does not also log the errors that it raises."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


def header_hint(dataset: FileData) -> str:
    """What may have gone wrong when the file seems to lack a column."""
    without = FORMATS.get(Path(dataset.path).suffix.lower()) == "csv" and not dataset.columns
    return "; a file without a header row needs `columns`" if without else ""


def file_source(dataset: FileData) -> str:
    """The user's files by name and content.

    Raises:
        SettingsError: one is missing.
    """
    keys = ["path"] + (["test_path"] if dataset.test_path else [])
    return " and ".join(f"{_path(dataset, key).name} {sha256(_path(dataset, key))[:12]}" for key in keys)


def _path(dataset: FileData, key: str) -> Path:
    path = ROOT / Path(getattr(dataset, key)).expanduser()
    if not path.is_file():
        raise SettingsError(f"key `dataset.{key}`: got {getattr(dataset, key)!r}; accepted: a file that exists.")
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(
            f"key `dataset.{key}`: got {getattr(dataset, key)!r}; accepted: a file that ends in {', '.join(FORMATS)}."
        )
    return path


@functools.cache
def sha256(file: Path) -> str:
    """SHA-256 of the content of `file`."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _rows(dataset: FileData, key: str) -> Dataset:
    path = _path(dataset, key)
    empty = SettingsError(f"key `dataset.{key}`: got {getattr(dataset, key)!r}, which is empty; accepted: rows.")
    if path.stat().st_size == 0:
        raise empty
    reader = FORMATS[path.suffix.lower()]
    options = _csv_options(dataset, key, path) if reader == "csv" else {}
    try:
        with said_once():
            rows = load_dataset(reader, data_files=str(path), split="train", **options)
    except Exception as error:  # the library raises several kinds of its own
        if "corresponds to no data" in str(error):  # a header row alone
            raise empty from error
        text = one_line(error.__cause__ or error, LONGEST)
        raise SettingsError(
            f"key `dataset.{key}`: got {getattr(dataset, key)!r}, which cannot be read as {path.suffix[1:]}: {text}"
        ) from error
    return rows


def _csv_options(dataset: FileData, key: str, path: Path) -> dict[str, Any]:
    """How pandas shall read the file: every value as text, nothing taken for a missing one, bad bytes marked."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as content:
        first = next(csv.reader(content, delimiter=delimiter), [])
    if dataset.columns and len(dataset.columns) != len(first):
        raise SettingsError(
            f"key `dataset.columns`: got {len(dataset.columns)} names; accepted: one for each of the {len(first)} "
            f"columns of {path.name}."
        )
    names = dataset.columns or first
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        where = "columns" if dataset.columns else key
        raise SettingsError(f"key `dataset.{where}`: got two columns called {twice!r}; accepted: names that differ.")
    return {
        "delimiter": delimiter,
        "features": Features({name: Value("string") for name in names}),
        "keep_default_na": False,
        "encoding": "utf-8-sig",
        "encoding_errors": "replace",
        **({"column_names": dataset.columns, "header": None} if dataset.columns else {}),
    }
