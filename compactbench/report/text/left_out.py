"""What a reader is told of the groups that a large book does not show in full."""

from collections.abc import Mapping

from compactbench.report.tables.groups import Group
from compactbench.report.tables.results import Records
from compactbench.report.text.words import Markdown


def left_out(records: Records, others: Mapping[Group, int]) -> Markdown:
    """What is shown, what is not, and where that can be seen; nothing where all is shown.

    Args:
        records: every run that is shown in full.
        others: how many runs each group has that is not.
    """
    if not others:
        return Markdown()
    groups = len({(run.suite, run.machine) for run in records})
    return Markdown(
        f"Shown in full are {len(records):,} of {len(records) + sum(others.values()):,} runs, those of {groups:,} of "
        f"{groups + len(others):,} groups of a suite on a machine: first of the machine that this report opens with, "
        "then the newest. The others stand in [the table of every runtime](results.md) and in the files to download, "
        "and the notebook behind [the summary](summary.ipynb) compares any group that its settings name."
    )
