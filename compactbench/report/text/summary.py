"""What the summary says in words and tables. Every number comes from the table of results, written by its metric."""

from dataclasses import replace

import pandas as pd

from compactbench.foreign import line
from compactbench.report.choice.deciding import deciding, floor
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import Recommendation, bound, in_sentence
from compactbench.report.statistics.ties import NONE, Ties
from compactbench.report.tables.columns import Column, Metric, Row
from compactbench.report.tables.metrics import (
    ACCURACY,
    EPOCH_TIME,
    LATENCY,
    METRICS,
    RESULTS,
    SIZE,
)
from compactbench.report.tables.results import by_model, plain_rows
from compactbench.report.tables.runtimes import ANY
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table, notes, small

ENDS = ("95\u00a0% interval, from", "to")
WHO = ("title", "suite", "machine", "status")
"""Heads of the ends of an interval, and the first columns of the full table, before the metric that decides."""


def compared(group: pd.DataFrame, suite: str, machine: str) -> Markdown:
    """Which runs the page is about."""
    named = f"the suite {code(suite)} on the machine {code(machine)}"
    return Markdown(f"This page compares the **{len(group)} runs** of {named}.")


def recommendation(group: pd.DataFrame, choice: Recommendation, runtime: str | None = None) -> Markdown:
    """Which model to take under the limits, in `runtime`, and the runner-up, as Markdown."""
    rows = by_model(group)
    asked = [f"{in_sentence(METRICS[name])} {bound(METRICS[name], limit)}" for name, limit in choice.limits.items()]
    if runtime is not None:
        asked.append("in any runtime" if runtime == ANY else f"in the runtime {line(runtime)}")
    limits = listed(asked)
    early = undertrained(rows)
    if choice.chosen is None:
        if limits:
            return Markdown(f"**No model keeps every limit**: {limits}. The table says what each one misses.{early}")
        return Markdown(f"**No model can be recommended yet**: no finished run started from trained weights.{early}")
    under = f"Within your limits ({limits})" if limits else "Without limits on time, memory, size or latency"
    text = f"{under}, take {_described(rows[choice.chosen], choice.quality)}."
    if choice.runner_up is None:
        lacking = "keeps the limits" if limits else "could be weighed" if early else "has finished"
        return Markdown(f"{text}\n\nNo other model of known accuracy {lacking}.{early}")
    runner_up = f"The runner-up is {_described(rows[choice.runner_up], choice.quality)}."
    return Markdown(f"{text} {verdict(choice, rows)}\n\n{runner_up}{early}")


def undertrained(rows: dict[str, Row]) -> Markdown:
    """Which models were not weighed because their training ended too early; empty where all were."""
    early = [row["title"] + " (" + row["undertrained"] + ")" for row in rows.values() if row["undertrained"]]
    return Markdown(
        f"\n\n**Not weighed, because undertrained**: {listed(early)}. More epochs would tell." if early else ""
    )


def verdict(choice: Recommendation, rows: dict[str, Row]) -> Markdown:
    """What the test says of the recommended model's quality against that of the next ones."""
    quality = in_sentence(choice.quality)
    by = _tested(choice.quality)
    others = [rows[model]["title"] for model in choice.tied if model != choice.chosen]
    if not others:
        accurate = choice.quality is ACCURACY
        better = "is significantly more accurate" if accurate else f"has a significantly higher {quality}"
        return Markdown(f"On the same test texts it {better} than every other ({by}).")
    return Markdown(
        f"On the same test texts its {quality} does not differ significantly from that of {listed(others)} ({by}); "
        "of these it answers fastest."
    )


def fallen_out(group: pd.DataFrame, choice: Recommendation) -> Markdown:
    """Why each model that is neither chosen nor runner-up fell out, as a table."""
    rows = by_model(group)
    body = [[rows[model]["title"], reason] for model, reason in choice.out.items()]
    return markdown_table(["Model", "Why not"], body, "ll")


def tradeoff_caption(group: pd.DataFrame, x: Metric, bubble: Metric, ties: Ties = NONE) -> str:
    """What `charts.tradeoff` shows, and by name what it cannot show, in plain text."""
    rows = plain_rows(group)
    random = [row["title"] for row in rows if row["weights"] == "random" and row[x.name] is not None]
    edited = [row["title"] for row in rows if row["edited"]]
    failed = [row["title"] + " (" + row["error"] + ")" for row in rows if row["status"] == "failed"]
    lacking = [row["title"] for row in rows if row["status"] == "ok" and row[x.name] is None]
    quality = deciding(group)
    shown = group[quality.name].notna() & group[x.name].notna()
    text = (
        f"{quality.label} against {in_sentence(x)}; the area of a bubble is in proportion to its "
        f"{in_sentence(bubble)} (a very small one is drawn larger, to be seen), vertical lines are 95\u00a0% "
        "intervals. The dotted line joins the Pareto front: from the cheapest on, each better than all "
        f"before it. Models that do not differ significantly ({_tested(quality)}) count as equal."
    )
    text += " The pale ones are Pareto-dominated." if (shown & ~front(group, x, quality, ties)).any() else ""
    named = {
        "Random weights, so no accuracy": random,
        "Edited training, so not compared": edited,
        "Failed, so not drawn": failed,
        f"{x.label} not measured": lacking,
    }
    return text + _named(named)


