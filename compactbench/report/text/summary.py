"""What the summary says in words and tables. Every number comes from the table of results, written by its metric."""

from dataclasses import replace

import pandas as pd

from compactbench.foreign import line
from compactbench.report.choice.deciding import deciding, floor
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import (
    WORDS,
    Recommendation,
    bound,
    ends,
    in_points,
    in_sentence,
    judged,
    points,
    would_tell,
)
from compactbench.report.statistics.paired import NONE, Comparison, Pairs
from compactbench.report.tables.columns import TEXT, Column, Metric, Row
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
from compactbench.report.text.pace import pace
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table, notes, small

ENDS = ("95\u00a0% interval, from", "to")
WHO = ("title", "suite", "machine", "status")
"""Heads of the ends of an interval, and the first columns of the full table, before the metric that decides."""
NAMED = 2
"""So many models are named in a sentence that holds for more; the table beside it has them all."""


def compared(group: pd.DataFrame, suite: str, machine: str) -> Markdown:
    """Which runs the page is about."""
    named = f"the suite {code(suite)} on the machine {code(machine)}"
    return Markdown(f"This page compares the **{len(group)} runs** of {named}.")


def recommendation(group: pd.DataFrame, choice: Recommendation, runtime: str | None = ANY) -> Markdown:
    """Which model to take under the limits, in `runtime`, and the runner-up, as Markdown."""
    rows = by_model(group)
    asked = [f"{in_sentence(METRICS[name])} {bound(METRICS[name], limit)}" for name, limit in choice.limits.items()]
    if runtime != ANY:
        asked.append("run as trained" if runtime is None else f"in the runtime {line(runtime)}")
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


def says_little(row: Row) -> Markdown:
    """Why the accuracy of `row` says little, in brackets; empty where it says what it can."""
    return Markdown(f" (undertrained: {markdown(row['undertrained'])})" if row["undertrained"] else "")


def verdict(choice: Recommendation, rows: dict[str, Row]) -> Markdown:
    """What the same test texts say of the recommended model's quality against that of the others."""
    if choice.chosen is None or choice.best is None:
        return Markdown()
    quality, against = in_sentence(choice.quality), choice.against
    chosen, best, margin = rows[choice.chosen], rows[choice.best], in_points(choice.margin)
    faster = [model for model in against if LATENCY.below(rows[model], chosen)]
    others = listed(rows[model]["title"] for model in choice.leading[1:])  # which lead where a seed is left out
    known = {model: found for model, found in against.items() if found}
    if choice.chosen != choice.best:
        rivals = [rows[model] for model in choice.as_good if model != choice.chosen]
        fastest = all(LATENCY.below(chosen, rival) for rival in rivals)
        text = (
            f"On the same test texts its {quality} is not lower than the highest, that of {markdown(best['title'])}"
            f"{f' or, with a seed left out, {others}' if others else ''}, "
            f"by more than {margin} ({points(known[choice.chosen])}); of all such models "
            f"{'it answers fastest' if fastest else 'none is shown to answer faster'}."
        )
    elif not known:
        text = f"No interval tells how sure its lead in {quality} is: the records do not say who got which text right."
    elif all(found and found.verdict == "worse" for found in against.values()):
        better = "is more accurate" if choice.quality is ACCURACY else f"has a higher {quality}"
        nearest, found = next(iter(known.items()))
        held = f"the nearest, {markdown(rows[nearest]['title'])}: {points(found)}"
        text = f"On the same test texts it {better} than every other ({held})."
    else:
        fastest = all(LATENCY.below(chosen, rows[model]) for model in against)
        text = f"Its {quality} is the highest" + (f" (with a seed left out, that of {others})" if others else "")
        if faster:
            text += f", and no faster model is shown to be within {margin} of {'them' if others else 'it'}."
        else:
            text += f", and no other model {'answers' if fastest else 'is shown to answer'} faster."
    undecided = {model: known[model] for model in faster if model in known and known[model].undecided}
    if undecided:
        text += (
            f" **These texts cannot decide** whether {_held(undecided, rows)}, which would answer faster, "
            f"{'is' if len(undecided) == 1 else 'are'} lower by more than {margin}; {would_tell(undecided.values())}."
        )
    rest = {model: found for model, found in known.items() if model not in faster}
    maybe = {model: found for model, found in rest.items() if found.interval[1] > choice.margin}
    if maybe and choice.chosen == choice.best:
        text += f" As far as these texts tell, {_held(maybe, rows)} may be higher by more than {margin}."
    return Markdown(text)


def _held(found: dict[str, Comparison], rows: dict[str, Row]) -> Markdown:
    """The models, each with how it did against the best; of many the nearest, the others as a number."""
    each = [Markdown(f"{markdown(rows[model]['title'])} ({points(one)})") for model, one in found.items()]
    return listed(each if len(each) <= NAMED + 1 else [*each[:NAMED], f"{len(each) - NAMED} others"])


