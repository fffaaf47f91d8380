"""The raw samples of a record, in a Parquet file beside it: in JSON they would be most of the record.

A row has the place of one list, or one text, in the record, such as `runtimes.0.latency.3.samples_ms`, and what stands
there in the column of its kind. Which fields are raw samples their classes declare: see `Raw`.
"""

import functools
import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from compactbench.errors import one_line, shown
from compactbench.record.base import Strict, is_raw
from compactbench.record.json_file import LARGEST_BYTES

if TYPE_CHECKING:  # no process that is measured may load what only the file takes
    import pyarrow as pa

SAMPLES = ".parquet"
"""How the file of a record's raw samples ends."""
SMALLEST: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 9,
    "use_dictionary": ["counts.list.element"],
    "use_byte_stream_split": ["values.list.element"],  # the first bytes of times are much alike, the last are noise
    "store_schema": False,
    "write_statistics": False,
}
"""How the file is written: a fifth smaller than by the defaults."""
Json = dict[str, Any]
"""The content of a record's file."""


class SamplesFile(Strict):
    """The file with the raw samples of a record."""

    file: str = Field(
        pattern=r"^[^/\\]+\.[0-9a-f]{8}\.parquet$",
        description="its name, in the folder of the record: the record's, and the first signs of the SHA-256",
    )
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of its content")


class Told(BaseModel):
    """What a record's own file tells of its raw samples: null where they stand in itself, as up to schema 6."""

    samples: SamplesFile | None = None


def named(record: str, content: bytes) -> SamplesFile:
    """The file with raw samples of that `content`, beside the record of that name."""
    digest = hashlib.sha256(content).hexdigest()
    return SamplesFile(file=f"{record}.{digest[:8]}{SAMPLES}", sha256=digest)


def owner(file: str) -> str | None:
    """The name of the record whose samples the file of that name has; None where no samples are called so."""
    found = re.fullmatch(r"(.+)\.[0-9a-f]{8}\.parquet", file, re.DOTALL)
    return found and found[1]


def split(record: Strict) -> tuple[Json, bytes]:
    """What `record` tells without its raw samples, and the content of a Parquet file with these."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told, rows = record.model_dump(mode="json"), []
    for *above, last in _places(record):
        samples = _part(told, above).pop(last)
        rows.append({"path": ".".join(map(str, (*above, last))), _column(samples): samples})
    file = pa.BufferOutputStream()
    table = pa.Table.from_pylist(rows, schema=_schema())
    pq.write_table(table, file, **SMALLEST)
    return told, file.getvalue().to_pybytes()


def join(told: Json, content: bytes) -> None:
    """Put the raw samples in a Parquet file of that `content` back into what `split` left of a record.

    Raises:
        ValueError: it is no such file; the message says why.
    """
    for row in _rows(content):
        path = row.pop("path")
        try:
            (samples,) = (value for value in row.values() if value is not None)
            *above, last = path.split(".")
            part = _part(told, above)
            if last in part:
                raise ValueError("it is there")
            part[last] = samples
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"the record has no place for {shown(path)} of them") from error


def _places(part: Strict) -> Iterator[tuple[str | int, ...]]:
    """The keys that lead to each of the raw samples in `part`; what is empty, or was not kept, stays where it is."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if is_raw(type(part), name):
            if value:
                yield (name,)
            continue
        inner = [((name, at), one) for at, one in enumerate(value)] if isinstance(value, list) else [((name,), value)]
        for above, one in inner:
            if isinstance(one, Strict):
                yield from ((*above, *below) for below in _places(one))


def _part(told: Any, keys: list[Any]) -> Any:
    """What stands in `told` where the `keys` lead."""
    for key in keys:
        told = told[int(key)] if isinstance(told, list) else told[key]
    return told


def _column(samples: list[Any] | str) -> str:
    """The column for such samples."""
    if isinstance(samples, str):
        return "text"
    kinds = {type(one) for one in samples}
    return "texts" if kinds == {str} else "counts" if kinds == {int} else "values"


@functools.cache
def _schema() -> "pa.Schema":
    import pyarrow as pa

    lists = {"values": pa.float64(), "counts": pa.int64(), "texts": pa.string()}
    return pa.schema({"path": pa.string(), "text": pa.string()} | {name: pa.list_(of) for name, of in lists.items()})


def _rows(content: bytes) -> list[Json]:
    """The rows of a Parquet file of that content, which may have been damaged or written by others.

    Raises:
        ValueError: it is none, has other columns, or is too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        if not file.schema_arrow.equals(_schema()):
            columns = ", ".join(f"{one.name}: {one.type}" for one in file.schema_arrow)
            accepted = ", ".join(f"{one.name}: {one.type}" for one in _schema())
            raise ValueError(f"its columns are {shown(columns)}; accepted: {accepted}")
        # no more is asked of the metadata: pyarrow ends the process over a column's that is damaged
        size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups))
        if size > LARGEST_BYTES:
            raise ValueError(f"it unpacks to {size / 1e6:,.0f} MB, more than {LARGEST_BYTES / 1e6:,.0f}")
        rows: list[Json] = file.read(use_threads=False).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"it is no whole Parquet ({one_line(error)})") from error
    return rows
