"""What the summary says in words and tables. Every number comes from the table of results, written by its metric."""

from html import escape
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import ACCURACY, Recommendation, bound, in_sentence
from compactbench.report.statistics.ties import NONE, Ties
from compactbench.report.tables.metrics import METRICS
from compactbench.report.tables.results import COLUMNS, Row, plain_rows
from compactbench.report.tables.runtimes import ANY
from compactbench.report.text.background import listed

WORDS = {
    "title": "Contender",
    "suite": "Suite",
    "machine": "Machine",
    "status": "Run",
    "noisy": "Noisy machine",
    "eval_accuracy_low": "95\u00a0% interval, from (%)",
    "eval_accuracy_high": "to (%)",
    "device": "Fine-tuned on",
    "precision": "Precision",
    "runtime": "Runtime",
    "finetune_steps": "Fine-tune steps",
    "finetune_epoch_derived": "Epoch time from fewer steps",
    "throughput_device": "Throughput on",
    "throughput_batch_size": "Batch size of that throughput",
    "max_batch_size": "Largest batch tried",
    "throughput_stopped_by": "Batches stopped by",
}
"""Heads of the full table's columns that are no metrics; METRICS names the others."""
FIRST = ("title", "suite", "machine", "status", "eval_accuracy", "eval_accuracy_low", "eval_accuracy_high")
SHOWN = FIRST + tuple(name for name in COLUMNS if (name in METRICS or name in WORDS) and name not in FIRST)
"""Columns of the full table; the others stand in the files to download."""
SAME = {"suite", "machine", "status", "device", "precision", "runtime", "throughput_device"}
"""Of these, those that are the same for every run: they tell nothing in a table."""
TEXTS = {name for name in SHOWN if name in WORDS} - {"eval_accuracy_low", "eval_accuracy_high"}


def recommendation(group: pd.DataFrame, choice: Recommendation, runtime: str | None = None) -> str:
    """Which contender to take under the limits, served with `runtime`, and the runner-up, as Markdown."""
    rows = _by_model(group)
    asked = [f"{in_sentence(METRICS[name])} {bound(METRICS[name], limit)}" for name, limit in choice.limits.items()]
    if runtime is not None:
        asked.append("served with any runtime" if runtime == ANY else f"served with {runtime}")
    limits = " and ".join(asked)
    if choice.chosen is None:
        if limits:
            return f"**No contender keeps every limit**: {limits}. The table says what each one misses."
        return "**No contender can be recommended yet**: no finished run started from trained weights."
    under = f"Within your limits ({limits})" if limits else "Without limits on time, memory, size or latency"
    text = f"{under}, take {_described(rows[choice.chosen])}."
    if choice.runner_up is None:
        return f"{text}\n\nNo other contender of known accuracy {'keeps the limits' if limits else 'has finished'}."
    return f"{text} {verdict(choice, rows)}\n\nThe runner-up is {_described(rows[choice.runner_up])}."


def verdict(choice: Recommendation, rows: dict[str, Row]) -> str:
    """What the paired test says of the recommended contender's accuracy against that of the next ones."""
    others = [rows[model]["title"] for model in choice.tied if model != choice.chosen]
    if not others:
        return "On the same test texts it is more accurate than every other, beyond chance (McNemar's test, 5\u00a0%)."
    return (
        f"On the same test texts its accuracy cannot be told from that of {listed(others)} (McNemar's test, 5\u00a0%); "
        "of these it answers fastest."
    )


def fallen_out(group: pd.DataFrame, choice: Recommendation) -> str:
    """Why each contender that is neither chosen nor runner-up fell out, as an HTML table."""
    titles = {model: row["title"] for model, row in _by_model(group).items()}
    rows = [{"Contender": escape(titles[model]), "Why not": reason} for model, reason in choice.out.items()]
    return _html_table(pd.DataFrame(rows, columns=["Contender", "Why not"]), numbers=[], name="fallen-out")


def tradeoff_caption(group: pd.DataFrame, x: str, bubble: str, ties: Ties = NONE) -> str:
    """What `charts.tradeoff` shows, and by name what it cannot show, in plain text."""
    rows = plain_rows(group)
    random = [row["title"] for row in rows if row["weights"] == "random" and row[x] is not None]
    failed = [f"{row['title']} ({row['error']})" for row in rows if row["status"] == "failed"]
    lacking = [row["title"] for row in rows if row["status"] == "ok" and row[x] is None]
    beaten = (group["eval_accuracy"].notna() & group[x].notna() & ~front(group, x, "eval_accuracy", ties)).any()
    text = (
        f"Accuracy against {in_sentence(METRICS[x])}; the area of a bubble is in proportion to its "
        f"{in_sentence(METRICS[bubble])} (a very small one is drawn larger, to be seen), vertical lines are 95\u00a0% "
        "intervals. The dotted line joins the Pareto front: from the cheapest on, each more accurate than all "
        "before it. Contenders whose accuracies are tied (McNemar's test) count as equal."
    )
    text += " The pale ones are beaten." if beaten else ""
    text += f" Random weights, so no accuracy: {', '.join(random)}." if random else ""
    text += f" Failed, so not drawn: {', '.join(failed)}." if failed else ""
    return text + (f" {METRICS[x].label} not measured: {', '.join(lacking)}." if lacking else "")


