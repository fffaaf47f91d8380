"""A measured value as the report's tables show it."""

from collections.abc import Sequence

from compactbench.report.tables.columns import Metric, Row
from compactbench.report.text.words import Markdown, small


def with_interval(metric: Metric, row: Row, notes: Sequence[str] = ()) -> Markdown:
    """Its value in `row`, without unit; in small letters its interval, where it has one, and further notes."""
    ends = [metric.ends(row)] if metric.interval and row[metric.low] is not None else []
    return Markdown(metric.of(row, unit=False) + small([*ends, *notes]))
