"""JSON: a mapping for each row, in one list or one a line."""

import json
from typing import Any

from compactbench.data.files import ColumnError, FileError, Table, Wanted
from compactbench.data.files.encoding import decode

MANY = 1000
"""Rows that are looked at for the names of columns."""


def read(content: bytes, wanted: Wanted) -> Table:
    """The table; a row without one of the columns has null there.

    Raises:
        FileError: it is no JSON, or holds something else.
        ColumnError: a column is missing.
    """
    text, encoding = decode(content, wanted.encoding)
    text = text.removeprefix("\ufeff").rstrip("\x1a")
    in_list = text.lstrip()[:1] == "["
    rows = (
        _parsed(text, 1)
        if in_list
        else [_parsed(line, n) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    )
    odd = next((row for row in rows if not isinstance(row, dict)), None) if rows else None
    if odd is not None or None in rows:
        raise FileError(f"which has a row that is {json.dumps(odd)[:40]}; accepted: a mapping for each row")
    if not rows:
        raise FileError("which is empty; accepted: rows")
    names = dict.fromkeys(name for row in rows[:MANY] for name in row)
    for name in wanted.columns:
        if name not in names:
            raise ColumnError(name, [*names])
    return Table({name: [row.get(name) for row in rows] for name in wanted.columns}, [encoding])


def _parsed(text: str, line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FileError(f"whose line {line + error.lineno - 1} cannot be read as JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # too many brackets or digits
        raise FileError(f"whose line {line} cannot be read as JSON: {error}") from error
