"""The models over several data sets as a table."""

from collections.abc import Sequence

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.across import across
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.text.words import Markdown, html, markdown_table


def across_table(records: Sequence[Record | FailedRecord], machine: str) -> Markdown:
    """A row a model and a column a data set; a sentence in its place where the machine has runs of one alone."""
    metrics, standings = across(records, machine)
    if len(metrics) < 2:
        return Markdown("On this machine no second data set was measured with known weights.")
    head = ["Model", *(f"{name!s}: {metric.head}" for name, metric in metrics.items()), "Mean rank", "Wins"]
    rows = [
        [
            one.title,
            *(_cell(metric, one.cells.get(name)) for name, metric in metrics.items()),
            "" if one.mean_rank is None else f"{one.mean_rank:.1f}",
            "" if one.wins is None else str(one.wins),
        ]
        for one in standings
    ]
    return markdown_table(head, rows)


def _cell(metric: Metric, row: Row | None) -> Markdown:
    """A value with its interval; blank where the model did not run, or does not count."""
    if row is None:
        return Markdown()
    ends = "" if row[metric.low] is None else Markdown(f" <small>{html(metric.ends(row))}</small>")
    return Markdown(f"{metric.of(row, unit=False)}{ends}")
