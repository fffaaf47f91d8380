"""Delimited text: the delimiter and the quoting are those under which every row has as many fields as the header."""

import csv
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from compactbench.data.files import ColumnError, FileError, Table, Wanted, column
from compactbench.data.files.encoding import decode

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
QUOTE = '"'
QUOTINGS: dict[str, dict[str, object]] = {
    "doubled": {"quoting": csv.QUOTE_MINIMAL},
    "backslash": {"quoting": csv.QUOTE_MINIMAL, "doublequote": False, "escapechar": "\\"},
    "none": {"quoting": csv.QUOTE_NONE},
}
"""How a field may hold a delimiter, a line break or a quote: in quotes, where a quote is written twice or after a
backslash; or not at all."""
EMPTY = FileError("which is empty; accepted: rows")

csv.field_size_limit(sys.maxsize)  # a text may be long


class Misread(Exception):
    """The lines do not fit a dialect; the message is the end of a sentence about the file."""


@dataclass(frozen=True)
class Row:
    """The fields of a row, and the numbers of its first and last line, from 1."""

    fields: list[str]
    first: int
    last: int


@dataclass(frozen=True)
class Lines:
    """The lines of a file from its first row on, and how many stand before them."""

    lines: list[str]
    before: int = 0

    def rows(self, delimiter: str, quoting: str) -> Iterator[Row]:
        """Each row that has a field.

        Raises:
            Misread: a quote stands where none can.
        """
        ended = (f"{line}\n" for line in self.lines)
        how = {"delimiter": delimiter, "skipinitialspace": True, "strict": True, **QUOTINGS[quoting]}
        reader, last = csv.reader(ended, **how), self.before  # type: ignore[arg-type]
        try:
            for fields in reader:
                first, last = last + 1, self.before + reader.line_num
                if fields and fields != [""]:
                    yield Row(fields, first, last)
        except csv.Error as error:
            raise Misread(f"whose line {last + 1} cannot be read: {error}") from None


def read(content: bytes, wanted: Wanted) -> Table:
    """The table.

    Raises:
        FileError: no way to read it fits, or several do.
        ColumnError: a column is missing.
    """
    text, encoding = decode(content, wanted.encoding)
    lines, declared = _lines(text)
    said = wanted.delimiter or declared
    dialects = [*itertools.product([said] if said else DELIMITERS, [wanted.quoting] if wanted.quoting else QUOTINGS)]
    delimiter, quoting, rows = _agreed(_naming_columns(dialects, lines, wanted), lines, wanted)
    names = wanted.header or _stripped(rows.pop(0).fields)
    if not rows:
        raise EMPTY
    places = {name: column(name, names) for name in wanted.columns}
    _refuse_swallowed(rows, delimiter, lines, places[wanted.label])
    how = [encoding, DELIMITERS.get(delimiter, f"delimiter {delimiter!r}")]
    how += [f"quotes: {quoting}"] if QUOTE in text else []
    how += [f"{names.count('')} without a name left out"] if "" in names else []
    return Table({name: [row.fields[place] for row in rows] for name, place in places.items()}, how)


def _lines(text: str) -> tuple[Lines, str | None]:
    """The lines from the first row on, and the delimiter where a spreadsheet declared one above it.

    A carriage return ends a line where no line feed does; where one does, it is a space.

    Raises:
        FileError: there is none.
    """
    text = text.removeprefix("\ufeff").rstrip("\x1a").replace("\r\n", "\n")
    lines = (text.replace("\r", " ") if "\n" in text else text.replace("\r", "\n")).split("\n")
    begin = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    declared = None
    if lines[begin:] and lines[begin].lower().startswith("sep="):
        declared, begin = lines[begin][len("sep=") :][:1], begin + 1
    if not lines[begin:]:
        raise EMPTY
    return Lines(lines[begin:], begin), declared or None


def _stripped(fields: list[str]) -> list[str]:
    return [field.strip() for field in fields]


def _naming_columns(dialects: list[tuple[str, str]], lines: Lines, wanted: Wanted) -> list[tuple[str, str]]:
    """The dialects in which the first row names all that is wanted, or has a field for each name that was given.

    Raises:
        FileError: with names that were given, there is none.
        ColumnError: without, there is none.
    """
    firsts = {}
    for dialect in dialects:
        try:
            firsts[dialect] = _stripped(next(lines.rows(*dialect)).fields)
        except Misread as error:
            problem = FileError(str(error))
    if not firsts:
        raise problem
    header = wanted.header
    fitting = [
        dialect
        for dialect, first in firsts.items()
        if (len(first) == len(header) if header else {*wanted.columns} <= {*first})
    ]
    if fitting:
        return fitting
    names = max(firsts.values(), key=len)
    if header:
        raise FileError(
            f"whose first row has {len(names)} fields; accepted: {len(header)}, one for each name in `columns`"
        )
    raise ColumnError(next(name for name in wanted.columns if name not in names), [name for name in names if name])


def _agreed(dialects: list[tuple[str, str]], lines: Lines, wanted: Wanted) -> tuple[str, str, list[Row]]:
    """The first dialect in which every row has as many fields as the first, and the rows.

    Raises:
        FileError: there is none, or there are several that differ in their delimiter.
    """
    found: dict[tuple[str, str], list[Row]] = {}
    wrong = []
    for dialect in dialects:
        try:
            rows = [*lines.rows(*dialect)]
        except Misread as error:
            wrong.append(str(error))
            continue
        width = len(rows[0].fields)
        odd = next((row for row in rows if len(row.fields) != width), None)
        if odd is None:
            found[dialect] = rows
        else:
            wrong.append(f"whose line {odd.first} has {len(odd.fields)} fields; accepted: {width}, as in its first row")
    if not found:
        raise FileError(wrong[0])
    if len({delimiter for delimiter, _ in found}) > 1:
        told = " or ".join(dict.fromkeys(DELIMITERS[delimiter] for delimiter, _ in found))
        raise FileError(f"whose fields may be parted by {told}; accepted: one of them as the key `delimiter`")
    (delimiter, quoting), rows = next(iter(found.items()))
    line_by_line = found.get((delimiter, "none"), [])
    if len(line_by_line) > len(rows):  # every line is a row by itself, so quotes are text
        return delimiter, "none", line_by_line
    return delimiter, quoting, rows


def _refuse_swallowed(rows: list[Row], delimiter: str, lines: Lines, label: int) -> None:
    """Refuse a row of several lines, one of which would be a row itself, with the label of another row.

    Raises:
        FileError: there is one: a quote that opens in it was never closed.
    """
    labels = {row.fields[label] for row in rows if row.first == row.last}
    for row in rows:
        for line in lines.lines[row.first - lines.before : row.last - lines.before - 1]:
            fields = line.split(delimiter)
            if len(fields) == len(row.fields) and fields[label].strip(f" {QUOTE}") in labels:
                raise FileError(
                    f"whose line {row.first} opens a quote that line {row.last} closes, with rows between them; "
                    "accepted: quotes in pairs, or the key `quoting: none` where quotes are text"
                )
