"""The values of a chart as a table, and in a sentence: made while a site is built, of the figure as JSON holds it."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from compactbench.report.text.words import Html, html

MOST_ROWS = 200
"""A table of more values than this would be read by nobody; the record has them."""
Figure = dict[str, Any]


def data_table(figure: Figure) -> Html:
    """The table, folded; empty for a figure without values, or with too many.

    Args:
        figure: `data` and `layout`, as plotly has them. It may come from a page that others wrote: what is no list of
            numbers or texts is left out.
    """
    body = list(_rows(figure))
    if not 0 < len(body) <= MOST_ROWS:
        return Html("")
    heads = ["", _title(figure, "xaxis"), _title(figure, "yaxis")]
    if any(len(row) > len(heads) for row in body):
        heads.append("")
    head = Html("").join(Html('<th scope="col">{}</th>').format(html(text)) for text in heads)
    rows = Html("").join(_row(cells) for cells in body)
    return Html(
        '<details class="chart-values"><summary>Values</summary><div class="table-scroll" tabindex="0">'
        '<table class="table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>'
    ).format(head, rows)


def alternative(figure: Figure, caption: str) -> str:
    """What a screen reader says of the chart: the caption, and from where to where its values reach."""
    reach = []
    for axis, values in (("xaxis", "x"), ("yaxis", "y")):
        every = [value for trace in _traces(figure) for value in _list(trace, values)]
        numbers = [value for value in every if isinstance(value, int | float)]
        if numbers:
            title = _title(figure, axis) or "values"
            reach.append(f"{title} from {_text(min(numbers))} to {_text(max(numbers))}")
    return " ".join([caption, *([f"Shown: {'; '.join(reach)}."] if reach else [])])


def plain(text: str) -> str:
    """What plotly would show of a text, without its tags."""
    return unescape(re.sub(r"<[^<>]*>", " ", text)).strip()


def _rows(figure: Figure) -> Iterator[list[str]]:
    """A row for each mark: what it is called, x and y; of a heatmap, row, column and value."""
    for trace in _traces(figure):
        name = _text(trace.get("name", ""))
        if trace.get("type") == "heatmap":
            yield from _of_heatmap(trace)
            continue
        x, y = _list(trace, "x"), _list(trace, "y")
        named = _list(trace, "text") if len(_list(trace, "text")) == len(x) else [name] * len(x)
        for label, one, other in zip(named, x, y, strict=False):
            if one is not None and other is not None:
                yield [_text(label) or name, _text(one), _text(other)]


def _of_heatmap(trace: dict[str, Any]) -> Iterator[list[str]]:
    for row, values in zip(_list(trace, "y"), _list(trace, "z"), strict=False):
        for column, value in zip(_list(trace, "x"), values if isinstance(values, list) else [], strict=False):
            yield ["", _text(column), _text(row), _text(value)]


def _traces(figure: Figure) -> list[dict[str, Any]]:
    found = figure.get("data")
    return [trace for trace in found if isinstance(trace, dict)] if isinstance(found, list) else []


def _list(trace: dict[str, Any], key: str) -> list[Any]:
    found = trace.get(key)
    return found if isinstance(found, list) else []


def _title(figure: Figure, axis: str) -> str:
    found: Any = figure
    for key in ("layout", axis, "title", "text"):
        found = found.get(key, {}) if isinstance(found, dict) else {}
    return _text(found) if isinstance(found, str) else ""


def _text(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return plain(str(value)) if isinstance(value, str | int) else ""


def _row(cells: list[str]) -> Html:
    first, *others = cells
    values = Html("").join(Html('<td class="text-right">{}</td>').format(html(cell)) for cell in others)
    return Html('<tr><th scope="row">{}</th>{}</tr>').format(html(first), values)
