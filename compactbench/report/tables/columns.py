"""What a column of a table is, and what a metric is beside: how it is named, read from a record, and written."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from compactbench.record import Record, RuntimeResult
from compactbench.report.statistics.intervals import STEADY, Estimate, Samples, Spread

Read = Callable[[Record, RuntimeResult], str | float | Estimate | Samples | None]
"""Reads a value from a record and one of its runtimes; None where it was not measured."""
Row = dict[str, Any]
"""One row in plain Python values."""
TEXT = "str" if pd.__version__ >= "3" else "string[pyarrow_numpy]"
"""The type of texts in a table, in which null stays null: the "str" of pandas 2 makes "None" of it."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: the column.
        label: what it is, for people; empty where it stands in the files to download alone.
        read: gives its value.
        dtype: its type in a table.
        interval: whether it has a 95 % interval, which makes two more columns.
    """

    name: str
    label: str
    read: Read
    dtype: str = field(default=TEXT, kw_only=True)
    interval: bool = field(default=False, kw_only=True)

    @property
    def low(self) -> str:
        """The column with the lower end of its interval."""
        return f"{self.name}_low"

    @property
    def high(self) -> str:
        """The column with the upper end of its interval."""
        return f"{self.name}_high"

    @property
    def dtypes(self) -> dict[str, str]:
        """The type of each column that it makes."""
        return dict.fromkeys([self.name, self.low, self.high] if self.interval else [self.name], self.dtype)

    @property
    def head(self) -> str:
        """What a table's head says of it."""
        return self.label

    def cells(self, record: Record, result: RuntimeResult, drift: float = STEADY) -> Row:
        """Its part of a row, on a machine of such a drift: the value, and the ends of its interval."""
        values, spread = self.measured(record, result)
        if spread:
            values[1:] = spread.interval(values[0], drift)
        return dict(zip(self.dtypes, values, strict=True))

    def measured(self, record: Record, result: RuntimeResult) -> tuple[list[Any], Spread | None]:
        """Its part of a row as far as the record alone tells it, and what else its interval takes than the drift.

        Where there is such a spread the ends of the interval are still None.
        """
        value = self.read(record, result)
        if isinstance(value, Samples):
            return [value.value, None, None], value.spread
        if isinstance(value, Estimate):
            return [value.value, *(value.interval or (None, None))], None
        return [value, None, None] if self.interval else [value], None


@dataclass(frozen=True)
class Metric(Column):
    """A column that a chart, a limit or the recommendation may use.

    Args:
        unit: its unit.
        format: a format specification for one value.
        better: which direction is better for a reader who must choose.
        scale: factor from the stored value to the shown one (100 for a share shown in per cent).
    """

    unit: str
    format: str = ".1f"
    better: Literal["lower", "higher"] = field(default="lower", kw_only=True)
    scale: float = field(default=1.0, kw_only=True)
    dtype: str = field(default="float64", kw_only=True)

    @property
    def head(self) -> str:
        """The label with its unit, as an axis or a table's head carries it."""
        return f"{self.label} ({self.unit})"

    def text(self, value: float | None, unit: bool = True) -> str:
        """`value` as people read it, with its unit unless told otherwise; a dash where it was not measured.

        A value below 1 keeps two significant digits: 0.4 against 0.5 would hide a difference of half.
        """
        if value is None or value != value:
            return "–"
        shown = value * self.scale
        number = format(shown, ".2g" if 0 < abs(shown) < 1 and "." in self.format else self.format)
        return f"{number}\N{NO-BREAK SPACE}{self.unit}" if unit else number

    def of(self, row: Row, unit: bool = True) -> str:
        """Its value in `row` as people read it."""
        return self.text(row[self.name], unit)

    def below(self, row: Row, other: Row) -> bool:
        """Whether it is shown to be lower in `row`: the interval of the ratio leaves out 1.

        Its logarithm is the difference of two, so the half widths add up in squares; for times, as `Spread` has them. A
        value without an interval counts as sure.
        """
        if not row[self.name] or not other[self.name]:
            return False
        halves = [math.log(one[self.high] / one[self.name]) if one.get(self.high) else 0.0 for one in (row, other)]
        return math.log(other[self.name] / row[self.name]) > math.hypot(*halves)

    def allows(self, value: float | None, limit: float) -> bool:
        """Whether a value is measured and within `limit`: an upper bound where lower is better, else a lower one."""
        return value is not None and (value <= limit if self.better == "lower" else value >= limit)

    def keeps(self, record: Record, result: RuntimeResult, limit: float) -> bool:
        """Whether a record in one of its runtimes is within `limit`."""
        return self.allows(self.cells(record, result)[self.name], limit)

    def with_ends(self, row: Row) -> str:
        """Its value in `row`, and its interval in brackets where it has one."""
        return self.of(row) + (" (" + self.ends(row) + ")" if self.interval and row[self.low] is not None else "")

    def ends(self, row: Row) -> str:
        """The ends of its interval in `row` as people read them, without unit."""
        return self.range((row[self.low], row[self.high]))

    def range(self, interval: tuple[float, float]) -> str:
        """The ends of an interval as people read them, without unit."""
        low, high = (self.text(end, unit=False) for end in interval)
        return f"{low} to {high}"
