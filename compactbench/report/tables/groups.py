"""The groups of a book, each the runs of a suite on a machine, and which of them the site shows in full."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from compactbench.report.tables.results import default_group
from compactbench.report.tables.summaries import Summary

MOST_RUNS = 300
"""The pages of so many runs are made in about two minutes, on two cores."""
Group = tuple[str, str]
"""Suite and machine."""


def in_full(runs: Sequence[Summary]) -> list[Group]:
    """The groups that have charts and pages: all of a book of at most MOST_RUNS runs, else as many as fit.

    The one that the report opens with comes first and is there however large it is; then the others of its machine,
    which tell how its models do on other data; then those of other machines. Of each the newest come first, and one
    that does not fit is left out.
    """
    if not runs:
        return []
    opening = default_group(runs)
    newest: dict[Group, datetime] = {}
    for run in runs:
        group = run.suite, run.machine
        newest[group] = max(newest.get(group, run.started_at), run.started_at)
    wanted = sorted(newest, key=newest.__getitem__, reverse=True)
    wanted.sort(key=lambda group: (group != opening, group[1] != opening[1]))
    sizes = Counter((run.suite, run.machine) for run in runs)
    found, room = [opening], MOST_RUNS - sizes[opening]
    for group in wanted[1:]:
        if sizes[group] <= room:
            found.append(group)
            room -= sizes[group]
    return found
