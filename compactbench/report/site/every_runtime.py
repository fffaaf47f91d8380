"""The table of every runtime of every run: the site's script sorts and filters it; without one it is a plain table."""

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from compactbench.record import Record
from compactbench.report.tables.collect import collect
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import RUNTIMES
from compactbench.report.tables.results import Records, plain_rows, runtimes
from compactbench.report.text.words import Html, html

WHO = {"suite": "Data set", "machine": "Machine", "label": "Runtime"}
"""Columns of texts after the model's name, with their heads; each can be filtered by."""
SHOWN = [column for column in RUNTIMES if isinstance(column, Metric)]
AT_FIRST = {"latency_p50_ms", "latency_p95_ms", "throughput_sentences_per_s", "size_mb", "eval_accuracy"}
"""The metrics that are shown before a reader picks others."""


class EveryRuntimeDirective(SphinxDirective):
    """Put the table into the page."""

    def run(self) -> list[nodes.Node]:
        """The table, with the controls that its script fills."""
        records = collect(Path(self.env.srcdir) / "runs").records
        return [nodes.raw("", every_runtime(records, self.env.found_docs), format="html")]


def every_runtime(records: Records, pages: Collection[str]) -> Html:
    """The table, the fastest first; what was not measured is a dash, and stands last however it is sorted.

    Args:
        records: every run of the book.
        pages: the names of the book's pages, without ending.
    """
    frame = runtimes(records)
    measured = [metric for metric in SHOWN if frame[metric.name].notna().any()]
    rows = sorted(plain_rows(frame), key=lambda row: (row["latency_p50_ms"] is None, row["latency_p50_ms"]))
    titles = {(run.suite, run.machine, run.model): run.title for run in records}
    finished = [run for run in records if isinstance(run, Record)]
    random = {(run.suite, run.machine, run.model) for run in finished if run.weights == "random"}
    heads = [_head("Model", "model"), *(_head(label, name) for name, label in WHO.items())]
    heads += [_head(metric.head, metric.name) for metric in measured]
    body = []
    for row in rows:
        who = (row["suite"], row["machine"], row["model"])
        cells = [_name(titles[who], "/".join(("runs", *who)), pages, who in random)]
        cells += [_cell(row[name] or "", html(row[name] or "–"), name) for name in WHO]
        cells += [_number(row, metric) for metric in measured]
        body.append(Html("<tr>") + Html("").join(cells) + Html("</tr>"))
    return Html(
        '<div class="every-runtime"><div class="controls" hidden></div><div class="table-scroll" tabindex="0">'
        '<table class="table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></div>'
    ).format(Html("").join(heads), Html("").join(body))


def _head(label: str, name: str) -> Html:
    optional = Html(" data-optional") if name in {metric.name for metric in SHOWN} - AT_FIRST else Html("")
    filtered = Html(" data-filtered") if name in WHO else Html("")
    return Html('<th scope="col" data-column="{}"{}{}>{}</th>').format(html(name), optional, filtered, html(label))


def _name(title: str, page: str, pages: Collection[str], random: bool) -> Html:
    """The model with a link to its run, where that has a page."""
    named = Html('<a href="{}.html">{}</a>').format(quote(page), html(title)) if page in pages else html(title)
    note = Html(" <small>random weights</small>") if random else Html("")
    return Html('<th scope="row" data-value="{}">{}{}</th>').format(html(title), named, note)


def _number(row: Row, metric: Metric) -> Html:
    value = row[metric.name]
    ends = Html("")
    if value is not None and metric.interval and row[metric.low] is not None:
        ends = Html(" <small>{}</small>").format(metric.ends(row))
    return _cell("" if value is None else repr(float(value)), html(metric.of(row, unit=False)) + ends, metric.name)


def _cell(value: str, shown: Html, name: str) -> Html:
    """A cell; `value` is what it is sorted by, empty where nothing was measured."""
    kind = Html("") if name in WHO else Html(' class="text-right"')
    return Html('<td data-value="{}"{}>{}</td>').format(html(value), kind, shown)
