"""The Pareto front: the contenders that no other one beats on both axes."""

import pandas as pd

from compactbench.metrics import METRICS


def front(frame: pd.DataFrame, x: str, y: str) -> pd.Series:
    """Which rows of `frame` are on the Pareto front of the metrics `x` and `y`.

    A row is on it when no other row is at least as good in both and better in one; equal rows are on it together.
    A failed run, random weights and a row that lacks a value are never on it, and beat nobody.

    Returns:
        A boolean for each row, by the frame's index.
    """
    eligible = frame["status"].eq("ok") & frame["weights"].ne("random") & frame[x].notna() & frame[y].notna()
    signs = [1.0 if METRICS[name].better == "lower" else -1.0 for name in (x, y)]
    costs = frame.loc[eligible, [x, y]].to_numpy(dtype=float) * signs  # (n, 2), lower is better
    others, own = costs[None, :, :], costs[:, None, :]
    beaten = ((others <= own).all(axis=2) & (others < own).any(axis=2)).any(axis=1)  # (n,)
    on_front = pd.Series(False, index=frame.index)
    on_front[eligible] = ~beaten
    return on_front
