"""Which pages of runs belong to the book: the whole pages of finished runs."""

import glob
from dataclasses import dataclass
from pathlib import Path

from compactbench.record import Record
from compactbench.record.page import check_page
from compactbench.report.tables.collect import PAGE, Problem, entries, problem, shown
from compactbench.report.tables.results import Records


@dataclass(frozen=True)
class Pages:
    """The pages of runs.

    Args:
        whole: those that belong to the book, as paths inside it.
        problems: what is wrong with others. A run that failed may leave half a page, which is none.
        excluded: patterns of all else under book/runs, none of which Sphinx may read.
    """

    whole: list[str]
    problems: list[Problem]
    excluded: list[str]


def pages(book: Path, records: Records) -> Pages:
    """The pages of these runs in `book`.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    runs = book / "runs"
    whole: list[str] = []
    problems: list[Problem] = []
    known = {runs / run.suite / run.machine / f"{run.model}{PAGE}": run for run in records}
    for page, run in known.items():
        try:
            if isinstance(run, Record):
                check_page(page, run)
                whole.append(page.relative_to(book).as_posix())
        except ValueError as error:
            problems.append(problem(runs, page, f"not the page of this run: {error}"))
    strays = [path for path in shown(runs) if path.name.endswith(PAGE) and path not in known]
    problems += [problem(runs, page, "a page without the record of its run") for page in strays]
    others = [path.relative_to(book).as_posix() for path in entries(runs)]
    return Pages(whole, problems, [glob.escape(path) for path in others if path not in whole])
