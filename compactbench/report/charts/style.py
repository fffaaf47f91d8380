"""The look that all charts share: one layout, one palette, one way to draw an axis of measured values."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

# Each colour keeps a contrast of 3 : 1 or more on white and on #121212 (WCAG 2.2, criterion 1.4.11).
BLUE, ORANGE, PURPLE, GREEN, GREY = "#3b7dd8", "#d9731a", "#8d6bd0", "#2f9e6e", "#808790"
GRID = "rgba(128, 135, 144, 0.22)"
INK = "#22262b"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def style(figure: go.Figure, title: str, subtitle: str = "", height: int = 440) -> go.Figure:
    """Give `figure` the shared layout and return it.

    Nothing has a fixed width, backgrounds are transparent, and all text takes its colour from `layout.font`, so that
    a page can turn a chart dark by changing that one colour. Titles are broken to fit a phone, 360 px wide.
    """
    lines = [f"<b>{line}</b>" for line in textwrap.wrap(title, 38, break_on_hyphens=False)]
    lines += [f'<span style="font-size: 12px">{line}</span>' for line in textwrap.wrap(subtitle, 52)]
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"family": FONT, "size": 13, "color": INK},
        title={
            "text": "<br>".join(lines),
            "font": {"size": 15},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 20 if len(lines) > 1 else 8, "l": 4},  # plotly lifts a title of several lines
        },
        margin={"l": 48, "r": 12, "t": 22 + 20 * len(lines), "b": 48},
        legend={
            "orientation": "h",
            "font": {"size": 12},
            "itemsizing": "constant",
            "x": 0,
            "xref": "container",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
        },
        hoverlabel={"align": "left", "font": {"family": FONT, "size": 12}},
        hovermode="closest",
        dragmode=False,  # a finger on the chart scrolls the page
    )
    title_of_axis = {"standoff": 8, "font": {"size": 13}}
    axis = {"automargin": True, "gridcolor": GRID, "zeroline": False, "linecolor": GRID, "title": title_of_axis}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def with_legend(figure: go.Figure, rows: int = 1) -> go.Figure:
    """Make room for a legend of so many rows below the axis of `figure`, and return it."""
    return figure.update_layout(margin={"b": 58 + 22 * rows}, showlegend=True)


def add_line(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], name: str, hover: str, mode: str = "lines", **more: Any
) -> go.Figure:
    """Draw a line of measured values; `hover` is what it says when pointed at."""
    line = {"color": BLUE, "width": 2}
    return figure.add_scatter(
        x=x, y=y, name=name, mode=mode, line=line, hovertemplate=f"{hover}<extra></extra>", **more
    )


def add_marks(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], name: str, hover: str, colour: str, **marker: Any
) -> go.Figure:
    """Draw a mark for each measured value, pale, so that several at one place show."""
    marker = {"color": colour, "opacity": 0.6} | marker
    return figure.add_scatter(
        x=x, y=y, name=name, mode="markers", marker=marker, hovertemplate=f"{hover}<extra></extra>"
    )


def add_bars(
    figure: go.Figure, values: Sequence[float], places: Sequence[Any], hover: str, colour: str | list[str], **more: Any
) -> go.Figure:
    """Draw a lying bar for each value, with its `text` beside it where there is one."""
    look: dict[str, Any] = {"orientation": "h", "marker": {"color": colour, "opacity": 0.85}}
    if "text" in more:
        look |= {"textposition": "outside", "cliponaxis": False}
    return figure.add_bar(x=values, y=places, hovertemplate=f"{hover}<extra></extra>", **look, **more)


def error_bars(
    values: Sequence[float], ends: Sequence[tuple[float | None, float | None]], colour: str
) -> dict[str, Any]:
    """The bars of the intervals with these `ends` around `values`; no end, no bar."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if high is None else high - value for value, (_, high) in zip(values, ends, strict=True)],
        "arrayminus": [0 if low is None else value - low for value, (low, _) in zip(values, ends, strict=True)],
        "color": colour,
        "thickness": 1.2,
        "width": 0,
    }


def value_axis(values: list[float], padding: float = 0.08) -> dict[str, Any]:
    """An axis for `values`: its range with room on both sides, logarithmic where they span more than a factor of 10.

    Args:
        values: what is drawn along it; none is fine.
        padding: room on each side, as a share of the span.

    Returns:
        Properties of a plotly axis: type, range (of logarithms on a logarithmic axis, as plotly wants it) and ticks.
    """
    if not values:
        return {"type": "linear", "range": [0, 1], "showticklabels": False}
    low, high = min(values), max(values)
    if low > 0 and high > 10 * low:
        low, high = math.log10(low), math.log10(high)
        room = padding * (high - low)
        return {"type": "log", "range": [low - room, high + room], **_log_ticks(low - room, high + room)}
    room = padding * (high - low) or 0.1 * abs(high) or 1.0
    return {"type": "linear", "range": [low - room, high + room]}


def share_of_axis(value: float, axis: dict[str, Any]) -> float:
    """Where `value` lies on an axis of `value_axis`: 0 at its start, 1 at its end."""
    low, high = axis["range"]
    return ((math.log10(value) if axis["type"] == "log" else value) - low) / (high - low)


def _log_ticks(low: float, high: float) -> dict[str, Any]:
    """Ticks at 1, 2, 5 of each decade between two logarithms, fewer when there are many decades."""
    steps = (1, 2, 5) if high - low < 2.2 else (1, 3) if high - low < 4 else (1,)
    ticks = [step * 10.0**decade for decade in range(math.floor(low), math.ceil(high) + 1) for step in steps]
    shown = [tick for tick in ticks if low <= math.log10(tick) <= high]
    return {"tickmode": "array", "tickvals": shown, "ticktext": [_short(tick) for tick in shown]}


def _short(tick: float) -> str:
    """A thousand as 1k: on a phone longer ones would be turned."""
    return f"{tick:,.12g}" if tick < 1000 else f"{tick / 1000:,.12g}k"
