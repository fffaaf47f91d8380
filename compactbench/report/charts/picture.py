"""A chart as a still picture: what GitHub and nbviewer show of it, where no script runs."""

import math
import re
from io import StringIO
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

from compactbench.report.charts.data_table import plain
from compactbench.report.charts.style import GREY, INK

WIDTH, PX = 640, 1 / 72
"""Width of a picture in px, and a px in inches, as SVG has it."""
MOST_SHAPES = 200
"""More marks than this are drawn as pixels: as shapes they would outweigh the rest of the page."""
READABLE = 9
"""Height of a bar that has room for its number, px."""
MOST_LETTERS = 90
"""So many fit beside one another along the x axis."""
MILLIONS = 1e6
"""From here on numbers at an axis are written as 20M."""
LOOK: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.sans-serif": ["DejaVu Sans", "Arial"],
    "font.size": 11,
    "grid.color": "#e6e8ea",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "chart",  # the same chart is the same file
    "text.color": INK,
    "text.parse_math": False,  # a name may have dollar signs
}
MARKS = {"circle": "o", "diamond": "D", "line-ns": "|"}
LINES_ALONE = {"line-ns"}
"""Marks that have no inside."""
LINES = {"dot": ":", "dash": "--"}
ACROSS, UP = (
    {"left": (-1, "right"), "center": (0, "center"), "right": (1, "left")},
    {
        "top": (1, "bottom"),
        "middle": (0, "center"),
        "bottom": (-1, "top"),
    },
)
"""Where a text stands beside its mark, and which of its own sides is turned to it."""
Trace = dict[str, Any]


def picture(figure: dict[str, Any]) -> str:
    """The chart as SVG, on white.

    Args:
        figure: `data` and `layout`, as plotly's JSON has them of a chart of this package.
    """
    traces, layout = figure["data"], figure["layout"]
    with mpl.rc_context(LOOK):
        drawn = Figure(figsize=(WIDTH * PX, layout["height"] * PX), dpi=1 / PX)
        planes = {name: _plane(drawn, layout, name) for name in ("yaxis", "yaxis2") if name in layout}
        _bars(planes["yaxis"], [trace for trace in traces if trace["type"] == "bar"], layout.get("barmode") == "stack")
        for before, trace in pairwise([{}, *traces]):
            axes = planes[trace.get("yaxis", "y").replace("y", "yaxis")]
            if trace["type"] == "heatmap":
                _heatmap(axes, trace)
            elif trace["type"] == "scatter":
                _scatter(axes, trace, before)
        for name, axes in planes.items():
            _axis(axes, "x", _x_axis(layout, name))
            _axis(axes, "y", layout[name])
        _notes(planes, layout)
        planes["yaxis"].set_title(_lines(layout["title"]["text"]), loc="left")
        if layout.get("showlegend"):
            drawn.legend(loc="lower left", ncols=3, frameon=False)
        file = StringIO()
        drawn.savefig(
            file, format="svg", bbox_inches="tight", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    svg = file.getvalue()
    whole = re.sub(r"\s+", " ", svg[svg.index("<svg") :])  # a line each would make a page three times as long
    whole = re.sub(r'(?<=base64,)[^"]+', lambda pixels: pixels[0].replace(" ", ""), whole)
    return re.sub(r'(?<= d=")[^"]+', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), whole)


def _plane(drawn: Figure, layout: dict[str, Any], name: str) -> Axes:
    """Axes for the traces of one y axis, inside the chart's margins."""
    margin, height = layout["margin"], layout["height"]
    low, high = layout[name].get("domain", (0, 1))
    room = 1 - (margin["t"] + margin["b"]) / height
    left, width = margin["l"] / WIDTH, 1 - (margin["l"] + margin["r"]) / WIDTH
    return drawn.add_axes((left, margin["b"] / height + low * room, width, (high - low) * room))


def _x_axis(layout: dict[str, Any], name: str) -> dict[str, Any]:
    """The x axis below the traces of one y axis, which is written below one of them alone."""
    written = layout["xaxis"].get("anchor", "y") == name.replace("axis", "")
    return layout["xaxis"] if written else {**layout["xaxis"], "showticklabels": False, "title": {}}


