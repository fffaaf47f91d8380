"""Where the label of each mark goes, so that labels cover neither one another, nor a mark, nor a line."""

import itertools
from collections.abc import Sequence

import numpy as np

Segment = tuple[float, float, float, float]  # x and y of one end, x and y of the other, as shares of the plot
Canvases = tuple[tuple[int, int], ...]
CANVASES: Canvases = ((214, 206), (280, 206), (640, 236))
"""Plots to choose for, px: on a small phone, a phone and a desk. A label keeps its size while the marks move apart."""
LETTER, LINE = 7.3, 15
"""Width of an average letter and height of a line of the charts' font, px."""
UNREADABLE = 60
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


def legible(
    x: Sequence[float],
    y: Sequence[float],
    radii: Sequence[float],
    texts: Sequence[str],
    lines: Sequence[Segment],
    stays: int,
) -> tuple[list[bool], list[str]]:
    """Which labels find room, and the positions of these: whichever covers most of the others is left out, one by one.

    Args:
        x: as in `positions`.
        y: likewise.
        radii: likewise.
        texts: likewise.
        lines: likewise.
        stays: the mark whose label is never left out.
    """
    kept = list(texts)
    while True:
        places, covering = _placed(x, y, radii, kept, lines, CANVASES)
        if not any(covering):
            return list(map(bool, kept)), places
        covering[stays] = 0
        kept[covering.index(max(covering))] = ""


def positions(
    x: Sequence[float],
    y: Sequence[float],
    radii: Sequence[float],
    texts: Sequence[str],
    lines: Sequence[Segment] = (),
    canvases: Canvases = CANVASES,
) -> list[str]:
    """A text position for each mark: where its label covers least of the marks, the lines and the other labels.

    Each two labels are placed given the others, in turns, until none moves. The work grows with the square of the
    labels, and with the marks and lines as they are: a mark without a text only stands in the way.

    Args:
        x: place of each mark as a share of the plot's width.
        y: the same, of its height.
        radii: radius of each mark, px.
        texts: the labels; an empty one is none.
        lines: what else is drawn and should stay readable.
        canvases: the plots to choose for.
    """
    return _placed(x, y, radii, texts, lines, canvases)[0]


def _placed(
    x: Sequence[float],
    y: Sequence[float],
    radii: Sequence[float],
    texts: Sequence[str],
    lines: Sequence[Segment],
    canvases: Canvases,
) -> tuple[list[str], list[float]]:
    """What `positions` returns, and how much each label covers of the others."""
    labelled = np.array([mark for mark, text in enumerate(texts) if text], dtype=int)
    sizes, names, numbers = np.array(canvases), list(PLACES), range(len(labelled))
    centres = np.column_stack([x, y])[:, None] * sizes  # (marks, canvases, 2)
    ends = np.reshape(lines, (-1, 2, 2))
    beads = np.linspace(ends[:, 0], ends[:, 1], 60).reshape(-1, 1, 2) * sizes  # (beads, canvases, 2), along each line
    drawn = np.concatenate([_around(centres, np.reshape(radii, (-1, 1, 1))), _around(beads, np.array(3))])
    halves = np.array([_half_size(texts[mark]) for mark in labelled]).reshape(-1, 1, 2)  # (labels, 1, 2)
    gaps = np.reshape(radii, (-1, 1, 1))[labelled] * 1.25 + 1  # which plotly leaves beside a mark
    shifts = np.array(list(PLACES.values())) * (gaps + halves)  # (labels, places, 2)
    boxes = _around(centres[labelled, None] + shifts[:, :, None], halves[:, None])  # (labels, places, canvases, 4)

    covered = _overlap(boxes[:, :, None], drawn).sum(axis=2)  # (labels, places, canvases)
    beyond = 4 * halves.prod(axis=-1)[..., None] - _overlap(boxes, np.pad(sizes, ((0, 0), (2, 0))))
    # in whole px², so that of places which are equally good the first is taken
    alone = np.rint((covered + UNREADABLE * beyond).sum(axis=-1))  # (labels, places)
    over = np.rint(OVERLAID * _overlap(boxes[:, :, None, None], boxes).sum(axis=-1))  # (labels, places, labels, places)
    chosen = alone.argmin(axis=1)
    for _ in range(TURNS):
        before = chosen.copy()
        for pair in itertools.combinations(numbers, 2):  # one alone could not move past the other
            rest = [number for number in numbers if number not in pair]
            one, other = (alone[mark] + over[mark][:, rest, chosen[rest]].sum(axis=1) for mark in pair)
            cost = one[:, None] + other + over[pair[0], :, pair[1]]  # (places, places)
            chosen[list(pair)] = np.unravel_index(cost.argmin(), cost.shape)
        if (chosen == before).all():
            break
    clashes = over[numbers, chosen][:, numbers, chosen]  # (labels, labels)
    covering = dict(zip(labelled, clashes.sum(axis=1) - clashes.diagonal(), strict=True))
    placed = {mark: names[place] for mark, place in zip(labelled, chosen, strict=True)}
    marks = range(len(texts))
    return [placed.get(mark, names[0]) for mark in marks], [float(covering.get(mark, 0)) for mark in marks]


def side(x: float, text: str) -> str:
    """A text position to the right of a mark at the share `x` of the width, or to the left where more room is.

    It is for a plot without numbers on its left, whose labels may stand in their place.
    """
    narrowest, length = CANVASES[0][0], LETTER * len(text)
    lacking_right, lacking_left = x * narrowest + length - narrowest, length - x * narrowest - MARGIN
    return "middle right" if lacking_right <= max(lacking_left, 0) else "middle left"


def _half_size(text: str) -> tuple[float, float]:
    """Half the width and half the height of a label, px."""
    lines = text.split(BREAK)
    return LETTER * max(map(len, lines)) / 2, LINE * len(lines) / 2


def _around(centres: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Boxes (left, bottom, right, top) around `centres` (x, y), of half the size `halves`."""
    return np.concatenate([centres - halves, centres + halves], axis=-1)


def _overlap(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that each two boxes share, px²."""
    sides = np.minimum(ones[..., 2:], others[..., 2:]) - np.maximum(ones[..., :2], others[..., :2])
    return sides.clip(0).prod(axis=-1)
