"""How fast one model answers against another, claimed only where the intervals of the two do not overlap."""

from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import LATENCY


def speedup(row: Row, other: Row, metric: Metric = LATENCY) -> float | None:
    """How many times as fast `row` answers as `other`, by a latency; None where one of them was not measured.

    It is 1 where the intervals overlap, and where it would be shown as 1.0.
    """
    own, others = row[metric.name], other[metric.name]
    if not own or not others:
        return None
    apart = metric.below(row, other) or metric.below(other, row)
    return others / own if apart and max(own, others) / min(own, others) >= 1.05 else 1.0


def pace(times: float) -> str:
    """A `speedup` in words: "3.0 times as fast", "24 times as slow", or "about as fast"."""
    if times == 1:
        return "about as fast"
    word, factor = ("fast", times) if times > 1 else ("slow", 1 / times)
    return f"{factor:.0f} times as {word}" if factor >= 10 else f"{factor:.1f} times as {word}"


def cell(times: float | None) -> str:
    """The same in a cell of a table."""
    return "–" if times is None else "≈ 1 ×" if times == 1 else f"{times:.1f} ×"
