"""Parquet; of the columns, those that are wanted alone are read."""

import pyarrow as pa
import pyarrow.parquet
from datasets import ClassLabel, Features

from compactbench.data.files import FileError, Table, Wanted, column


def read(content: bytes, wanted: Wanted) -> Table:
    """The table; where `datasets` wrote it, with the names of its classes.

    Raises:
        FileError: it is no Parquet.
        ColumnError: a column is missing.
    """
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(content))
        for name in wanted.columns:
            column(name, file.schema_arrow.names)
        table = file.read(columns=wanted.columns)
    except pa.ArrowException as error:
        raise FileError(f"which cannot be read as Parquet: {error}") from error
    label = Features.from_arrow_schema(table.schema)[wanted.label]
    classes = label.names if isinstance(label, ClassLabel) else None
    rows = len(table)
    if not rows:
        raise FileError("which is empty; accepted: rows")
    return Table({name: table[name].to_pylist() for name in wanted.columns}, classes=classes)
