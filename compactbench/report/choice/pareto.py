"""The Pareto front: the models that no other one dominates on both axes, where a tie in quality counts as equal."""

import pandas as pd

from compactbench.report.choice.deciding import QUALITY
from compactbench.report.statistics.paired import NONE, Pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.results import plain_rows


def front(frame: pd.DataFrame, x: Metric, y: Metric, pairs: Pairs = NONE) -> pd.Series:
    """Which rows of `frame` are on the Pareto front of the metrics `x` and `y`.

    From the best `x` on, a row is on the front when it is better in `y` than every row on it so far. So with a tie in
    `y` the row that is better in `x` stays, and the other goes. Rows equal in both are on it together. A failed run,
    random weights, an edited training, one that ended too early and a row that lacks a value are never on it, and
    dominate nobody.

    Args:
        frame: the rows of one suite on one machine.
        x: a metric.
        y: a metric; where it is one of quality, models that are tied count as equal in it.
        pairs: the models, which tells of any two whether they are tied.

    Returns:
        A boolean for each row, by the frame's index.
    """
    comparable = frame["status"].eq("ok") & frame["weights"].ne("random") & ~frame["edited"].fillna(False)
    comparable &= frame["undertrained"].isna()
    eligible = comparable & frame[x.name].notna() & frame[y.name].notna()

    def cost(row: Row, metric: Metric) -> float:
        return row[metric.name] if metric.better == "lower" else -row[metric.name]

    def equal_in_y(one: Row, other: Row) -> bool:
        return one[y.name] == other[y.name] or (y in QUALITY and pairs.tied(one["model"], other["model"]))

    def dominates(one: Row, other: Row) -> bool:
        """Whether `one`, which is no worse in `x`, leaves `other` nothing to be on the front for."""
        if equal_in_y(one, other):
            return bool(one[x.name] != other[x.name])
        return cost(one, y) < cost(other, y)

    kept: list[Row] = []
    for row in sorted(plain_rows(frame[eligible]), key=lambda row: (cost(row, x), cost(row, y))):
        if not any(dominates(one, row) for one in kept):
            kept.append(row)
    return frame["model"].isin([row["model"] for row in kept]) & eligible
