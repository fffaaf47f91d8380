"""A user's own texts in a file."""

import hashlib
from pathlib import Path
from typing import Literal

import pyarrow as pa
from datasets import Dataset
from pydantic import Field, model_validator

from compactbench import ROOT
from compactbench.data.clean import Raw
from compactbench.data.files import ColumnError, FileError, Read, Table, Wanted, delimited, json_rows, parquet, workbook
from compactbench.data.labels import joined, labels, names, refuse_no_classes
from compactbench.data.readers import Source, TextColumns
from compactbench.errors import cut
from compactbench.settings import Place, SettingsError, nearest
from compactbench.sources.local import sha256

FORMATS: dict[str, Read] = {
    **dict.fromkeys((".csv", ".tsv"), delimited.read),
    **dict.fromkeys((".jsonl", ".json"), json_rows.read),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), workbook.read),
    ".parquet": parquet.read,
}
"""Endings of files, and what reads them."""
PACKED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
"""Endings after the others, and what packed the file."""
ENDINGS = f"a file that ends in {', '.join(FORMATS)}, or in {', '.join(PACKED)} after that"


class File(Source):
    """One file, and a second one to test on or a share of the first for it."""

    key = "path"

    path: Place = Field(description=ENDINGS)
    text: TextColumns = Field(description="a column, or a list of columns to join")
    label: str = Field(description="a column with names or numbers of classes")
    columns: list[str] | None = Field(
        default=None, description="a list with a name for each column, for a file without a header row"
    )
    test_path: Place | None = Field(default=None, description="a second file with the texts to test on")
    label_names: dict[bool | int | float | str, str] | None = Field(
        default=None, description="a mapping of each label in the file to its name; two may have the same"
    )
    encoding: str | None = Field(default=None, description="such as cp1252, where it cannot be told")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="one character")
    quoting: Literal["doubled", "backslash", "none"] | None = Field(
        default=None, description=", ".join(delimited.QUOTINGS)
    )
    sheet: str | None = Field(default=None, description="the name of a sheet of a workbook")
    cite: str = Field(default="your own data", description="whom to cite")
    show_texts: bool = Field(default=True, description="whether pages may show single texts, true or false")

    @model_validator(mode="after")
    def _one_way_to_a_test(self) -> "File":
        if self.test_path and self.test_size:
            raise ValueError("key `test_size`: got a share beside `test_path`; accepted: one of the two")
        return self

    def read(self) -> Raw:
        """The rows of the file, and those of the test file where there is one."""
        keys = ["path", "test_path"] if self.test_path else ["path"]
        tables = {key: self._table(key) for key in keys}
        found = {key: labels(table.columns[self.label], table.classes) for key, table in tables.items()}
        if self.label_names is None:
            refuse_no_classes(found["path"])
        splits = {
            key: Dataset.from_dict({"text": joined([table.columns[name] for name in self.text]), "label": found[key]})
            for key, table in tables.items()
        }
        all_labels = {label for one in found.values() for label in one}
        told = [f"{self._file(key).name}: {', '.join(table.how)}" for key, table in tables.items() if table.how]
        return Raw(
            splits["path"], splits.get("test_path"), names=names(all_labels, self.label_names or {}), read_as=told
        )

    def version(self) -> str:
        """The files by name and content."""
        keys = ["path"] + (["test_path"] if self.test_path else [])
        return " and ".join(f"{self._file(key).name} {self._digest(key)[:12]}" for key in keys)

    def _file(self, key: str) -> Path:
        given = getattr(self, key)
        path = ROOT / Path(given).expanduser()
        if not path.is_file():
            raise SettingsError(f"key `dataset.{key}`: got {given!r}; accepted: a file that exists.")
        if _ending(path) not in FORMATS:
            hint = "; a .zip is to be unpacked first" if path.suffix.lower() == ".zip" else ""
            raise SettingsError(f"key `dataset.{key}`: got {given!r}; accepted: {ENDINGS}{hint}.")
        return path

    def _digest(self, key: str) -> str:
        try:
            return sha256(self._file(key))
        except OSError as error:
            given = f"key `dataset.{key}`: got {getattr(self, key)!r}"
            raise SettingsError(f"{given}, which cannot be read: {error.strerror}.") from error

    def _table(self, key: str) -> Table:
        """What a file holds: exactly the bytes that its digest tells."""
        path, digest = self._file(key), self._digest(key)
        given = f"key `dataset.{key}`: got {getattr(self, key)!r}"
        wanted = Wanted(
            [*self.text, self.label], self.label, self.columns, self.encoding, self.delimiter, self.quoting, self.sheet
        )
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != digest:
                raise SettingsError(f"{given}, which changed while it was read; start again.")
            table = FORMATS[_ending(path)](_unpacked(content, path), wanted)
        except OSError as error:
            raise SettingsError(f"{given}, which cannot be read: {error.strerror}.") from error
        except ColumnError as error:
            raise SettingsError(self._missing(error, path)) from error
        except FileError as error:
            raise SettingsError(f"{given}, {cut(str(error))}.") from error
        for name in wanted.columns:
            if any(isinstance(value, list | dict) for value in table.columns[name]):
                accepted = "a column of texts or numbers"
                raise SettingsError(f"{self._named(name)}, whose values are lists or mappings; accepted: {accepted}.")
        return table

    def _named(self, column: str) -> str:
        return f"key `dataset.{'label' if column == self.label else 'text'}`: got {column!r}"

    def _missing(self, error: ColumnError, path: Path) -> str:
        """The sentence about a column that is not there."""
        known = ", ".join(error.names)
        without = FORMATS[_ending(path)] is delimited.read and not self.columns
        hint = "; a file without a header row needs `columns`" if without else ""
        accepted = f"a column of {path.name}: {known}{hint}"
        return f"{self._named(error.column)}{nearest(error.column, error.names)}; accepted: {accepted}."


SOURCE = File


def _ending(path: Path) -> str:
    """How the name ends, without the ending that tells that it is packed."""
    return (path.with_suffix("") if path.suffix.lower() in PACKED else path).suffix.lower()


def _unpacked(content: bytes, path: Path) -> bytes:
    """The `content` of a file, unpacked where its name tells that it is packed.

    Raises:
        FileError: it is not, or in part.
    """
    packed = PACKED.get(path.suffix.lower())
    if packed is None:
        return content
    try:
        with pa.input_stream(pa.BufferReader(content), compression=packed) as unpacked:
            return bytes(unpacked.read())
    except OSError as error:
        raise FileError(f"which cannot be unpacked: {error}") from error
