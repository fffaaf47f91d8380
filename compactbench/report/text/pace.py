"""How fast one model answers against another; faster or slower only where the interval of their ratio leaves out 1."""

from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import LATENCY


def speedup(row: Row, other: Row, metric: Metric = LATENCY) -> float | None:
    """How many times as fast `row` was as `other`, by a latency; None where one of them was not measured."""
    own, others = row[metric.name], other[metric.name]
    return others / own if own and others else None


def pace(row: Row, other: Row, metric: Metric = LATENCY) -> str:
    """The same in words: "3.0 times as fast", "24 times as slow", "about as fast"; empty where it is not known."""
    times = speedup(row, other, metric)
    if times is None:
        return ""
    factor, word = (times, "fast") if times >= 1 else (1 / times, "slow")
    if factor < 1.05:
        return "about as fast"
    if not _told_apart(row, other, metric):
        return f"no {word}er, as far as these runs tell"
    return f"{factor:.{0 if factor >= 10 else 1}f} times as {word}"


def cell(row: Row, other: Row, metric: Metric = LATENCY) -> str:
    """The same in a cell of a table."""
    times = speedup(row, other, metric)
    if times is None:
        return "–"
    noise = "" if row is other or _told_apart(row, other, metric) else " within noise"
    return f"{times:.1f} ×{noise}"


def _told_apart(row: Row, other: Row, metric: Metric) -> bool:
    return metric.below(row, other) or metric.below(other, row)
