"""Which model to take under a reader's limits, and why not the others."""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from compactbench.report.choice.deciding import deciding
from compactbench.report.statistics.paired import NONE, Comparison, Pairs, Verdict
from compactbench.report.statistics.score import POWER
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, LATENCY, METRICS
from compactbench.report.tables.results import plain_rows

WORDS: dict[Verdict, str] = {
    "tied": "tied",
    "better": "better",
    "worse": "worse",
    "unclear": "cannot be told apart on these texts",
}
"""What is said of a comparison."""


@dataclass(frozen=True)
class Recommendation:
    """What to take.

    Args:
        chosen: name of the recommended model; None when none keeps the limits.
        runner_up: name of the next best; None when no other keeps them.
        out: for every other model the reason why it fell out, in one sentence.
        limits: the limits it was chosen under, by metric.
        best: name of the model of the highest quality within the limits.
        as_good: names of the models that are shown not to be worse than the `leading` ones by the margin, and `best`.
        leading: names of `best` and of those that have the highest quality where one seed is left out.
        against: every other model within the limits, held against `best`, from the highest quality on; None where
            nothing can be said.
        quality: the metric that decided.
        margin: by how much of it the chosen model may be worse than `best`.
    """

    chosen: str | None
    runner_up: str | None
    out: dict[str, str]
    limits: dict[str, float]
    best: str | None
    as_good: list[str]
    leading: list[str]
    against: dict[str, Comparison | None]
    quality: Metric
    margin: float


def recommend(frame: pd.DataFrame, limits: Mapping[str, float], pairs: Pairs = NONE) -> Recommendation:
    """The fastest of the models within every limit that are shown not to be worse than the best of them by a margin.

    Nor than one that is the best where a seed is left out.

    Args:
        frame: the rows of one suite on one machine.
        limits: a bound for each metric that matters, in the column's own unit (a share for accuracy): an upper one
            where lower is better, a lower one where higher is.
        pairs: their records, which compare any two models, and the margin.

    Raises:
        ValueError: a limit is not on a known metric, or is not a number that it can be held against.
    """
    check_limits(limits)
    rows, quality = plain_rows(frame), deciding(frame)
    out = {row["model"]: reason for row in rows if (reason := _falls_out(row, limits))}
    able = [row for row in rows if row["model"] not in out]
    able.sort(key=lambda row: (-row[quality.name], _latency(row)))
    best = able[0]["model"] if able else None
    against = {row["model"]: pairs.compare(row["model"], able[0]["model"]) for row in able[1:]}
    leading = [best] if best else []
    leading += [model for model, found in against.items() if found and found.highest > 0]

    def as_good(model: str) -> bool:
        return model == best or all(_not_inferior(pairs.compare(model, one)) for one in leading if one != model)

    good = [row for row in able if as_good(row["model"])]
    ranked = sorted(good, key=_latency) + [row for row in able if row not in good]
    for row in ranked[2:]:
        out[row["model"]] = _worse(row, ranked[0], able[0], quality, against.get(row["model"]), row in good)
    chosen, runner_up, *_ = [*(row["model"] for row in ranked), None, None]
    names = [row["model"] for row in good]
    return Recommendation(chosen, runner_up, out, dict(limits), best, names, leading, against, quality, pairs.margin)


def _not_inferior(comparison: Comparison | None) -> bool:
    return comparison is not None and comparison.not_inferior


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


def in_points(margin: float) -> str:
    """A margin as people read it: "1 point"."""
    return f"{100 * margin:g} point{'s' * (margin != 0.01)}"


def ends(comparison: Comparison) -> str:
    """The ends of its interval as people read them, in points: "-2.1 to +0.1"."""
    low, high = (f"{100 * end:+.1f}" for end in comparison.interval)
    return f"{low} to {high}"


def points(comparison: Comparison) -> str:
    """A difference as people read it: "-1.0 points, 90 % interval -2.1 to +0.1"."""
    return f"{100 * comparison.difference:+.1f} points, 90\u00a0% interval {ends(comparison)}"


def judged(comparison: Comparison) -> str:
    """The interval of a difference, and what it shows."""
    return f"90\u00a0% interval {ends(comparison)}: {WORDS[comparison.verdict]}"


def would_tell(comparisons: Iterable[Comparison]) -> str:
    """How many test texts, and seeds where these differ, would decide what is left open, to two digits."""
    needed = [(comparison.texts_needed, comparison.seeds_needed) for comparison in comparisons]
    texts, of_seeds = (_two_digits(max(numbers)) for numbers in zip(*needed, strict=True))
    data = f"about {texts:,} test texts" + (f" and {of_seeds:,} seeds" if of_seeds > 1 else "")
    return f"{data} would tell in {POWER:.0%} of cases, were there no difference".replace("%", "\u00a0%")


def _two_digits(number: int) -> int:
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return math.ceil(number / step) * step


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
    if metric.allows(value, limit):
        return None
    return f"{in_sentence(metric)} is {metric.text(value)}, allowed is {bound(metric, limit)}"


def _worse(row: Row, chosen: Row, best: Row, quality: Metric, comparison: Comparison | None, as_good: bool) -> str:
    """Why `row`, which keeps the limits, comes after `chosen`; `comparison` holds it against the best."""
    slower = "slower" if LATENCY.below(chosen, row) else "not shown to be faster"
    slower += f" ({LATENCY.of(row)} against {LATENCY.of(chosen)})"
    if as_good:
        near = f"within the margin of the best ({points(comparison)})" if comparison else "the best"
        return f"{near} in {in_sentence(quality)}, but {slower}"
    if comparison and comparison.verdict != "worse":
        return f"on these texts it cannot be told apart from the best in {in_sentence(quality)} ({points(comparison)})"
    if row[quality.name] == chosen[quality.name]:
        return f"of the same {in_sentence(quality)}, but {slower}"
    if comparison is None:
        return f"lower measured {in_sentence(quality)} ({quality.of(row)} against {quality.of(best)})"
    words = "less accurate" if quality is ACCURACY else f"lower {in_sentence(quality)}"
    return f"{words} ({quality.of(row)} against {quality.of(best)}; {points(comparison)})"