def candidates(group: pd.DataFrame, choice: Recommendation) -> Markdown:
    """Each model within the limits, held against the best of them on the same test texts, as a table."""
    if choice.best is None:
        return Markdown("No model is within the limits.")
    rows, quality = by_model(group), choice.quality
    head = ["Model", quality.head, "Against the best (points)", "90\u00a0% interval", "On these texts", LATENCY.head]
    body = []
    for model, found in [(choice.best, None), *choice.against.items()]:
        row, held = rows[model], ["", "", "the best" if model == choice.best else "not known"]
        if found:
            held = [f"{100 * found.difference:+.1f}", ends(found), WORDS[found.verdict]]
        body.append([row["title"], quality.of(row, unit=False), *held, LATENCY.of(row, unit=False)])
    return markdown_table(head, body, "lrrrlr")


def fallen_out(group: pd.DataFrame, choice: Recommendation) -> Markdown:
    """Why each model that is neither chosen nor runner-up fell out, as a table."""
    rows = by_model(group)
    body = [[rows[model]["title"], reason] for model, reason in choice.out.items()]
    return markdown_table(["Model", "Why not"], body, "ll")


def tradeoff_caption(group: pd.DataFrame, x: Metric, bubble: Metric, pairs: Pairs = NONE) -> str:
    """What `charts.tradeoff` shows, and by name what it cannot show, in plain text."""
    rows = plain_rows(group)
    random = [row["title"] for row in rows if row["weights"] == "random" and row[x.name] is not None]
    edited = [row["title"] for row in rows if row["edited"]]
    failed = [row["title"] + " (" + row["error"] + ")" for row in rows if row["status"] == "failed"]
    lacking = [row["title"] for row in rows if row["status"] == "ok" and row[x.name] is None]
    quality = deciding(group)
    shown = group[quality.name].notna() & group[x.name].notna() & group["undertrained"].isna()
    text = (
        f"{quality.label} against {in_sentence(x)}; the area of a bubble is in proportion to its "
        f"{in_sentence(bubble)} (a very small one is drawn larger, to be seen), vertical lines are 95\u00a0% "
        "intervals. The dotted line joins the Pareto front: from the cheapest on, each measured better than all "
        "before it, where models that are tied count as equal. A name that would cover another is left out."
    )
    text += " Pale marks are Pareto-dominated." if (shown & ~front(group, x, quality, pairs)).any() else ""
    named = {
        "Random weights, so no accuracy": random,
        "Edited training, so not compared": edited,
        "Undertrained, so not drawn": [row["title"] for row in rows if row["undertrained"]],
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


def _named(reasons: dict[str, list[str]]) -> str:
    """A sentence for each reason that holds of any model, with the titles of those."""
    return "".join(f" {reason}: {', '.join(titles)}." for reason, titles in reasons.items() if titles)


def conclusion(group: pd.DataFrame, choice: Recommendation, pairs: Pairs = NONE) -> Markdown:
    """What the measurements come to, as a Markdown list."""
    rows, quality = plain_rows(group), choice.quality
    said = [f"{_counted(rows)}."]
    if choice.chosen is not None:
        best = by_model(group)[choice.chosen]
        said.append(f"Recommended: {_described(best, quality)}.")
        others = [row for row in rows if row[quality.name] is not None and row["model"] != choice.chosen]
        others.sort(key=lambda row: -row[quality.name])
        said += [_held_against(row, best, quality, pairs) for row in others]
        lowest = quality.text(floor(group, quality))
        said.append(f"The lowest floor, always the most frequent class, has {lowest} {in_sentence(quality)}.")
    on_front = group.loc[front(group, LATENCY, quality, pairs)].sort_values(LATENCY.name)
    if len(on_front) > 1:
        titles = ", ".join(map(markdown, on_front["title"]))
        said.append(f"The Pareto front of {in_sentence(quality)} and CPU latency, fastest first: {titles}.")
    return Markdown("\n".join(f"- {point}" for point in said))


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
        if column.name == "title" or frame[column.name].nunique() > (column.dtype in (TEXT, "boolean"))
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


def _held_against(row: Row, best: Row, quality: Metric, pairs: Pairs) -> str:
    """How far `row` is from the recommended model in quality and in CPU latency."""
    found = pairs.compare(row["model"], best["model"])
    points = 100 * (found.difference if found else row[quality.name] - best[quality.name])
    side = "below" if points < 0 else "above"
    text = f"{markdown(row['title'])} is {abs(points):.1f} points {side} it in {in_sentence(quality)}"
    text += f" ({judged(found)})" if found else says_little(row)
    speed = pace(row, best)
    return f"{text}; on the CPU it answers {speed}." if speed else f"{text}."


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
