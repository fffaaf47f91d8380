"""Show a chart: as data that the site's script draws in a book, as plotly's own widget in a live notebook."""

import base64
import json
import os
import re
import sys
from html import unescape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from IPython.display import HTML, display

from compactbench.foreign import Foreign
from compactbench.report.charts.data_table import alternative, data_table
from compactbench.report.charts.live import LIVE
from compactbench.report.charts.picture import picture
from compactbench.report.text.words import Html, html

NOTHING = Html("")
_CHART = re.compile(
    r'<figure class="chart" id="chart-([\w-]+)">.*<script type="application/json">(.*)</script>'
    r"<figcaption>(.*)</figcaption></figure>",
    re.DOTALL,
)


def show(figure: go.Figure, slug: str, caption: str) -> None:
    """Display `figure`.

    In a book the output is HTML, with the figure as JSON inside and no script that runs: the site's own script draws it
    with its local plotly. Plotly's own output would be dropped there, or would load a library from elsewhere. A picture
    follows, for who reads the page where no script runs; the site leaves it out.

    Args:
        figure: the chart.
        slug: name of the chart on its page, unique there; the element's id is `chart-<slug>`.
        caption: what the chart shows, in plain text; also what a screen reader says.
    """
    if "google.colab" in sys.modules or LIVE & os.environ.keys():
        figure.show()
        return
    display(HTML(chart_html(figure, slug, caption)))
    display({"image/svg+xml": picture(json.loads(chart_json(figure)))}, raw=True)


def chart_html(figure: go.Figure, slug: str, caption: str) -> Html:
    """The HTML that the site's script finds and draws: canvas, figure as JSON, caption."""
    return _element(chart_json(figure), slug, caption)


def _element(figure: str, slug: str, caption: str, told: str = "", table: Html = NOTHING) -> Html:
    """The chart; `told` is what a screen reader says in place of the caption, `table` what stands beneath."""
    return Html(
        f'<figure class="chart" id="chart-{slug}">'
        f'<div class="chart-canvas" role="img" aria-label="{html(told or caption)}"></div>'
        f'<script type="application/json">{figure}</script>'
        f"<figcaption>{html(caption)}</figcaption>{table}</figure>"
    )


def chart_again(element: str) -> Html | None:
    """The chart in `element` as a site shows it: written anew, so that nothing else is left of it, with its values.

    None where it is no chart of ours.
    """
    found = _CHART.fullmatch(element)
    if not found:
        return None
    slug, figure, caption = found.groups()
    try:
        parsed, plain = json.loads(figure), unescape(caption)
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    return _element(_json(parsed), slug, plain, alternative(parsed, plain), data_table(parsed))


def chart_json(figure: go.Figure) -> str:
    """`figure` as JSON that may stand inside a script element, its numbers as plain lists.

    Raises:
        TypeError: there is foreign text in it, in which plotly would read tags.
    """
    _refuse_foreign(figure.to_plotly_json())
    return _json(json.loads(figure.to_json(), object_hook=_without_typed_arrays))


def _json(figure: Any) -> str:
    return json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")


def _refuse_foreign(node: Any) -> None:
    if isinstance(node, Foreign):
        raise TypeError(f"foreign text {str(node)!r} in a chart: say html() of it")
    if isinstance(node, dict | list | tuple):
        for item in node.values() if isinstance(node, dict) else node:
            _refuse_foreign(item)
    elif isinstance(node, np.ndarray) and node.dtype == object:
        _refuse_foreign(node.tolist())


def _without_typed_arrays(node: dict[str, Any]) -> Any:
    """Plotly writes NumPy arrays as base64 (`bdata`): turn them back into lists."""
    if "bdata" not in node:
        return node
    array = np.frombuffer(base64.b64decode(node["bdata"]), dtype=node["dtype"])
    shape = [int(length) for length in str(node.get("shape", array.size)).split(",")]
    return array.reshape(shape).tolist()