def _axis(axes: Axes, side: str, asked: dict[str, Any]) -> None:
    """Give one axis of `axes`, on which all is drawn, its scale, ends, ticks and title."""
    axis, logarithmic = getattr(axes, f"{side}axis"), asked.get("type") == "log"
    if logarithmic:
        axes.set(**{f"{side}scale": "log"})
        axes.minorticks_off()
    if "range" in asked:
        axes.set(**{f"{side}lim": [10**end if logarithmic else end for end in asked["range"]]})
    elif asked.get("rangemode") == "tozero":
        axes.set(**{f"{side}lim": (0, None)})
    if asked.get("autorange") == "reversed":
        axis.set_inverted(True)
    if "tickvals" in asked:
        names = [_lines(text) for text in asked.get("ticktext", asked["tickvals"])]
        upright = side == "x" and sum(map(len, names)) > MOST_LETTERS
        axis.set_ticks(asked["tickvals"], names, rotation="vertical" if upright else "horizontal")
    elif "%" in asked.get("tickformat", ""):
        axis.set_major_formatter(PercentFormatter(1))
    elif max(axis.get_view_interval()) >= MILLIONS:
        axis.set_major_formatter(EngFormatter(sep=""))
    if asked.get("showgrid") is False:
        axis.grid(False)
    if asked.get("showticklabels") is False:
        axis.set_tick_params(labelbottom=False, labelleft=False)
    axis.set_label_text(_lines(asked.get("title", {}).get("text", "")))
    axis.set_visible(asked.get("visible", True))


def _bars(axes: Axes, traces: list[Trace], stacked: bool) -> None:
    """Draw all lying bars of a chart: those of one place one after another, or one below another."""
    names = list(dict.fromkeys(name for trace in traces for name in trace["y"]))
    height, reached = 0.75 / (1 if stacked else len(traces) or 1), [0.0] * len(names)
    for number, trace in enumerate(traces):
        places, look = [names.index(name) for name in trace["y"]], trace["marker"]
        shift = 0 if stacked else (number - (len(traces) - 1) / 2) * height
        bars = axes.barh(
            [place + shift for place in places],
            trace["x"],
            height,
            left=[reached[place] for place in places],
            color=[_rgba(colour, look["opacity"]) for colour in _each(look["color"], len(places))],
            label=_lines(trace.get("name", "")),
        )
        _errors(axes, trace, [bar.get_y() + height / 2 for bar in bars])
        if "text" in trace and height * axes.bbox.height / len(names) > READABLE:
            axes.bar_label(bars, [_lines(text) for text in trace["text"]], padding=4)
        if stacked:
            reached = [before + value for before, value in zip(reached, trace["x"], strict=True)]
    if any(isinstance(name, str) for name in names):
        axes.set_yticks(range(len(names)), [_lines(name) for name in names])


def _heatmap(axes: Axes, trace: Trace) -> None:
    """Draw a cell for each value, in the colours that the chart has."""
    stops = [(place, _rgba(colour)) for place, colour in trace["colorscale"]]
    colours = LinearSegmentedColormap.from_list("", stops)
    axes.imshow(trace["z"], colours, aspect="auto", interpolation="nearest", vmin=trace["zmin"], vmax=trace["zmax"])


