"""The table of every runtime of every run: the site's script sorts and filters it; without one it is a plain table.

Of ten thousand runs it would be 60 MB, so the page holds the first rows, and where there are more its script loads all
from a file. That file is a script as well: a page that is opened from a folder may fetch no other.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from compactbench.foreign import line
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.index import Index, of_book
from compactbench.report.tables.metrics import RUNTIMES
from compactbench.report.tables.results import plain_rows
from compactbench.report.text.words import Html, html, notes

AT_ONCE = 200
"""The rows that the page holds, and that its script draws at once."""
FILE = "runtimes.js"
"""All rows, at the site's root as the page is."""
RUN = ["suite", "machine", "model"]
WHO = {"suite": "Data set", "machine": "Machine", "label": "Runtime"}
"""Columns of texts after the model's name, with their heads; each can be filtered by."""
SHOWN = [column for column in RUNTIMES if isinstance(column, Metric)]
AT_FIRST = {"latency_p50_ms", "latency_p95_ms", "throughput_sentences_per_s", "size_mb", "eval_accuracy"}
"""The metrics that are shown before a reader picks others."""


class Cell(NamedTuple):
    """A cell of the table.

    Args:
        value: what it is sorted and filtered by; empty where nothing was measured.
        text: what it shows.
        note: what it shows beneath, in small letters.
        link: where it leads.
    """

    value: str
    text: str
    note: str = ""
    link: str = ""


class EveryRuntimeDirective(SphinxDirective):
    """Put the table into the page."""

    def run(self) -> list[nodes.Node]:
        """The table, with the controls that its script fills."""
        return [nodes.raw("", every_runtime(of_book(Path(self.env.srcdir)), self.env.found_docs), format="html")]


def publish_rows(app: Sphinx, error: Exception | None) -> None:
    """Put the file with all rows beside the page."""
    if error is None and app.builder.format == "html":
        write_rows(of_book(Path(app.srcdir)), app.env.found_docs, Path(app.outdir))


def every_runtime(book: Index, pages: Collection[str]) -> Html:
    """The table, the fastest first; what was not measured is a dash, and stands last however it is sorted.

    Args:
        book: the runs.
        pages: the names of the book's pages, without ending.
    """
    frame = _by_latency(book)
    measured = _measured(frame)
    heads = [_head("Model", "model"), *(_head(label, name) for name, label in WHO.items())]
    heads += [_head(metric.head, metric.name) for metric in measured]
    rows = [_cells(row, measured, pages) for row in plain_rows(frame.head(AT_ONCE))]
    body = [Html("<tr>{}</tr>").format(Html("").join(_html(*cell) for cell in row.items())) for row in rows]
    of_all, told = Html(""), Html("")
    if len(rows) < len(frame):
        of_all = Html(' data-rows="{}"').format(FILE)
        told = Html(
            '<p class="first-rows">The fastest {} of {} rows. All are in <a href="runtimes.csv">runtimes.csv</a>.</p>'
        ).format(len(rows), format(len(frame), ","))
    return Html(
        '<div class="every-runtime"{}>{}<div class="controls" hidden></div><div class="table-scroll" tabindex="0">'
        '<table class="table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></div>'
    ).format(of_all, told, Html("").join(heads), Html("").join(body))


def write_rows(book: Index, pages: Collection[str], folder: Path) -> None:
    """Write all rows into `folder`, unless the page holds them: by column, what each part of its cells is in each row.

    Parts that are empty in all rows are left out, and so are texts that are the values.
    """
    frame = _by_latency(book)
    if len(frame) <= AT_ONCE:
        return
    measured = _measured(frame)
    rows = [_cells(row, measured, pages) for row in plain_rows(frame)]
    columns = {}
    for name in rows[0]:
        parts = dict(zip(Cell._fields, map(list, zip(*(row[name] for row in rows), strict=True)), strict=True))
        columns[name] = {part: all_rows for part, all_rows in parts.items() if part == "value" or any(all_rows)}
        if parts["text"] == parts["value"]:
            del columns[name]["text"]
    told = json.dumps(columns, separators=(",", ":"), allow_nan=False)
    (folder / FILE).write_text(f"window.everyRuntime={told};\n", "utf-8")


def _by_latency(book: Index) -> pd.DataFrame:
    """The table of runtimes, the fastest first, with what else a row says of its run."""
    named = book.runtimes.merge(book.results[[*RUN, "title", "weights", "edited"]], on=RUN)
    return named.sort_values("latency_p50_ms", kind="stable", ignore_index=True)


def _measured(frame: pd.DataFrame) -> list[Metric]:
    return [metric for metric in SHOWN if frame[metric.name].notna().any()]


def _head(label: str, name: str) -> Html:
    optional = Html(" data-optional") if name in {metric.name for metric in SHOWN} - AT_FIRST else Html("")
    filtered = Html(" data-filtered") if name in WHO else Html("")
    return Html('<th scope="col" data-column="{}"{}{}>{}</th>').format(html(name), optional, filtered, html(label))


def _cells(row: Row, measured: list[Metric], pages: Collection[str]) -> dict[str, Cell]:
    """The cells of a row by their columns; the model leads to its run, where that has a page."""
    title, page = line(row["title"]), "/".join(("runs", *(row[name] for name in RUN)))
    note = ", ".join(notes(row["weights"], row["edited"]))
    found = {"model": Cell(title, title, note, f"{quote(page)}.html" if page in pages else "")}
    found |= {name: Cell(line(row[name] or ""), line(row[name] or "–")) for name in WHO}
    return found | {metric.name: _number(row, metric) for metric in measured}


def _number(row: Row, metric: Metric) -> Cell:
    """Its value is what tells it from its neighbours, and no longer than that."""
    value = row[metric.name]
    ends = value is not None and metric.interval and row[metric.low] is not None
    number = "" if value is None else format(value * 1.0, ".7g")
    return Cell(number, metric.of(row, unit=False), metric.ends(row) if ends else "")


def _html(name: str, cell: Cell) -> Html:
    """A cell of that column."""
    shown = html(cell.text)
    if cell.link:
        shown = Html('<a href="{}">{}</a>').format(cell.link, shown)
    if cell.note:
        shown += Html(" <small>{}</small>").format(html(cell.note))
    if name == "model":
        return Html('<th scope="row" data-value="{}">{}</th>').format(cell.value, shown)
    kind = Html("") if name in WHO else Html(' class="text-right"')
    return Html('<td data-value="{}"{}>{}</td>').format(cell.value, kind, shown)
