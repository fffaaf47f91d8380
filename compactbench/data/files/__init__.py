"""Files that hold a table, as people have them: each format a module, chosen by how the file's name ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class FileError(ValueError):
    """What is wrong with a file, in one sentence that does not name it."""


class ColumnError(ValueError):
    """The `column` is missing; `names` are those that there are."""

    def __init__(self, column: str, names: list[str]) -> None:
        super().__init__(column)
        self.column, self.names = column, names


@dataclass(frozen=True)
class Wanted:
    """What is asked of a file, and what its owner says of it; None: to be found out.

    Args:
        columns: names of the columns that are needed.
        label: the one of them that holds labels.
        header: a name for each column, where the file has no header row.
        encoding: of its text.
        delimiter: what parts its fields, one character.
        quoting: how a field may hold the delimiter: `doubled`, `backslash` or `none`.
        sheet: name of the sheet of a workbook.
    """

    columns: list[str]
    label: str
    header: list[str] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quoting: str | None = None
    sheet: str | None = None


@dataclass
class Table:
    """What was read.

    Args:
        columns: the values of each column that was wanted, as the format has them.
        how: in which form the file was found, a few words each.
        classes: names of the classes, in order, where the file tells them and holds their numbers.
    """

    columns: dict[str, list[Any]]
    how: list[str] = field(default_factory=list)
    classes: list[str] | None = None


Read = Callable[[bytes, Wanted], Table]


def column(name: str, names: list[str]) -> int:
    """Where the column `name` stands.

    Raises:
        ColumnError: it is missing.
        FileError: two have that name.
    """
    if name not in names:
        raise ColumnError(name, [one for one in names if one])
    if names.count(name) > 1:
        raise FileError(f"which has two columns called {name!r}; accepted: names that differ")
    return names.index(name)
