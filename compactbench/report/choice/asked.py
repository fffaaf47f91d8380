"""What a reader asks of the summary notebook, checked before it answers."""

import ast
from collections.abc import Mapping, Sequence

from compactbench import ROOT
from compactbench.report.choice.recommend import check_limits
from compactbench.report.statistics.paired import MARGIN
from compactbench.report.tables.index import of_book
from compactbench.report.tables.results import default_group
from compactbench.report.tables.runtimes import ANY
from compactbench.settings import SettingsError, nearest

KNOWN = ("suite", "machine", "limits", "margin")


def asked(
    suite: str | None, machine: str | None, limits: object, cells: Sequence[str] = (), margin: object = MARGIN
) -> tuple[str, str, dict[str, float], str | None]:
    """The suite and machine to compare, the limits in numbers, and the runtime among them (None: as trained).

    Args:
        suite: a folder of book/runs; None: that of the default group.
        machine: a folder in that one; None: likewise.
        limits: a mapping of columns to numbers, which may name a `runtime`: any unless given.
        cells: the code that ran so far, in which papermill may have set parameters.
        margin: by how much less accurate a model may be than the most accurate one, a share.

    Raises:
        SettingsError: a parameter is unknown, or cannot be meant.
        ValueError: there is no run at all.
    """
    for key in injected(cells):
        if key not in KNOWN:
            raise SettingsError(
                f"parameters: key `{key}` is not known{nearest(key, KNOWN)}; accepted: {', '.join(KNOWN)}."
            )
    book = of_book(ROOT / "book")
    runs = book.runs
    for key, given in (("suite", suite), ("machine", machine)):
        known = sorted({getattr(run, key) for run in runs})
        if runs and given not in (None, *known):
            raise SettingsError(f"parameters: key `{key}`: got {given!r}; accepted: {', '.join(known)}.")
    limits = limits or {}
    if not isinstance(limits, Mapping):
        raise SettingsError(f"parameters: key `limits`: got {limits!r}; accepted: a mapping of columns to numbers.")
    bounds = dict(limits)
    runtime = bounds.pop("runtime", ANY)
    accepted = [ANY, *sorted(book.runtimes["runtime"].unique())]
    if runtime not in (None, *accepted):
        raise SettingsError(f"limits: runtime is {runtime!r}; accepted: {', '.join(accepted)}, None (as trained).")
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < 1:
        raise SettingsError(f"parameters: key `margin`: got {margin!r}; accepted: a share above 0 and below 1.")
    try:
        check_limits(bounds)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    matching = [run for run in runs if suite in (None, run.suite) and machine in (None, run.machine)]
    if runs and not matching:
        raise SettingsError(f"parameters: the suite {suite!r} has no run on the machine {machine!r}.")
    return *default_group(matching), bounds, runtime


def injected(cells: Sequence[str]) -> list[str]:
    """The parameters that papermill set: it adds a cell that begins with a comment of its own."""
    set_there = [cell for cell in cells if cell.startswith("# Parameters")]
    parts = [part for cell in set_there for part in ast.parse(cell).body if isinstance(part, ast.Assign)]
    return [target.id for part in parts for target in part.targets if isinstance(target, ast.Name)]
