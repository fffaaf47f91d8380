"""The models over several data sets: a table, and what is recommended on each."""

from collections.abc import Collection, Sequence

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.across import across
from compactbench.report.choice.recommend import in_sentence, recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.groups import Group
from compactbench.report.tables.results import by_model, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.value import with_interval
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table


def across_table(records: Sequence[Record | FailedRecord], machine: str) -> Markdown:
    """A row a model and a column a data set, blank where the model did not run, or does not count.

    A sentence in its place where the machine has runs of one alone.
    """
    metrics, standings = across(records, machine)
    if len(metrics) < 2:
        return Markdown("On this machine no second data set was measured with known weights.")
    head = ["Model", *(f"{name!s}: {metric.head}" for name, metric in metrics.items()), "Mean rank", "Wins"]
    rows = [
        [
            one.title,
            *(with_interval(metric, one.cells[name]) if name in one.cells else "" for name, metric in metrics.items()),
            "" if one.mean_rank is None else f"{one.mean_rank:.1f}",
            "" if one.wins is None else str(one.wins),
        ]
        for one in standings
    ]
    return markdown_table(head, rows)


def other_data(
    records: Sequence[Record | FailedRecord], suite: str, machine: str, others: Collection[Group] = ()
) -> Markdown:
    """What is recommended on each other data set of the machine, as a list; each model in the runtime to deploy it in.

    Args:
        records: every run that the site shows in full.
        suite: the one that the page speaks of already.
        machine: its machine.
        others: suite and machine of the runs that it does not.
    """
    finished = [run for run in records if isinstance(run, Record) and run.machine == machine]
    told_of = {run.data.name for run in finished if run.suite == suite}
    here = sorted({run.suite for run in finished if run.data.name not in told_of})
    told = [line for other in here if (line := _recommended(records, other, machine))]
    if unseen := [code(other) for other, there in others if there == machine]:
        told.append(Markdown(f"- Not shown here: {listed(unseen)}"))
    return Markdown("\n".join(told) or "No other data set was measured on this machine.")


def _recommended(records: Sequence[Record | FailedRecord], suite: str, machine: str) -> Markdown | None:
    """A list's item; None where nothing can be recommended."""
    here = in_runtime([run for run in records if (run.suite, run.machine) == (suite, machine)], ANY)
    group = results(here)
    choice, rows = recommend(group, {}, pairs(here)), by_model(group)
    if choice.chosen is None:
        return None
    data = next(run.data for run in here if isinstance(run, Record))
    first = _with_quality(rows[choice.chosen], choice.quality)
    second = f"; the runner-up is {_with_quality(rows[choice.runner_up], choice.quality)}" if choice.runner_up else ""
    early = [row["title"] for row in rows.values() if row["undertrained"]]
    rest = f" Undertrained, so not weighed: {listed(early)}." if early else ""
    return Markdown(f"- **{markdown(data.name)}**, {len(data.classes)} classes: {first}{second}.{rest}")


def _with_quality(row: Row, quality: Metric) -> Markdown:
    return Markdown(f"{markdown(row['title'])}, {quality.with_ends(row)} {in_sentence(quality)}")
