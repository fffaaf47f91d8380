"""The chooser's place in a page: its data, and a table for a reader without scripts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.chooser import chooser
from compactbench.report.tables.index import of_book
from compactbench.report.tables.metrics import ACCURACY
from compactbench.report.text.then_and_now import QUOTED
from compactbench.report.text.words import Html, html

PAGE = "choose"
SCRIPTS = {f"_static/{name}.js" for name in ("choose-rule", "choose-chart", "choose")}


class ChooserDirective(SphinxDirective):
    """Put the chooser into the page."""

    def run(self) -> list[nodes.Node]:
        """Its data and the table; the site's scripts make the controls and the chart."""
        book = Path(self.env.srcdir)
        table = pd.read_csv(book / QUOTED)
        quoted = dict(zip(table["name"], table[ACCURACY.name].tolist(), strict=True))
        return [nodes.raw("", chooser_html(of_book(book).in_full.records, quoted), format="html")]


def only_there(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take the chooser's scripts from every other page: Jupyter Book has each page load all that lies in _static/."""
    if page != PAGE:
        kept = [one for one in context.get("script_files", []) if getattr(one, "filename", None) not in SCRIPTS]
        context["script_files"] = kept


def chooser_html(records: Sequence[Record | FailedRecord], quoted: Mapping[str, float]) -> Html:
    """The chooser; the first group that it shows is that of the starter, where there is one.

    Args:
        records: every run that the site shows in full.
        quoted: the accuracy that 2021 reported of each model, a share.
    """
    groups = sorted(chooser(records, quoted), key=lambda group: group["suite"] != "starter")
    data = json.dumps(groups, separators=(",", ":")).replace("<", "\\u003c")
    tables = Html("").join(map(_table, groups))
    script = Html(f'<script type="application/json">{data}</script>')
    return Html('<div class="chooser">{}<div class="chooser-table">{}</div></div>').format(script, tables)


def _table(group: dict[str, Any]) -> Html:
    """Every candidate of a group with the numbers that were measured."""
    known = {name for one in group["candidates"] for name, value in one["values"].items() if value is not None}
    metrics = [one for one in (group["sources"][0]["metric"], *group["metrics"]) if one["name"] in known]
    heads = ["Model", *(metric["label"] for metric in metrics)]
    caption = html(group["data"]) + " on " + html(group["machine"])
    head = Html("").join(Html('<th scope="col">{}</th>').format(html(text)) for text in heads)
    body = Html("").join(_row(candidate, metrics) for candidate in group["candidates"])
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
