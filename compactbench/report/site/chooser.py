"""The chooser's place in a page: its data, and a table for a reader without scripts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.chooser import chooser
from compactbench.report.tables.collect import collect
from compactbench.report.text.words import Html, html


class ChooserDirective(SphinxDirective):
    """Put the chooser into the page."""

    def run(self) -> list[nodes.Node]:
        """Its data and the table; the site's script makes the controls."""
        return [nodes.raw("", chooser_html(collect(Path(self.env.srcdir) / "runs").records), format="html")]


def chooser_html(records: Sequence[Record | FailedRecord]) -> Html:
    """The chooser of all runs of the book; the first group that it shows is that of the starter, where there is one."""
    groups = sorted(chooser(records), key=lambda group: group["suite"] != "starter")
    data = json.dumps(groups, separators=(",", ":")).replace("<", "\\u003c")
    tables = Html("").join(map(_table, groups))
    script = Html(f'<script type="application/json">{data}</script>')
    return Html('<div class="chooser">{}<div class="chooser-table">{}</div></div>').format(script, tables)


def _table(group: dict[str, Any]) -> Html:
    """Every candidate of a group with its numbers."""
    heads = ["Model", *(metric["label"] for metric in group["metrics"])]
    caption = html(group["data"]) + " on " + html(group["machine"])
    head = Html("").join(Html('<th scope="col">{}</th>').format(html(text)) for text in heads)
    body = Html("").join(_row(candidate, group["metrics"]) for candidate in group["candidates"])
    return Html(
        '<div class="table-scroll" tabindex="0"><table class="table"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, head, body)


def _row(candidate: dict[str, Any], metrics: list[dict[str, Any]]) -> Html:
    cells = Html("").join(
        Html('<td class="text-right">{}</td>').format(html(candidate["texts"][metric["name"]])) for metric in metrics
    )
    note = Html(" <small>random weights</small>") if candidate["random"] else Html("")
    return Html('<tr><th scope="row">{}{}</th>{}</tr>').format(html(candidate["title"]), note, cells)
