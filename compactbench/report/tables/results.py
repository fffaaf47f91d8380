"""Records in, flat tables out: a row a run, a row a runtime; null where not measured."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from compactbench.foreign import foreign
from compactbench.record import FailedRecord, Record
from compactbench.report.statistics.noise import drift, noisy, usual_ms
from compactbench.report.tables.columns import Column, Row
from compactbench.report.tables.metrics import RESULTS, RUNTIMES
from compactbench.report.tables.summaries import Summary, names, summary

Records = Sequence[Record | FailedRecord]
NOISY = names(RESULTS).index("noisy")


def results(records: Records) -> pd.DataFrame:
    """The table of runs, each in the first runtime of its record, sorted by suite, machine and model."""
    return results_of(list(map(summary, records)), drift(records))


def runtimes(records: Records) -> pd.DataFrame:
    """The table of runtimes: a row for each runtime of each finished run."""
    return runtimes_of(list(map(summary, records)), drift(records))


def results_of(runs: Sequence[Summary], drifts: Mapping[str, float]) -> pd.DataFrame:
    """The table of runs, on machines of these drifts."""
    usual = usual_ms(run.state for run in runs if run.state)
    rows = []
    for run in runs:
        row = run.run.row(drifts[run.machine])
        row[NOISY] = noisy(run.state, usual) if run.state else None
        rows.append(row)
    return _table(RESULTS, rows).sort_values(["suite", "machine", "model"], ignore_index=True)


def runtimes_of(runs: Sequence[Summary], drifts: Mapping[str, float]) -> pd.DataFrame:
    """The table of runtimes, likewise."""
    return _table(RUNTIMES, [cells.row(drifts[run.machine]) for run in runs for cells in run.runtimes])


def default_group(records: Sequence[Record | FailedRecord | Summary]) -> tuple[str, str]:
    """The suite and machine that a reader most likely means: their own newest runs, else a reference's.

    Raises:
        ValueError: there is no run at all.
    """
    if not records:
        raise ValueError("There is no run to report: measure a model first.")
    own = [record for record in records if not record.machine.startswith("reference-")]
    if own:
        newest = max(own, key=lambda record: record.started_at)
        return newest.suite, newest.machine
    return min(((record.suite, record.machine) for record in records), key=lambda group: (group[0] != "starter", group))


def headline(records: Records) -> list[Record | FailedRecord]:
    """The runs of the default group.

    Raises:
        ValueError: there is no run at all.
    """
    group = default_group(records)
    return [record for record in records if (record.suite, record.machine) == group]


def plain_rows(frame: pd.DataFrame) -> list[Row]:
    """The rows of `frame` as plain Python values, None where null; their texts are foreign."""
    columns = {str(name): zip(column.tolist(), column.isna(), strict=True) for name, column in frame.items()}
    plain = [[None if null else foreign(value) for value, null in column] for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def by_model(frame: pd.DataFrame) -> dict[str, Row]:
    """The rows of one suite on one machine by their model."""
    return {row["model"]: row for row in plain_rows(frame)}


def write_results(frame: pd.DataFrame, folder: Path) -> None:
    """Write `frame` into `folder` as results.csv, results.json (a list of rows, null for null) and results.parquet."""
    write_table(frame, folder, "results")
    frame.to_parquet(folder / "results.parquet", index=False)


def write_table(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write `frame` into `folder` as <name>.csv and <name>.json (a list of rows, null for null)."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / f"{name}.csv", index=False)
    rows = ",\n".join(json.dumps(row, allow_nan=False) for row in plain_rows(frame))  # indents take thrice as long
    (folder / f"{name}.json").write_text(f"[\n{rows}\n]\n", "utf-8")


def _table(columns: Sequence[Column], rows: list[list[Any]]) -> pd.DataFrame:
    """The rows as a table."""
    dtypes = {name: dtype for column in columns for name, dtype in column.dtypes.items()}
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
