"""Which pages of runs belong to the book: the whole pages of finished runs."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from compactbench.record import Record
from compactbench.record.file import FAILED, FINISHED
from compactbench.record.page import check_page
from compactbench.record.samples import SAMPLES, owner
from compactbench.report.tables.collect import DEPTH, PAGE, Collected, Problem, entries, problem, shown


@dataclass(frozen=True)
class Pages:
    """The pages of runs.

    Args:
        whole: those that belong to the book, as paths inside it.
        problems: what could not be used, records among it. A run that failed may leave half a page, which is none.
        excluded: patterns of all else under book/runs, none of which Sphinx may read.
    """

    whole: list[str]
    problems: list[Problem]
    excluded: list[str]


def pages(book: Path, collected: Collected) -> Pages:
    """The pages of the runs collected in `book`: those that it shows in full, and no others.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    runs = book / "runs"
    whole: list[str] = []
    problems = list(collected.problems)
    known = {runs / ("/".join((run.suite, run.machine, run.model)) + PAGE): run for run in collected.records}
    for page, run in known.items():
        try:
            if isinstance(run, Record):
                check_page(page, run)
                whole.append(page.relative_to(book).as_posix())
        except ValueError as error:
            problems.append(problem(runs, page, f"not the page of this run: {error}"))
    for page in shown(runs):
        records = (page.with_name(page.name.removesuffix(PAGE) + ending) for ending in (FINISHED, FAILED))
        if page.name.endswith(PAGE) and not any(map(os.path.lexists, records)):
            problems.append(problem(runs, page, "a page without the record of its run"))
    return Pages(whole, problems, _excluded(runs, set(whole)))


def _excluded(runs: Path, whole: set[str]) -> list[str]:
    """Patterns of all that lies under `runs` and is none of the `whole` pages.

    They are few, because Sphinx holds each file to each pattern: one for a folder without such a page.
    """
    shown_in = {os.path.dirname(page) for page in whole}
    found: dict[str, None] = {}
    for path in entries(runs):
        inside = path.relative_to(runs.parent)
        folder = Path(*inside.parts[:DEPTH]).as_posix()
        if len(inside.parts) > DEPTH and folder not in shown_in:
            found[folder] = None
        elif len(inside.parts) <= DEPTH + 1 and inside.as_posix() not in whole and owner(path.name) is None:
            found[inside.as_posix()] = None
    samples, points = (["runs", *"*" * depth] for depth in (DEPTH - 1, DEPTH))
    return [*map(glob.escape, found), "/".join([*samples, f"*{SAMPLES}"]), "/".join([*points, "*"])]
