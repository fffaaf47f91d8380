"""The charts that compare models. Every mark is one row of the table, drawn at exactly its numbers."""

import itertools
import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compactbench.report.charts import labels
from compactbench.report.charts.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    error_bars,
    share_of_axis,
    style,
    value_axis,
    with_legend,
)
from compactbench.report.choice.deciding import deciding, floor
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import in_sentence
from compactbench.report.statistics.paired import NONE, Pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, EPOCH_TIME, LATENCY
from compactbench.report.tables.results import plain_rows
from compactbench.report.text.words import Html, html, notes

LARGEST, SMALLEST = 44, 6
"""Diameter of the largest bubble, and of those too small to see at their own size, px."""
NAMED = 5
"""So many labels fit beside bubbles; of more models the baseline and some of the front have one: see `_named_of`."""
MOST_NAMED = 10
"""Labels on a front, however long: placing them takes time with their square."""
STRIP_ROW = 17
"""Height of one row in the strip of ticks, px."""
WEIGHTS = {
    "pretrained": "pretrained weights",
    "random": "random weights: accuracy not measured",
    "none": "no weights to start from",
}
"""What a mark says of its weights when pointed at."""


def tradeoff(
    frame: pd.DataFrame, x: Metric, bubble: Metric, pairs: Pairs = NONE, runtime: str | None = None
) -> go.Figure:
    """Accuracy, or macro F1 where that decides, against what it costs, a bubble for each model.

    Models with random weights have no accuracy: they are ticks in a strip below, at their own x. Failed runs and
    rows without a value of `x` are not drawn; `prose.tradeoff_caption` names them.

    Args:
        frame: the rows of one suite on one machine.
        x: the metric on the x axis, logarithmic where its values span more than a factor of 10.
        bubble: the metric that a bubble's area is in proportion to; hollow where it was not measured.
        pairs: the models, which tells of any two whether they are tied.
        runtime: what the reader asked for, of which each model is in its best; None: as trained.
    """
    rows = [row for row in plain_rows(frame) if row["status"] == "ok" and row[x.name] is not None]
    y = deciding(frame)
    marks = [row for row in rows if row[y.name] is not None and not row["undertrained"]]
    ticks = sorted((row for row in rows if row["weights"] == "random"), key=lambda row: row[x.name])
    x_axis = value_axis([row[x.name] for row in rows])
    y_axis = value_axis([row[end] for row in marks for end in (y.low, y.high)])

    on_front = frame[front(frame, x, y, pairs)].sort_values([x.name, y.name])
    figure = go.Figure().add_scatter(
        x=on_front[x.name].tolist(),
        y=on_front[y.name].tolist(),
        name="Pareto front",
        mode="lines",
        line={"color": BLUE, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    _add_bubbles(figure, marks, x, y, bubble, list(on_front["model"]), x_axis, y_axis)
    lowest = floor(frame, y)
    if marks and lowest is not None and lowest >= y_axis["range"][0]:  # from far below it would flatten all else
        figure.add_hline(y=lowest, line={"color": GREY, "dash": "dash", "width": 1}, annotation_text="majority class")
    if ticks:
        _add_strip(figure, ticks, x, y, bubble, x_axis)

    height = 440 + STRIP_ROW * len(ticks)
    best = "each in its best runtime; " if runtime else ""
    style(figure, f"{y.label} against {in_sentence(x)}", f"{best}bubble area: {in_sentence(bubble)}", height)
    figure.update_xaxes(**x_axis, title_text=axis_title(x, x_axis["type"]))
    figure.update_layout(yaxis={**y_axis, "title": {"text": y.label}, "tickformat": ".1~%"})
    return with_legend(figure)


def quoted_2021(frame: pd.DataFrame, quoted: pd.DataFrame) -> go.Figure:
    """Today's CPU latency against the accuracy that was published in 2021, for the models present in both.

    Args:
        frame: the rows of one suite on one machine.
        quoted: the results of 2021, a row a model, with the columns `name` and that of the accuracy.
    """
    x = LATENCY
    accuracy = dict(zip(quoted["name"], quoted[ACCURACY.name].tolist(), strict=True))
    rows = [row for row in plain_rows(frame) if row["model"] in accuracy and row[x.name] is not None]
    xs, ys = [row[x.name] for row in rows], [accuracy[row["model"]] for row in rows]
    titles = [folded(html(row["title"])) for row in rows]  # names crowd here: a noisy run is hollow instead
    x_axis, y_axis = value_axis(xs), value_axis(ys, padding=0.12)
    hover = [
        f"<b>{label(row)}</b><br>{x.label}: {x.of(row)} (measured here)"
        f"<br>Accuracy: {ACCURACY.text(share)} (quoted from 2021, AG News)"
        for row, share in zip(rows, ys, strict=True)
    ]
    figure = _add_marks(
        go.Figure(),
        rows,
        x,
        hover,
        y=ys,
        name="quoted accuracy",
        text=titles,
        textposition=labels.positions(
            [share_of_axis(value, x_axis) for value in xs],
            [share_of_axis(value, y_axis) for value in ys],
            [6] * len(rows),
            titles,
            canvases=((197, 292), (267, 292), (600, 292)),  # it has no strip below
        ),
        marker={"symbol": ["diamond-open" if row["noisy"] else "diamond" for row in rows], "size": 12, "color": PURPLE},
    )
    random = " with random weights" if any(row["weights"] == "random" for row in rows) else ""
    style(figure, "Accuracy quoted from 2021", f"AG News, not measured here; latency measured here{random}")
    figure.update_xaxes(**x_axis, title_text=axis_title(x, x_axis["type"]))
    return figure.update_yaxes(**y_axis, title_text="Accuracy quoted from 2021,<br>AG News", tickformat=".1~%")


def label(row: Row) -> Html:
    """The name beside a mark, and what must be known of the run: an edited training, a disturbed machine.

    Random weights are ticks in a strip of their own, which says so.
    """
    noted = notes(None, row["edited"]) + ["noisy"] * bool(row["noisy"])
    return html(row["title"] + (f" ({', '.join(noted)})" if noted else ""))


def folded(name: Html) -> Html:
    """A name in lines that end before brackets and after a comma, so that it fits beside a mark on a phone."""
    return name.replace(" (", Html(f"{labels.BREAK}(")).replace(", ", Html(f",{labels.BREAK}"))


def _without_runtime(row: Row) -> str:
    """The title without its last brackets, which hold the runtime where a model is not as trained."""
    title: str = row["title"]
    return title.rpartition(" (")[0] or title


def axis_title(metric: Metric, kind: str) -> str:
    """What the axis shows, its unit, and on a second line which end is better."""
    better = "← better" if metric.better == "lower" else "better →"
    scale = " · logarithmic" if kind == "log" else ""
    return f'{metric.head}<br><span style="font-size: 11px">{better}{scale}</span>'


def _add_bubbles(
    figure: go.Figure,
    marks: list[Row],
    x: Metric,
    y: Metric,
    bubble: Metric,
    on_front: list[str],
    x_axis: Row,
    y_axis: Row,
) -> None:
    """Draw models of known accuracy, each kind of classifier in a colour of its own.

    Pareto-dominated ones are pale, and without a label where there are many. A label that finds no room is left out.
    """
    largest = max((row[bubble.name] or 0 for row in marks), default=0) or 1
    diameters = [max(LARGEST * math.sqrt((row[bubble.name] or 0) / largest), SMALLEST) for row in marks]
    across = {row["model"]: share_of_axis(row[x.name], x_axis) for row in marks}
    low, up, high = (
        {row["model"]: share_of_axis(row[name], y_axis) for row in marks} for name in (y.low, y.name, y.high)
    )
    lines = [(across[model], low[model], across[model], high[model]) for model in across]
    lines += [(across[one], up[one], across[next_], up[next_]) for one, next_ in itertools.pairwise(on_front)]
    texts = [folded(label(row)) for row in marks]
    if len(marks) > NAMED:
        named = _named_of(marks, on_front)
        texts = [folded(html(_without_runtime(row))) if row["model"] in named else Html("") for row in marks]
    radii = [diameter / 2 for diameter in diameters]
    best = list(across).index(on_front[-1]) if on_front else 0
    kept, places = labels.legible(list(across.values()), list(up.values()), radii, texts, lines, best)
    texts = [text if legible else Html("") for text, legible in zip(texts, kept, strict=True)]
    drawn = list(zip(marks, diameters, places, texts, strict=True))
    for name, colour in _colours(marks).items():
        members = [mark for mark in drawn if mark[0]["classifier"] == name]
        rows = [row for row, *_ in members]
        reached = [row[y.name] for row in rows]
        _add_marks(
            figure,
            rows,
            x,
            [_hover(row, x, y, bubble) for row in rows],
            y=reached,
            error_y=error_bars(reached, [(row[y.low], row[y.high]) for row in rows], colour),
            name=html(name),
            text=[text for *_, text in members],
            textposition=[place for *_, place, _ in members],
            marker={
                "color": colour,
                "size": [diameter for _, diameter, *_ in members],
                "symbol": ["circle" if row[bubble.name] is not None else "circle-open" for row in rows],
                "opacity": [0.85 if row["model"] in on_front else 0.45 for row in rows],
                "line": {"width": 1, "color": colour},
            },
        )


def _named_of(marks: list[Row], on_front: list[str]) -> set[str]:
    """Who of many models has a label: the baseline, and the front, of a long one every second, third ... model."""
    step = math.ceil(len(on_front) / MOST_NAMED) or 1
    return {*on_front[::-step], *(row["model"] for row in marks if row["baseline"])}  # from the most accurate one down


def _colours(rows: list[Row]) -> dict[str, str]:
    """A colour for each kind of classifier by its label: blue if it is fine-tuned, orange if it is a baseline."""
    others = itertools.cycle((GREEN, PURPLE))
    kinds = {row["classifier"]: row for row in sorted(rows, key=lambda row: row["classifier"])}
    ordered = sorted(kinds.items(), key=lambda kind: not kind[1]["fine_tuned"])
    return {label: BLUE if row["fine_tuned"] else ORANGE if row["baseline"] else next(others) for label, row in ordered}


def _add_strip(figure: go.Figure, ticks: list[Row], x: Metric, y: Metric, bubble: Metric, x_axis: Row) -> None:
    """Draw models with random weights as ticks in a strip along the x axis, each in a row of its own."""
    _add_marks(
        figure,
        ticks,
        x,
        [_hover(row, x, y, bubble) for row in ticks],
        y=list(range(len(ticks))),
        yaxis="y2",
        name="random weights: no accuracy",
        text=[label(row) for row in ticks],
        textposition=[labels.side(share_of_axis(row[x.name], x_axis), label(row)) for row in ticks],
        textfont={"size": 12},
        marker={"symbol": "line-ns", "size": 11, "color": GREY, "line": {"width": 2, "color": GREY}},
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


def _add_marks(figure: go.Figure, rows: list[Row], x: Metric, hover: list[str], **look: Any) -> go.Figure:
    """Draw a mark with a text for each of `rows`, at its own `x`; `hover` is what they say when pointed at."""
    return figure.add_scatter(
        x=[row[x.name] for row in rows],
        mode="markers+text",
        cliponaxis=False,
        customdata=[html(row["model"]) for row in rows],
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        **look,
    )


def _hover(row: Row, x: Metric, y: Metric, bubble: Metric) -> str:
    """What a mark says when pointed at: who it is, every value with its unit, and what to know about it."""
    lines = [f"<b>{html(row['title'])}</b>"]
    if row[y.name] is not None:
        lines.append(f"{y.label}: {y.of(row)} (95\u00a0% interval {y.ends(row)})")
    derived = " (from fewer steps)" if x is EPOCH_TIME and row["finetune_epoch_derived"] else ""
    lines += [f"{x.label}: {x.of(row)}{derived}", f"{bubble.label}: {bubble.of(row)}", WEIGHTS[row["weights"]]]
    if row["edited"]:
        lines.append("edited training: not compared with the others")
    if row["noisy"]:
        lines.append("noisy: something else kept the machine busy during this run")
    return "<br>".join(lines)
