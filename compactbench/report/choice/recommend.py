"""Which model to take under a reader's limits, and why not the others."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from compactbench.report.choice.deciding import deciding
from compactbench.report.statistics import ties as tied
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, LATENCY, METRICS
from compactbench.report.tables.results import plain_rows


@dataclass(frozen=True)
class Recommendation:
    """What to take.

    Args:
        chosen: name of the recommended model; None when none keeps the limits.
        runner_up: name of the next best; None when no other keeps them.
        out: for every other model the reason why it fell out, in one sentence.
        limits: the limits it was chosen under, by metric.
        tied: names of the models within the limits whose quality does not differ significantly from the highest one,
            the best model included; the chosen one is the fastest of them.
        quality: the metric that decided.
    """

    chosen: str | None
    runner_up: str | None
    out: dict[str, str]
    limits: dict[str, float]
    tied: list[str]
    quality: Metric


def recommend(frame: pd.DataFrame, limits: Mapping[str, float], ties: tied.Ties = tied.NONE) -> Recommendation:
    """The fastest of the models within every limit that are tied with the best of them, by the metric that decides.

    Args:
        frame: the rows of one suite on one machine.
        ties: the pairs of models that are tied in it.
        limits: a bound for each metric that matters, in the column's own unit (a share for accuracy): an upper one
            where lower is better, a lower one where higher is.

    Raises:
        ValueError: a limit is not on a known metric, or is not a number that it can be held against.
    """
    check_limits(limits)
    rows, quality = plain_rows(frame), deciding(frame)
    out = {row["model"]: reason for row in rows if (reason := _falls_out(row, limits))}
    able = sorted((row for row in rows if row["model"] not in out), key=lambda row: -row[quality.name])
    best = [row for row in able if _as_good(row, able[0], quality, ties)]
    ranked = sorted(best, key=_latency) + [row for row in able if row not in best]
    for row in ranked[2:]:
        out[row["model"]] = _worse(row, ranked[0], quality, row in best)
    chosen, runner_up, *_ = [*(row["model"] for row in ranked), None, None]
    return Recommendation(chosen, runner_up, out, dict(limits), [row["model"] for row in best], quality)


def _as_good(row: Row, best: Row, quality: Metric, ties: tied.Ties) -> bool:
    return row[quality.name] == best[quality.name] or frozenset((row["model"], best["model"])) in ties


def _latency(row: Row) -> float:
    latency = row[LATENCY.name]
    return float("inf") if latency is None else latency


def check_limits(limits: Mapping[str, float]) -> None:
    """Refuse limits that cannot be meant.

    Raises:
        ValueError: one sentence with the key, what was given and what is accepted.
    """
    for name, limit in limits.items():
        if name not in METRICS:
            near = difflib.get_close_matches(name, METRICS, n=1, cutoff=0)
            accepted = ", ".join(METRICS)
            raise ValueError(f"limits: {name!r} is no metric; did you mean {near[0]!r}? Accepted: {accepted}.")
        share = METRICS[name].unit == "%"
        number = isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < float("inf")
        if not number or (share and limit > 1):
            accepted = "a share above 0 and up to 1" if share else "a number above 0"
            raise ValueError(f"limits: {name} is {limit!r}; accepted: {accepted}.")


def in_sentence(metric: Metric) -> str:
    """The metric's label inside a sentence: abbreviations alone keep their capitals."""
    return metric.label if metric.label[1].isupper() else metric.label[0].lower() + metric.label[1:]


def bound(metric: Metric, limit: float) -> str:
    """`limit` as people read it: "at most 20.0 ms"."""
    return f"{'at most' if metric.better == 'lower' else 'at least'} {metric.text(limit)}"


def _falls_out(row: Row, limits: Mapping[str, float]) -> str | None:
    """Why `row` cannot be recommended under `limits`; None when it can."""
    if row["status"] == "failed":
        return "its run failed (" + row["error"] + ")"
    if row["runtime"] is None:
        return "it was not measured in the runtime that was asked for"
    if row["edited"]:
        return "its training was edited"
    if row["undertrained"]:
        return "it is undertrained: " + row["undertrained"]
    if row["weights"] == "random":
        return "its accuracy was not measured: random weights"
    if row[ACCURACY.name] is None:
        return "its accuracy was not measured"
    return "; ".join(filter(None, (_misses(row, METRICS[name], limit) for name, limit in limits.items()))) or None


def _misses(row: Row, metric: Metric, limit: float) -> str | None:
    """How `row` misses one limit; None when it keeps it."""
    value = row[metric.name]
    if value is None:
        return f"{in_sentence(metric)} was not measured"
    kept = value <= limit if metric.better == "lower" else value >= limit
    return None if kept else f"{in_sentence(metric)} is {metric.text(value)}, allowed is {bound(metric, limit)}"


def _worse(row: Row, chosen: Row, quality: Metric, as_good: bool) -> str:
    """Why `row`, which keeps the limits, comes after `chosen`."""
    if not as_good:
        words = "less accurate" if quality is ACCURACY else f"lower {in_sentence(quality)}"
        return f"{words} ({quality.of(row)} against {quality.of(chosen)})"
    slower = f"slower ({LATENCY.of(row)} against {LATENCY.of(chosen)})"
    return f"its {in_sentence(quality)} does not differ significantly, but it is {slower}"
