"""Which metric decides what the best model is, and what that metric is where nothing was learned."""

import pandas as pd

from compactbench.record import Data
from compactbench.report.tables.columns import Metric
from compactbench.report.tables.metrics import ACCURACY, MACRO_F1

QUALITY = (ACCURACY, MACRO_F1)
"""The metrics that may decide."""


def deciding(frame: pd.DataFrame) -> Metric:
    """The metric that decides which model is best: macro F1 where the classes are unbalanced, else accuracy."""
    return MACRO_F1 if frame["unbalanced"].fillna(False).any() else ACCURACY


def decides(data: Data) -> Metric:
    """The same of one data set."""
    return MACRO_F1 if data.unbalanced else ACCURACY


def floor(frame: pd.DataFrame, quality: Metric) -> float | None:
    """What always answering the most frequent class reaches in `quality`; None without a finished run."""
    known = frame[quality.name.replace("eval", "majority")].dropna()
    return float(known.iloc[0]) if len(known) else None
