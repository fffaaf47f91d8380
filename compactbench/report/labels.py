"""Where the label of each mark goes, so that labels cover neither one another, nor a mark, nor a line."""

from collections.abc import Sequence

import numpy as np

Box = tuple[float, float, float, float]  # left, bottom, right, top, px
Segment = tuple[float, float, float, float]  # x and y of one end, x and y of the other, as shares of the plot

CANVASES = ((280, 240), (680, 260))
"""Plots to choose for, px: on a phone and on a desk. A label keeps its size while the marks move apart."""
LETTER, LINE = 6.8, 15
"""Width of an average letter and height of a line of the charts' font, px."""

PLACES = {
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "top center": (0, 1),
    "bottom center": (0, -1),
    "top right": (1, 1),
    "bottom right": (1, -1),
    "top left": (-1, 1),
    "bottom left": (-1, -1),
}
"""Plotly's text positions, the preferred ones first, as directions from the mark."""


def positions(
    x: Sequence[float], y: Sequence[float], radii: Sequence[float], texts: Sequence[str], lines: Sequence[Segment] = ()
) -> list[str]:
    """A text position for each mark, chosen one after the other where its label covers least.

    Args:
        x: place of each mark as a share of the plot's width.
        y: the same, of its height.
        radii: radius of each mark, px.
        texts: the labels.
        lines: what else is drawn and should stay readable.
    """
    marks = list(zip(x, y, radii, texts, strict=True))
    taken = [
        [_around(x * width, y * height, r, r) for x, y, r, _ in marks] + _beads(lines, width, height)
        for width, height in CANVASES
    ]
    chosen = []
    for x, y, radius, text in marks:
        costs = {}
        for place, direction in PLACES.items():
            boxes = [_label((x * width, y * height), radius, text, direction) for width, height in CANVASES]
            costs[place] = sum(map(_cost, boxes, taken, CANVASES)), boxes
        best = min(costs, key=lambda place: costs[place][0])
        chosen.append(best)
        for others, box in zip(taken, costs[best][1], strict=True):
            others.append(box)
    return chosen


def _around(x: float, y: float, half_width: float, half_height: float) -> Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _beads(lines: Sequence[Segment], width: float, height: float) -> list[Box]:
    """Small boxes strung along each line."""
    return [
        _around(x * width, y * height, 3, 3)
        for x0, y0, x1, y1 in lines
        for x, y in zip(np.linspace(x0, x1, 60), np.linspace(y0, y1, 60), strict=True)
    ]


def _label(centre: tuple[float, float], radius: float, text: str, direction: tuple[int, int]) -> Box:
    """The box of a label beside a mark; plotly leaves 1.25 radii and a pixel between the two."""
    half_width, gap = LETTER * len(text) / 2, radius * 1.25 + 1
    x = centre[0] + direction[0] * (gap + half_width)
    y = centre[1] + direction[1] * (gap + LINE / 2)
    return _around(x, y, half_width, LINE / 2)


def _cost(box: Box, taken: list[Box], canvas: tuple[float, float]) -> float:
    """How much of what is taken `box` covers, and how much of it lies beyond the canvas, px²."""
    beyond = (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, (0, 0, *canvas))
    return beyond + sum(_overlap(box, other) for other in taken)


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)
