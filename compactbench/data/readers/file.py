"""A user's own texts in a file: CSV, TSV, JSON lines or Parquet, kept in the cache of `datasets` by their content."""

import codecs
import contextlib
import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets import Dataset, Features, Value, load_dataset, load_from_disk
from pydantic import Field, model_validator

from compactbench import ROOT
from compactbench.data.clean import Raw
from compactbench.data.readers import Source, TextColumns, plain
from compactbench.errors import LONGEST, one_line
from compactbench.settings import Place, SettingsError
from compactbench.sources.local import sha256

FORMATS = {".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".json": "json", ".parquet": "parquet"}
"""Endings of files, and the reader of `datasets` for each."""
CSV = {"keep_default_na": False, "encoding": "utf-8-sig", "encoding_errors": "replace"}
"""No word stands for a missing value, and bytes that are no UTF-8 are marked."""


class File(Source):
    """One file, and a second one to test on or a share of the first for it."""

    key = "path"

    path: Place = Field(description="a file that ends in .csv, .tsv, .jsonl, .json or .parquet")
    text: TextColumns = Field(description="a column, or a list of columns to join")
    label: str = Field(description="a column with names or numbers of classes")
    columns: list[str] | None = Field(
        default=None, description="a list with a name for each column, for a file without a header row"
    )
    test_path: Place | None = Field(default=None, description="a second file with the texts to test on")
    label_names: dict[str | int, str] | None = Field(
        default=None, description="a mapping of each label in the file to its name"
    )
    cite: str = Field(default="your own data", description="whom to cite")

    @model_validator(mode="after")
    def _one_way_to_a_test(self) -> "File":
        if self.test_path and self.test_size:
            raise ValueError("key `test_size`: got a share beside `test_path`; accepted: one of the two")
        return self

    def read(self) -> Raw:
        """The rows of the file, and those of the test file where there is one."""
        train = _rows(self, "path")
        test = _rows(self, "test_path") if self.test_path else None
        name = Path(self.path).name
        without = FORMATS.get(Path(self.path).suffix.lower()) == "csv" and not self.columns
        hint = "; a file without a header row needs `columns`" if without else ""
        train, test = (rows and plain(rows, self.text, self.label, name, hint) for rows in (train, test))
        return Raw(train, test, names={str(label): name for label, name in (self.label_names or {}).items()})

    def version(self) -> str:
        """The files by name and content."""
        keys = ["path"] + (["test_path"] if self.test_path else [])
        return " and ".join(f"{_path(self, key).name} {_digest(self, key)[:12]}" for key in keys)


SOURCE = File


@contextlib.contextmanager
def said_once() -> Iterator[None]:
    """While it is entered, `datasets` does not also log the errors that it raises."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)


def _path(dataset: File, key: str) -> Path:
    given = getattr(dataset, key)
    path = ROOT / Path(given).expanduser()
    if not path.is_file():
        raise SettingsError(f"key `dataset.{key}`: got {given!r}; accepted: a file that exists.")
    if path.suffix.lower() not in FORMATS:
        accepted = f"a file that ends in {', '.join(FORMATS)}"
        raise SettingsError(f"key `dataset.{key}`: got {given!r}; accepted: {accepted}.")
    return path


def _digest(dataset: File, key: str) -> str:
    path = _path(dataset, key)
    try:
        return sha256(path)
    except OSError as error:
        given = f"key `dataset.{key}`: got {getattr(dataset, key)!r}"
        raise SettingsError(f"{given}, which cannot be read: {error.strerror}.") from error


def _rows(dataset: File, key: str) -> Dataset:
    """The rows of a file, from the cache where the same content was read before.

    The library's own cache goes by name, size and time of a file, and takes a name for a pattern.
    """
    path, given = _path(dataset, key), f"key `dataset.{key}`: got {getattr(dataset, key)!r}"
    empty = SettingsError(f"{given}, which is empty; accepted: rows.")
    if path.stat().st_size == 0:
        raise empty
    how = json.dumps([path.suffix.lower(), dataset.columns, CSV, datasets.__version__])
    cache, digest = Path(datasets.config.HF_DATASETS_CACHE, "compactbench"), _digest(dataset, key)
    kept = cache / hashlib.sha256(f"{digest} {how}".encode()).hexdigest()
    try:
        if not kept.is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            with said_once(), tempfile.TemporaryDirectory(dir=cache) as scratch:
                copy = Path(shutil.copyfile(path, f"{scratch}/copy{path.suffix.lower()}"))
                if sha256(copy) != digest:
                    raise SettingsError(f"{given}, which changed while it was read; start again.")
                _read(dataset, key, copy).save_to_disk(f"{scratch}/rows")
                with contextlib.suppress(OSError):  # another process was faster
                    os.rename(f"{scratch}/rows", kept)
        return load_from_disk(str(kept))
    except SettingsError:
        raise
    except Exception as error:  # the library raises several kinds of its own
        if "corresponds to no data" in str(error):  # a header row alone
            raise empty from error
        text = one_line(error.__cause__ or error, LONGEST)
        raise SettingsError(f"{given}, which cannot be read as {path.suffix[1:]}: {text}") from error


def _read(dataset: File, key: str, copy: Path) -> Dataset:
    """The rows of a copy of the file, beside which the library may leave what it likes."""
    reader = FORMATS[copy.suffix]
    options = _csv_options(dataset, key, copy) if reader == "csv" else {}
    if reader == "json" and _has_null(copy):
        raise SettingsError(f"key `dataset.{key}`: got a row that is null; accepted: a mapping for each row.")
    return load_dataset(reader, data_files=str(copy), split="train", cache_dir=str(copy.parent), **options)


def _has_null(path: Path) -> bool:
    """Whether a row of a JSON file is null, at which the library's reader ends the whole process without a word."""
    with path.open("rb") as lines:
        if lines.peek(4).removeprefix(codecs.BOM_UTF8)[:1] == b"[":
            return None in json.load(lines)
        return any(line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"null") for line in lines)


def _csv_options(dataset: File, key: str, path: Path) -> dict[str, Any]:
    """How pandas shall read the file: every value as text."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as content:
        first = next(csv.reader(content, delimiter=delimiter), [])
    if dataset.columns and len(dataset.columns) != len(first):
        raise SettingsError(
            f"key `dataset.columns`: got {len(dataset.columns)} names; accepted: one for each of the {len(first)} "
            f"columns of {Path(getattr(dataset, key)).name}."
        )
    names = dataset.columns or first
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        where = "columns" if dataset.columns else key
        raise SettingsError(f"key `dataset.{where}`: got two columns called {twice!r}; accepted: names that differ.")
    return {
        "delimiter": delimiter,
        "features": Features({name: Value("string") for name in names}),
        **CSV,
        **({"column_names": dataset.columns, "header": None} if dataset.columns else {}),
    }
