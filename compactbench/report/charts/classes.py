"""The charts on the page of one run that have a place for each class, be they two or two hundred."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from compactbench.record import Data, Quality
from compactbench.report.charts.style import BLUE, ORANGE, add_bars, style, with_legend
from compactbench.report.statistics.confusion import confused_pairs
from compactbench.report.text.words import html

LONGEST_NAME = 20
"""Characters of a class's name on an axis; the whole name shows under the pointer."""
MOST_NAMES = 40
"""Names on an axis; of more classes every second, third ... is named."""
MOST_CONFUSED = 20
"""Classes of the confusion matrix; of more, those that are confused most. So many names can be read on a phone."""
MOST_WRITTEN = 10
"""Classes up to which a cell of the confusion matrix has room for its numbers."""


def class_balance(data: Data) -> go.Figure:
    """Texts per class, for training and for the test."""
    names = [html(name) for name in data.classes]
    figure = go.Figure()
    for kind, counts, colour in (("training", data.train_counts, BLUE), ("test", data.test_counts, ORANGE)):
        hover = f"%{{customdata}}: %{{x}} {kind} texts"
        add_bars(figure, counts, list(range(len(names))), hover, colour, customdata=names, name=kind, text=counts)
    total = f"{sum(data.train_counts):,} training texts, {sum(data.test_counts):,} test texts"
    style(figure, "Texts per class", total, height=170 + 24 * min(len(names), MOST_NAMES))
    figure.update_layout(bargap=0.25, bargroupgap=0.06)
    figure.update_xaxes(title_text="Texts", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False, **_named(data.classes))
    return with_legend(figure)


def confusion_matrix(quality: Quality, classes: list[str]) -> go.Figure:
    """Test texts by true and predicted class: the count in each cell, its share of the true class as colour.

    A class without a test text has no shares: its row stays uncoloured. Of many classes those are drawn that are
    confused most, each beside the ones that it is confused with.
    """
    counts = np.array(quality.confusion)  # (classes, classes), rows are the truth
    of_class = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, of_class, out=np.zeros(counts.shape), where=of_class > 0)
    drawn, all_classes = _drawn(counts), len(classes)
    counts, shares, classes = counts[np.ix_(drawn, drawn)], shares[np.ix_(drawn, drawn)], [classes[n] for n in drawn]
    places, names = list(range(len(classes))), [html(name) for name in classes]
    figure = go.Figure().add_heatmap(
        x=places,
        y=places,
        z=shares.tolist(),
        customdata=[[[int(counts[row, column]), names[row], names[column]] for column in places] for row in places],
        zmin=0,
        zmax=1,
        # the page shines through, and text in the page's colour stays readable on every cell, light or dark
        colorscale=[[0, "rgba(59, 125, 216, 0)"], [0.05, "rgba(59, 125, 216, 0.16)"], [1, "rgba(59, 125, 216, 0.55)"]],
        showscale=False,
        xgap=2 if len(classes) <= MOST_NAMES else 0,
        ygap=2 if len(classes) <= MOST_NAMES else 0,
        hovertemplate="true: %{customdata[1]}<br>predicted: %{customdata[2]}<br>"
        "%{customdata[0]} texts, %{z:.1%} of the class<extra></extra>",
    )
    written = places if len(classes) <= MOST_WRITTEN else []
    cells = [(row, column) for row in written for column in written if counts[row, column]]
    figure.add_scatter(  # the heat map's own text would be black or white by the cell as if the cell were opaque
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="text",
        text=[f"{counts[cell]}<br>{shares[cell]:.0%}" for cell in cells],
        textfont={"size": 12},
        hoverinfo="skip",
    )
    height = 440 if len(classes) <= MOST_WRITTEN else 320 + 12 * min(len(classes), MOST_NAMES)
    some = f"the {len(classes)} of {all_classes} classes confused most; " if len(classes) < all_classes else ""
    style(figure, "Confusion matrix", f"{some}test texts, and their share of the true class", height)
    figure.update_xaxes(title_text="Predicted class", showgrid=False, **_named(classes))
    return figure.update_yaxes(title_text="True class", autorange="reversed", showgrid=False, **_named(classes))


def _drawn(counts: np.ndarray) -> list[int]:
    """The classes to draw, in order: all of them, or of many those of the pairs confused most, clustered by that.

    Args:
        counts: test texts by true and predicted class.
    """
    errors = counts + counts.T
    np.fill_diagonal(errors, 0)
    confused = list(dict.fromkeys(n for pair in confused_pairs(errors) for n in pair))[:MOST_CONFUSED]
    if len(counts) <= MOST_CONFUSED or len(confused) < 2:
        return list(range(len(counts)))
    apart = errors.max() - errors[np.ix_(confused, confused)]
    np.fill_diagonal(apart, 0)
    joined = linkage(squareform(apart), "average", optimal_ordering=True)
    return [confused[leaf] for leaf in leaves_list(joined)]


def _named(classes: list[str]) -> dict[str, Any]:
    """An axis on which each class has a number for its place and, where there is room, its name."""
    places = range(0, len(classes), math.ceil(len(classes) / MOST_NAMES))
    size = 13 if len(classes) <= MOST_WRITTEN else 10
    return {
        "tickmode": "array",
        "ticks": "",
        "tickvals": list(places),
        "ticktext": [_short(classes[at]) for at in places],
        "tickfont": {"size": size},
    }


def _short(name: str) -> str:
    return html(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}")
