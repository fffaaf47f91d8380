"""What the tables need of one record: small enough to hold ten thousand of them, and plain enough for a file.

What depends on the record alone is kept apart from what depends on the runs beside it: the usual time of the machine's
fixed work and its drift, which widens the intervals.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.intervals import Spread
from compactbench.report.statistics.noise import State, state
from compactbench.report.statistics.once import once
from compactbench.report.tables.columns import Column
from compactbench.report.tables.metrics import RESULTS, RUNTIMES


class Cells(NamedTuple):
    """One row of a table, as far as the record alone tells it.

    Args:
        values: in the order of the table's columns; None for the ends of an interval that takes the machine's drift.
        spreads: for each of these intervals the place of its value, and the parts of its `Spread`.
    """

    values: list[Any]
    spreads: list[tuple[int, float, int]]

    def row(self, drift: float) -> list[Any]:
        """The row on a machine of such a drift."""
        row = self.values.copy()
        for place, variance, processes in self.spreads:
            row[place + 1], row[place + 2] = Spread(variance, processes).interval(row[place], drift)
        return row


class Summary(NamedTuple):
    """One run.

    Args:
        suite: the folder of its suite.
        machine: that of its machine.
        model: its name there.
        started: when it began, in the form of ISO 8601.
        run: its row in the table of runs.
        runtimes: its rows in the table of runtimes.
        state: what it tells of the state of its machine; None of a run that failed.
    """

    suite: str
    machine: str
    model: str
    started: str
    run: Cells
    runtimes: list[Cells]
    state: State | None

    @property
    def started_at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.started)

    @classmethod
    def from_json(cls, told: Sequence[Any]) -> "Summary":
        """What `told` was before JSON made lists of it."""
        suite, machine, model, started, run, runtimes, of_machine = told
        rows = [Cells(*cells) for cells in runtimes]
        return cls(suite, machine, model, started, Cells(*run), rows, of_machine and State(*of_machine))


@once
def summary(record: Record | FailedRecord) -> Summary:
    """What the tables need of `record`."""
    who = (record.suite, record.machine, record.model, record.started_at.isoformat())
    if isinstance(record, FailedRecord):
        known = record.model_dump() | {"error": record.stage + ": " + record.error}
        return Summary(*who, Cells([known.get(name) for name in names(RESULTS)], []), [], None)
    rows = [_cells(RUNTIMES, record, result) for result in record.runtimes]
    return Summary(*who, _cells(RESULTS, record, record.trained), rows, state(record))


def names(columns: Iterable[Column]) -> list[str]:
    """The columns of a table, the ends of intervals among them."""
    return [name for column in columns for name in column.dtypes]


def _cells(columns: Iterable[Column], record: Record, result: RuntimeResult) -> Cells:
    found = Cells([], [])
    for column in columns:
        values, spread = column.measured(record, result)
        if spread:
            found.spreads.append((len(found.values), *spread))
        found.values.extend(values)
    return found
