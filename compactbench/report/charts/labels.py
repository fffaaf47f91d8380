"""Where the label of each mark goes, so that labels cover neither one another, nor a mark, nor a line."""

import itertools
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

Box = tuple[float, float, float, float]  # left, bottom, right, top, px
Segment = tuple[float, float, float, float]  # x and y of one end, x and y of the other, as shares of the plot

Canvases = tuple[tuple[int, int], ...]
CANVASES: Canvases = ((214, 206), (280, 206), (640, 236))
"""Plots to choose for, px: on a small phone, a phone and a desk. A label keeps its size while the marks move apart."""
LETTER, LINE = 6.8, 15
"""Width of an average letter and height of a line of the charts' font, px."""
UNREADABLE = 3
"""How much worse a label is beyond the plot, over an axis' numbers, than over a mark or a line."""
OVERLAID = 24
"""The same of a label over another one, where neither can be read."""
BREAK = "<br>"
"""Between the lines of a label."""
MARGIN = 50
"""Room for the numbers of the y axis, px."""
TURNS = 10
"""Of placing each label again; on crowded charts some would swap places for ever."""

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
    x: Sequence[float],
    y: Sequence[float],
    radii: Sequence[float],
    texts: Sequence[str],
    lines: Sequence[Segment] = (),
    canvases: Canvases = CANVASES,
) -> list[str]:
    """A text position for each mark: where its label covers least of the marks, the lines and the other labels.

    Each two labels are placed given the others, in turns, until none moves.

    Args:
        x: place of each mark as a share of the plot's width.
        y: the same, of its height.
        radii: radius of each mark, px.
        texts: the labels.
        lines: what else is drawn and should stay readable.
        canvases: the plots to choose for.
    """
    marks = list(zip(x, y, radii, texts, strict=True))
    drawn = [
        [_around(x * width, y * height, r, r) for x, y, r, _ in marks] + _beads(lines, width, height)
        for width, height in canvases
    ]
    boxes = [
        {place: [_label(x * w, y * h, r, text, direction) for w, h in canvases] for place, direction in PLACES.items()}
        for x, y, r, text in marks
    ]
    alone = [
        {
            place: sum(_covered(one, drawn[n]) + UNREADABLE * _beyond(one, canvases[n]) for n, one in enumerate(found))
            for place, found in places.items()
        }
        for places in boxes
    ]
    chosen = [min(PLACES, key=costs.__getitem__) for costs in alone]

    def cost(mark: int, place: str, others: Iterable[tuple[int, str]]) -> float:
        over = (
            _overlap(one, two) for n, at in others for one, two in zip(boxes[mark][place], boxes[n][at], strict=True)
        )
        return alone[mark][place] + OVERLAID * sum(over)

    def cost_of_two(pair: tuple[int, int], at: tuple[str, str]) -> float:
        rest = [(number, place) for number, place in enumerate(chosen) if number not in pair]
        return cost(pair[0], at[0], rest) + cost(pair[1], at[1], [*rest, (pair[0], at[0])])

    for _ in range(TURNS):
        before = list(chosen)
        for pair in itertools.combinations(range(len(marks)), 2):  # one alone could not move past the other
            best = min(itertools.product(PLACES, PLACES), key=partial(cost_of_two, pair))
            for mark, place in zip(pair, best, strict=True):
                chosen[mark] = place
        if chosen == before:
            break
    return chosen


def side(x: float, text: str) -> str:
    """A text position to the right of a mark at the share `x` of the width, or to the left where more room is.

    It is for a plot without numbers on its left, whose labels may stand in their place.
    """
    narrowest, length = CANVASES[0][0], LETTER * len(text)
    lacking_right, lacking_left = x * narrowest + length - narrowest, length - x * narrowest - MARGIN
    return "middle right" if lacking_right <= max(lacking_left, 0) else "middle left"


def _around(x: float, y: float, half_width: float, half_height: float) -> Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _beads(lines: Sequence[Segment], width: float, height: float) -> list[Box]:
    """Small boxes strung along each line."""
    return [
        _around(x * width, y * height, 3, 3)
        for x0, y0, x1, y1 in lines
        for x, y in zip(np.linspace(x0, x1, 60), np.linspace(y0, y1, 60), strict=True)
    ]


def _label(x: float, y: float, radius: float, text: str, direction: tuple[int, int]) -> Box:
    """The box of a label beside a mark; plotly leaves 1.25 radii and a pixel between the two."""
    lines, gap = text.split(BREAK), radius * 1.25 + 1
    half_width, half_height = LETTER * max(map(len, lines)) / 2, LINE * len(lines) / 2
    across, up = direction
    return _around(x + across * (gap + half_width), y + up * (gap + half_height), half_width, half_height)


def _covered(box: Box, others: list[Box]) -> float:
    """How much of the others `box` covers, px²."""
    return sum(_overlap(box, other) for other in others)


def _beyond(box: Box, canvas: tuple[int, int]) -> float:
    """How much of `box` lies outside the canvas, px²."""
    return (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, (0, 0, *canvas))


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)
