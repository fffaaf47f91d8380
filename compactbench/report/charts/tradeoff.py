"""The charts that compare contenders. Every mark is one row of the table, drawn at exactly its numbers."""

import itertools
import math
from html import escape

import pandas as pd
import plotly.graph_objects as go

from compactbench.report.charts import labels
from compactbench.report.charts.style import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    share_of_axis,
    style,
    value_axis,
    with_legend,
)
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import in_sentence
from compactbench.report.statistics.ties import NONE, Ties
from compactbench.report.tables.metrics import METRICS, Metric
from compactbench.report.tables.results import Row, plain_rows

ACCURACY = METRICS["eval_accuracy"]
LARGEST, SMALLEST = 44, 6
"""Diameter of the largest bubble, and of those too small to see at their own size, px."""
STRIP_ROW = 17
"""Height of one row in the strip of ticks, px."""
AS_TRAINED = ("torch", "scikit-learn")
"""Runtimes that contenders are trained with."""
WEIGHTS = {
    "pretrained": "pretrained weights",
    "random": "random weights: accuracy not measured",
    "none": "no weights to start from",
}
"""What a mark says of its weights when pointed at."""


def tradeoff(frame: pd.DataFrame, x: str, bubble: str, ties: Ties = NONE) -> go.Figure:
    """Accuracy against what it costs, a bubble for each contender.

    Contenders with random weights have no accuracy: they are ticks in a strip below, at their own x. Failed runs and
    rows without a value of `x` are not drawn; `prose.tradeoff_caption` names them.

    Args:
        frame: the rows of one suite on one machine.
        x: the metric on the x axis, logarithmic where its values span more than a factor of 10.
        bubble: the metric that a bubble's area is in proportion to; hollow where it was not measured.
        ties: the pairs of models whose accuracies are tied.
    """
    rows = [row for row in plain_rows(frame) if row["status"] == "ok" and row[x] is not None]
    marks = [row for row in rows if row["eval_accuracy"] is not None]
    ticks = sorted((row for row in rows if row["weights"] == "random"), key=lambda row: row[x])
    x_axis = value_axis([row[x] for row in rows])
    y_axis = value_axis([row[end] for row in marks for end in ("eval_accuracy_low", "eval_accuracy_high")])

    figure = go.Figure()
    on_front = frame[front(frame, x, "eval_accuracy", ties)].sort_values([x, "eval_accuracy"])
    figure.add_scatter(
        x=on_front[x].tolist(),
        y=on_front["eval_accuracy"].tolist(),
        name="Pareto front",
        mode="lines",
        line={"color": BLUE, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    _add_bubbles(figure, marks, x, bubble, list(on_front["model"]), x_axis, y_axis)
    if ticks:
        _add_strip(figure, ticks, x, bubble, x_axis)

    height = 440 + STRIP_ROW * len(ticks)
    exported = any(row["runtime"] not in AS_TRAINED for row in rows)
    subtitle = f"{'each in its best runtime; ' if exported else ''}bubble area: {in_sentence(METRICS[bubble])}"
    style(figure, f"Accuracy against {in_sentence(METRICS[x])}", subtitle, height)
    figure.update_xaxes(**x_axis, title_text=axis_title(METRICS[x], x_axis["type"]))
    figure.update_layout(yaxis={**y_axis, "title": {"text": "Accuracy"}, "tickformat": ".1~%"})
    return with_legend(figure)


def quoted_2021(frame: pd.DataFrame, quoted: pd.DataFrame) -> go.Figure:
    """Today's CPU latency against the accuracy that was published in 2021, for the models present in both.

    Args:
        frame: the rows of one suite on one machine.
        quoted: the results of 2021, a row a model, with the columns `name` and `eval_accuracy`.
    """
    x = "cpu_latency_p50_ms"
    accuracy = dict(zip(quoted["name"], quoted["eval_accuracy"].tolist(), strict=True))
    rows = [row for row in plain_rows(frame) if row["model"] in accuracy and row[x] is not None]
    xs, ys = [row[x] for row in rows], [accuracy[row["model"]] for row in rows]
    titles = [folded(label(row)) for row in rows]
    x_axis, y_axis = value_axis(xs), value_axis(ys, padding=0.12)
    figure = go.Figure()
    figure.add_scatter(
        x=xs,
        y=ys,
        name="quoted accuracy",
        mode="markers+text",
        text=titles,
        textposition=labels.positions(
            [share_of_axis(value, x_axis) for value in xs],
            [share_of_axis(value, y_axis) for value in ys],
            [6] * len(rows),
            titles,
            canvases=((197, 292), (267, 292), (600, 292)),  # it has no strip below
        ),
        cliponaxis=False,
        marker={"symbol": "diamond", "size": 12, "color": PURPLE},
        customdata=[row["model"] for row in rows],
        hovertext=[
            f"<b>{title}</b><br>{METRICS[x].label}: {METRICS[x].text(latency)} (measured here)"
            f"<br>Accuracy: {ACCURACY.text(share)} (quoted from 2021, AG News)"
            for title, latency, share in zip(titles, xs, ys, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    random = " with random weights" if any(row["weights"] == "random" for row in rows) else ""
    style(figure, "Accuracy quoted from 2021", f"AG News, not measured here; latency measured here{random}")
    figure.update_xaxes(**x_axis, title_text=axis_title(METRICS[x], x_axis["type"]))
    return figure.update_yaxes(**y_axis, title_text="Accuracy quoted from 2021,<br>AG News", tickformat=".1~%")


def label(row: Row) -> str:
    """The name beside a mark, which says so when the run was disturbed."""
    return escape(row["title"]) + (" (noisy)" if row["noisy"] else "")


def folded(name: str) -> str:
    """A name whose brackets stand on a second line, so that it fits beside a mark on a phone."""
    return name.replace(" (", f"{labels.BREAK}(")


def axis_title(metric: Metric, kind: str) -> str:
    """What the axis shows, its unit, and on a second line which end is better."""
    better = "← better" if metric.better == "lower" else "better →"
    scale = " · logarithmic" if kind == "log" else ""
    return f'{metric.axis}<br><span style="font-size: 11px">{better}{scale}</span>'


def _add_bubbles(
    figure: go.Figure, marks: list[Row], x: str, bubble: str, on_front: list[str], x_axis: Row, y_axis: Row
) -> None:
    """Draw contenders with an accuracy: the transformers, and the floor in its own colour. Beaten ones are pale."""
    largest = max((row[bubble] or 0 for row in marks), default=0)
    shares = [(row[bubble] or 0) / largest if largest else 0 for row in marks]
    diameters = [max(LARGEST * math.sqrt(share), SMALLEST) for share in shares]
    across = {row["model"]: share_of_axis(row[x], x_axis) for row in marks}
    low, up, high = (
        {row["model"]: share_of_axis(row[f"eval_accuracy{end}"], y_axis) for row in marks}
        for end in ("_low", "", "_high")
    )
    lines = [(across[model], low[model], across[model], high[model]) for model in across]
    lines += [(across[one], up[one], across[next_], up[next_]) for one, next_ in itertools.pairwise(on_front)]
    places = labels.positions(
        list(across.values()),
        list(up.values()),
        [diameter / 2 for diameter in diameters],
        [folded(label(row)) for row in marks],
        lines,
    )
    drawn = list(zip(marks, diameters, places, strict=True))
    for name, colour, members in (
        ("fine-tuned transformer", BLUE, [mark for mark in drawn if mark[0]["weights"] != "none"]),
        ("floor: no transformer", ORANGE, [mark for mark in drawn if mark[0]["weights"] == "none"]),
    ):
        if not members:
            continue
        rows = [row for row, _, _ in members]
        figure.add_scatter(
            x=[row[x] for row in rows],
            y=[row["eval_accuracy"] for row in rows],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [row["eval_accuracy_high"] - row["eval_accuracy"] for row in rows],
                "arrayminus": [row["eval_accuracy"] - row["eval_accuracy_low"] for row in rows],
                "color": colour,
                "thickness": 1.2,
                "width": 0,
            },
            name=name,
            mode="markers+text",
            text=[folded(label(row)) for row in rows],
            textposition=[place for _, _, place in members],
            cliponaxis=False,
            marker={
                "color": colour,
                "size": [diameter for _, diameter, _ in members],
                "symbol": ["circle" if row[bubble] is not None else "circle-open" for row in rows],
                "opacity": [0.85 if row["model"] in on_front else 0.45 for row in rows],
                "line": {"width": 1, "color": colour},
            },
            customdata=[row["model"] for row in rows],
            hovertext=[_hover(row, x, bubble) for row in rows],
            hovertemplate="%{hovertext}<extra></extra>",
        )


def _add_strip(figure: go.Figure, ticks: list[Row], x: str, bubble: str, x_axis: Row) -> None:
    """Draw contenders with random weights as ticks in a strip along the x axis, each in a row of its own."""
    figure.add_scatter(
        x=[row[x] for row in ticks],
        y=list(range(len(ticks))),
        yaxis="y2",
        name="random weights: no accuracy",
        mode="markers+text",
        text=[label(row) for row in ticks],
        textposition=[labels.side(share_of_axis(row[x], x_axis), label(row)) for row in ticks],
        textfont={"size": 12},
        cliponaxis=False,
        marker={"symbol": "line-ns", "size": 11, "color": GREY, "line": {"width": 2, "color": GREY}},
        customdata=[row["model"] for row in ticks],
        hovertext=[_hover(row, x, bubble) for row in ticks],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    # shares of the plotting area, which is the chart's height less about 160 px of titles, axis and legend
    strip = STRIP_ROW * (len(ticks) + 1) / (280 + STRIP_ROW * len(ticks))
    figure.update_layout(
        xaxis={"anchor": "y2"},
        yaxis={"domain": [strip + 0.06, 1], "anchor": "x"},
        yaxis2={
            "domain": [0, strip],
            "range": [-0.7, len(ticks) + 0.3],
            "anchor": "free",
            "showgrid": False,
            "showticklabels": False,
        },
    )
    figure.add_annotation(
        text="random weights: no accuracy",
        font={"size": 11},
        xref="paper",
        x=0,
        xanchor="left",
        yref="paper",
        y=strip,
        yanchor="bottom",
        showarrow=False,
    )


def _hover(row: Row, x: str, bubble: str) -> str:
    """What a mark says when pointed at: who it is, every value with its unit, and what to know about it."""
    lines = [f"<b>{escape(row['title'])}</b>"]
    if row["eval_accuracy"] is not None:
        low, high = (ACCURACY.text(row[f"eval_accuracy_{end}"], unit=False) for end in ("low", "high"))
        lines.append(f"Accuracy: {ACCURACY.text(row['eval_accuracy'])} (95\u00a0% interval {low} to {high})")
    derived = x == "finetune_epoch_time_s" and row["finetune_epoch_derived"]
    lines.append(f"{METRICS[x].label}: {METRICS[x].text(row[x])}{' (from fewer steps)' if derived else ''}")
    lines.append(f"{METRICS[bubble].label}: {METRICS[bubble].text(row[bubble])}")
    lines.append(WEIGHTS[row["weights"]])
    if row["noisy"]:
        lines.append("noisy: something else kept the machine busy during this run")
    return "<br>".join(lines)
