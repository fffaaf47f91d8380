"""The Pareto front: the contenders that no other one beats on both axes, where a tie in accuracy beats nobody."""

import pandas as pd

from compactbench.report.statistics import ties as tied
from compactbench.report.tables.metrics import METRICS
from compactbench.report.tables.results import Row, plain_rows


def front(frame: pd.DataFrame, x: str, y: str, ties: tied.Ties = tied.NONE) -> pd.Series:
    """Which rows of `frame` are on the Pareto front of the metrics `x` and `y`.

    From the best `x` on, a row is on the front when it is better in `y` than every row on it so far. So with a tie in
    `y` the row that is better in `x` stays, and the other goes. Rows equal in both are on it together. A failed run,
    random weights and a row that lacks a value are never on it, and beat nobody.

    Args:
        frame: the rows of one suite on one machine.
        x: a metric.
        y: a metric; where it is the accuracy, a pair of `ties` counts as equal in it.
        ties: the pairs of models whose accuracies are tied.

    Returns:
        A boolean for each row, by the frame's index.
    """
    eligible = frame["status"].eq("ok") & frame["weights"].ne("random") & frame[x].notna() & frame[y].notna()
    signs = {name: 1.0 if METRICS[name].better == "lower" else -1.0 for name in (x, y)}

    def equal_in_y(one: Row, other: Row) -> bool:
        return one[y] == other[y] or (y == "eval_accuracy" and frozenset((one["model"], other["model"])) in ties)

    def beats(one: Row, other: Row) -> bool:
        """Whether `one`, which is no worse in `x`, leaves `other` nothing to be on the front for."""
        if equal_in_y(one, other):
            return bool(one[x] != other[x])
        return signs[y] * one[y] < signs[y] * other[y]

    kept: list[Row] = []
    for row in sorted(plain_rows(frame[eligible]), key=lambda row: (signs[x] * row[x], signs[y] * row[y])):
        if not any(beats(one, row) for one in kept):
            kept.append(row)
    return frame["model"].isin([row["model"] for row in kept]) & eligible
