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
    """The pages of the runs collected in `book`.

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
    files = (path for path in entries(runs) if owner(path.name) is None)
    others = [path.relative_to(book).as_posix() for path in files if len(path.relative_to(runs).parts) <= DEPTH]
    # few patterns: each file of the book is held to each of them
    patterns = ["/".join(["runs", *"*" * DEPTH, "*"]), "/".join(["runs", *"*" * (DEPTH - 1), f"*{SAMPLES}"])]
    return Pages(whole, problems, [*(glob.escape(path) for path in others if path not in whole), *patterns])