def quoted_caption(group: pd.DataFrame, quoted: pd.DataFrame) -> str:
    """What `charts.quoted_2021` shows, in plain text."""
    drawn = group[group["model"].isin(quoted["name"]) & group["cpu_latency_p50_ms"].notna()]
    random = drawn.loc[drawn["weights"] == "random", "title"].tolist()
    text = "Accuracy as published in 2021 for AG News, not measured here, against the CPU latency measured here."
    return text + (f" Measured with random weights: {', '.join(random)}." if random else "")


def conclusion(group: pd.DataFrame, choice: Recommendation, ties: Ties = NONE) -> str:
    """What the measurements come to, as a Markdown list."""
    rows = plain_rows(group)
    points = [f"{_counted(rows)}."]
    if choice.chosen is not None:
        best = _by_model(group)[choice.chosen]
        points.append(f"Recommended: {_described(best)}.")
        others = [row for row in rows if row["eval_accuracy"] is not None and row["model"] != choice.chosen]
        points += [_held_against(row, best) for row in sorted(others, key=lambda row: -row["eval_accuracy"])]
    on_front = group.loc[front(group, "cpu_latency_p50_ms", "eval_accuracy", ties)].sort_values("cpu_latency_p50_ms")
    if len(on_front) > 1:
        points.append(f"The front of accuracy and CPU latency, fastest first: {', '.join(on_front['title'])}.")
    return "\n".join(f"- {point}" for point in points)


def results_table(frame: pd.DataFrame) -> str:
    """Every run of `frame` as an HTML table, the most accurate first.

    Blank where nothing was measured, and a failed run with its error. Columns that are blank for every run, and texts
    that are the same for every run, are left out: the files to download hold them.
    """
    telling = [name for name in SHOWN if name == "title" or frame[name].nunique() > (name in SAME)]
    ordered = frame.sort_values(["eval_accuracy", "cpu_latency_p50_ms"], ascending=[False, True])
    cells = [{name: _cell(row, name) for name in telling} for row in plain_rows(ordered)]
    heads = {name: METRICS[name].axis if name in METRICS else WORDS[name] for name in telling}
    table = pd.DataFrame(cells, columns=telling).rename(columns=heads)
    return _html_table(table, numbers=[heads[name] for name in telling if name not in TEXTS], name="results")


def _by_model(group: pd.DataFrame) -> dict[str, Row]:
    return {row["model"]: row for row in plain_rows(group)}


def _described(row: Row) -> str:
    """One contender of known accuracy in its most telling numbers; what was not measured is left out."""
    low, high = (ACCURACY.text(row[f"eval_accuracy_{end}"], unit=False) for end in ("low", "high"))
    parts = [f"{ACCURACY.text(row['eval_accuracy'])} accuracy (95\u00a0% interval {low} to {high})"]
    for name, words in (
        ("cpu_latency_p50_ms", "a sentence on this CPU"),
        ("artefact_size_mb", "to deploy"),
        ("finetune_epoch_time_s", "for one fine-tuning epoch"),
    ):
        if row[name] is not None:
            parts.append(f"{METRICS[name].text(row[name])} {words}")
    return f"**{row['title']}**: {', '.join(parts)}"


def _counted(rows: list[Row]) -> str:
    failed = sum(row["status"] == "failed" for row in rows)
    random = sum(row["weights"] == "random" for row in rows)
    text = f"{len(rows)} contenders: {len(rows) - failed - random} with a known accuracy"
    text += f", {random} with random weights, whose costs are measured and whose accuracy is not" if random else ""
    return text + (f", {failed} failed" if failed else "")


def _held_against(row: Row, best: Row) -> str:
    """How far `row` is from the recommended contender in accuracy and in CPU latency."""
    points = 100 * (row["eval_accuracy"] - best["eval_accuracy"])
    text = f"{row['title']} is {abs(points):.1f} points {'below' if points < 0 else 'above'} it in accuracy"
    own, other = row["cpu_latency_p50_ms"], best["cpu_latency_p50_ms"]
    if own is not None and other is not None:
        text += f" and needs {own / other:.0%} of its time per sentence on the CPU".replace("%", "\u00a0%")
    return f"{text}."


def _cell(row: Row, name: str) -> str:
    """One cell of the full table as people read it."""
    value: Any = row[name]
    if name == "status" and value == "failed":
        return f"failed: {row['error']}"
    if name == "title":
        return f"{escape(value)}<small>random weights</small>" if row["weights"] == "random" else escape(value)
    if value is None:
        return ""
    if name in ("eval_accuracy_low", "eval_accuracy_high"):
        return ACCURACY.text(value, unit=False)
    if name in METRICS:
        return METRICS[name].text(value, unit=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else value


def _html_table(table: pd.DataFrame, numbers: list[str], name: str) -> str:
    """`table` as HTML that scrolls sideways: the columns `numbers` aligned right, all others left, long texts wide."""
    rules = [{"selector": "th, td", "props": "text-align: right"}, {"selector": "th", "props": "min-width: 9rem"}]
    for index, head in enumerate(table.columns):
        if head not in numbers:
            width = "white-space: nowrap; min-width: 0" if table[head].str.len().max() < 30 else "min-width: 16rem"
            rules.append({"selector": f".col{index}", "props": f"text-align: left; {width}"})
    styler = Styler(table, uuid=name, cell_ids=False).hide(axis="index")
    styler = styler.format(escape="html", subset=list(table.columns[1:]))  # the first column brings its own HTML
    styler = styler.set_table_styles(rules).set_table_attributes('class="results-table"')
    return f'<div class="table-scroll" style="overflow-x: auto" tabindex="0">{styler.to_html()}</div>'