def _scatter(axes: Axes, trace: Trace, before: Trace) -> None:
    """Draw lines, marks and texts; an area reaches to the trace `before`."""
    x, y = ([math.nan if value is None else value for value in trace[values]] for values in ("x", "y"))
    line, mode = trace.get("line", {}), trace["mode"]
    label = _lines(trace.get("name", "")) if trace.get("showlegend", True) else None
    _errors(axes, trace, x)
    if "fill" in trace:
        axes.fill_between(x, before["y"], y, color=_rgba(trace["fillcolor"]), linewidth=0)
    if "lines" in mode:
        axes.plot(
            x,
            y,
            color=_rgba(line.get("color", GREY), trace.get("opacity")),
            linewidth=line["width"],
            linestyle=LINES.get(line.get("dash", ""), "-"),
            drawstyle="steps-post" if line.get("shape") == "hv" else "default",
            label=label,
        )
    if "markers" in mode:
        colour = line.get("color", GREY)
        _marks(axes, x, y, {"color": colour, **trace.get("marker", {})}, None if "lines" in mode else label)
    if "text" in mode:
        for text, one, other, place in zip(trace["text"], x, y, _each(trace.get("textposition"), len(x)), strict=True):
            up, across = (place or "middle center").split()
            (right, ha), (above, va) = ACROSS[across], UP[up]
            axes.annotate(_lines(text), (one, other), (6 * right, 6 * above), textcoords="offset points", ha=ha, va=va)


def _marks(axes: Axes, x: list[float], y: list[float], look: dict[str, Any], label: str | None) -> None:
    """Draw a mark at each place; the symbol, the size (px), the colour and the opacity are those of all or of each."""
    symbols, sizes = _each(look.get("symbol", "circle"), len(x)), _each(look.get("size", 6), len(x))
    opacities, edge = _each(look.get("opacity"), len(x)), look.get("line", {})
    colours = [_rgba(*one) for one in zip(_each(look["color"], len(x)), opacities, strict=True)]
    for symbol in dict.fromkeys(symbols):
        places = [place for place, other in enumerate(symbols) if other == symbol]
        inside = [colours[place] for place in places]
        around: Any = _rgba(edge["color"]) if "color" in edge else inside
        if symbol in LINES_ALONE:
            filled = {"color": around}
        else:
            filled = {"facecolors": "none" if symbol.endswith("-open") else inside, "edgecolors": around}
        axes.scatter(
            [x[place] for place in places],
            [y[place] for place in places],
            [sizes[place] ** 2 for place in places],
            marker=MARKS[symbol.removesuffix("-open")],
            linewidths=edge.get("width", 0),
            label=label,
            zorder=3,
            rasterized=len(x) > MOST_SHAPES,
            **filled,
        )


def _errors(axes: Axes, trace: Trace, places: list[float]) -> None:
    """Draw the intervals of a trace, whose values lie along the other axis than its `places`."""
    for direction, x, y in (("x", trace["x"], places), ("y", places, trace["y"])):
        if f"error_{direction}" in trace:
            bars = trace[f"error_{direction}"]
            ends: Any = {f"{direction}err": [bars["arrayminus"], bars["array"]]}
            axes.errorbar(x, y, fmt="none", ecolor=bars["color"], elinewidth=bars["thickness"], **ends)


def _notes(planes: dict[str, Axes], layout: dict[str, Any]) -> None:
    """Draw the level lines of a chart, what is written at them, and what is written above the strip at its foot."""
    for line in layout.get("shapes", []):
        planes["yaxis"].axhline(line["y0"], color=line["line"]["color"], linestyle="--", linewidth=1)
    for note in layout.get("annotations", []):
        if note["yref"] == "paper":
            planes["yaxis2"].set_title(_lines(note["text"]), loc="left", size=10)
        else:
            planes["yaxis"].annotate(
                _lines(note["text"]), (1, note["y"]), xycoords=("axes fraction", "data"), ha="right"
            )


def _each(value: Any, count: int) -> list[Any]:
    """A value for each of `count` marks, where plotly takes one for all of them too."""
    return value if isinstance(value, list) else [value] * count


def _rgba(colour: str, opacity: float | None = None) -> tuple[float, float, float, float]:
    """A colour as matplotlib takes it; plotly's may be "rgba(r, g, b, a)"."""
    if not colour.startswith("rgba"):
        return to_rgba(colour, opacity)
    red, green, blue, alpha = map(float, re.findall(r"[\d.]+", colour))
    return red / 255, green / 255, blue / 255, alpha


def _lines(text: object) -> str:
    """A text of plotly's without its tags, in the same lines."""
    return "\n".join(map(plain, str(text).split("<br>")))