def quoted_caption(group: pd.DataFrame, quoted: pd.DataFrame) -> str:
    """What `charts.quoted_2021` shows, in plain text."""
    drawn = group[group["model"].isin(quoted["name"]) & group[LATENCY.name].notna()]
    random = drawn.loc[drawn["weights"] == "random", "title"].tolist()
    noisy = drawn.loc[drawn["noisy"].fillna(False).astype(bool), "title"].tolist()
    text = "Accuracy as published in 2021 for AG News, not measured here, against the CPU latency measured here."
    return text + _named(
        {"Measured with random weights": random, "Hollow, because something else kept the machine busy": noisy}
    )


def _tested(quality: Metric) -> str:
    """By which test two models differ in `quality`: see `statistics.ties`."""
    return "McNemar, p < .05" if quality is ACCURACY else "95\u00a0% intervals of both"


def _named(reasons: dict[str, list[str]]) -> str:
    """A sentence for each reason that holds of any model, with the titles of those."""
    return "".join(f" {reason}: {', '.join(titles)}." for reason, titles in reasons.items() if titles)


def conclusion(group: pd.DataFrame, choice: Recommendation, ties: Ties = NONE) -> Markdown:
    """What the measurements come to, as a Markdown list."""
    rows, quality = plain_rows(group), choice.quality
    points = [f"{_counted(rows)}."]
    if choice.chosen is not None:
        best = by_model(group)[choice.chosen]
        points.append(f"Recommended: {_described(best, quality)}.")
        others = [row for row in rows if row[quality.name] is not None and row["model"] != choice.chosen]
        points += [_held_against(row, best, quality) for row in sorted(others, key=lambda row: -row[quality.name])]
        lowest = quality.text(floor(group, quality))
        points.append(f"The lowest floor, always the most frequent class, has {lowest} {in_sentence(quality)}.")
    on_front = group.loc[front(group, LATENCY, quality, ties)].sort_values(LATENCY.name)
    if len(on_front) > 1:
        titles = ", ".join(map(markdown, on_front["title"]))
        points.append(f"The Pareto front of {in_sentence(quality)} and CPU latency, fastest first: {titles}.")
    return Markdown("\n".join(f"- {point}" for point in points))


def results_table(frame: pd.DataFrame) -> Markdown:
    """Every run of `frame` as a table, the best first by the metric that decides.

    Blank where nothing was measured, and a failed run with its error. Columns that are blank for every run, and texts
    that are the same for every run, are left out: the files to download hold them.
    """
    quality = deciding(frame)
    low, high = replace(quality, name=quality.low, label=ENDS[0]), replace(quality, name=quality.high, label=ENDS[1])
    columns = [column for name in WHO for column in RESULTS if column.name == name] + [quality, low, high]
    columns += [column for column in RESULTS if column.label and column not in columns]
    telling = [
        column
        for column in columns
        if column.name == "title" or frame[column.name].nunique() > (column.dtype in ("str", "boolean"))
    ]
    ordered = frame.sort_values([quality.name, LATENCY.name], ascending=[False, True])
    cells = [[_cell(row, column) for column in telling] for row in plain_rows(ordered)]
    align = "".join("r" if column.dtype in ("float64", "Int64") else "l" for column in telling)
    return markdown_table([column.head for column in telling], cells, align)


def _described(row: Row, quality: Metric) -> str:
    """One model of known accuracy in its most telling numbers; what was not measured is left out."""
    parts = [f"{quality.of(row)} {in_sentence(quality)} (95\u00a0% interval {quality.ends(row)})"]
    costs = ((LATENCY, "a sentence on this CPU"), (SIZE, "to deploy"), (EPOCH_TIME, "for one fine-tuning epoch"))
    parts += [f"{metric.of(row)} {words}" for metric, words in costs if row[metric.name] is not None]
    return f"**{markdown(row['title'])}**: {', '.join(parts)}"


def _counted(rows: list[Row]) -> str:
    failed = sum(row["status"] == "failed" for row in rows)
    random = sum(row["weights"] == "random" for row in rows)
    text = f"{len(rows)} models: {len(rows) - failed - random} with a known accuracy"
    text += f", {random} with random weights, whose costs are measured and whose accuracy is not" if random else ""
    return text + (f", {failed} failed" if failed else "")


def _held_against(row: Row, best: Row, quality: Metric) -> str:
    """How far `row` is from the recommended model in quality and in CPU latency."""
    points = 100 * (row[quality.name] - best[quality.name])
    side = "below" if points < 0 else "above"
    text = f"{markdown(row['title'])} is {abs(points):.1f} points {side} it in {in_sentence(quality)}"
    own, other = row[LATENCY.name], best[LATENCY.name]
    if own is not None and other is not None:
        text += f" and needs {own / other:.0%} of its time per sentence on the CPU".replace("%", "\u00a0%")
    return f"{text}."


def _cell(row: Row, column: Column) -> str:
    """One cell of the full table as people read it."""
    value = row[column.name]
    if column.name == "status" and value == "failed":
        return "failed: " + row["error"]
    if column.name == "title":
        return Markdown(markdown(value) + small(notes(row["weights"], row["edited"])))
    if value is None:
        return ""
    if isinstance(column, Metric):
        return column.text(value, unit=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else value
