"""The book's Sphinx extension: computed facts, charts, downloads and the summary page, all from the records.

Listed in _config.yml. Its order of work: when the settings are read, the summary begins to be executed and the facts
are computed; while pages are read, executed ones are cut down to what is harmless, `fact` and `chart` are filled in,
and the summary is awaited; at the end tables and plotly are copied.
"""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from compactbench.record import Record
from compactbench.record.file import FINISHED, files_of, remove
from compactbench.record.private import make_private
from compactbench.report.charts import tradeoff as charts
from compactbench.report.charts.decision import decision_svg
from compactbench.report.charts.show import chart_again, chart_html
from compactbench.report.site.card import write_card
from compactbench.report.site.changes import changed_pages, remove_gone, report_code, stamp
from compactbench.report.site.chooser import ChooserDirective, only_there
from compactbench.report.site.discovery import describe, publish_map
from compactbench.report.site.every_runtime import EveryRuntimeDirective, publish_rows
from compactbench.report.site.executed import OnlyText, escape_page_title, escape_search_titles, harmless
from compactbench.report.site.fact import FactDirective, FactRole
from compactbench.report.site.feed import announce_feed, write_feed
from compactbench.report.site.machine_pages import write_machine_pages
from compactbench.report.site.pages import pages
from compactbench.report.site.policy import add_policy, inline_scripts, without_thebe
from compactbench.report.site.search import index_without_tables
from compactbench.report.site.side_bar import SideBar
from compactbench.report.site.summary_page import SummaryPage
from compactbench.report.site.weight import without_icon_script
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.collect import PAGE
from compactbench.report.tables.columns import Row
from compactbench.report.tables.index import of_book
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import (
    Records,
    headline,
    plain_rows,
    results,
    write_results,
    write_table,
)
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text import summary as prose
from compactbench.report.text.cluster_sums import cluster_facts
from compactbench.report.text.facts import facts
from compactbench.report.text.machine_page import machine_facts
from compactbench.report.text.result_box import result_box, result_line
from compactbench.report.text.situations import answers, situations
from compactbench.report.text.then_and_now import QUOTED

MODELS = "params/models"
PLOTLY = Path(__file__).parent / "vendor" / "plotly-cartesian.min.js"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register everything with Sphinx."""
    summary, side_bar = SummaryPage(), SideBar()
    app.add_directive("chart", ChartDirective)
    app.add_directive("chooser", ChooserDirective)
    app.add_directive("decision", DecisionDirective)
    app.add_directive("every-runtime", EveryRuntimeDirective)
    app.add_directive("fact", FactDirective)
    app.add_role("fact", FactRole())
    app.add_transform(OnlyText)
    app.add_config_value("compactbench_facts", {}, "env")
    app.add_config_value("compactbench_boxes", {}, "env")
    app.add_config_value("compactbench_decision", "", "env")
    app.add_config_value("compactbench_descriptions", {}, "html")
    app.add_config_value("compactbench_sources", "", "env")  # pages are read again when a result or a model changed
    app.add_config_value("compactbench_look", "", "html")  # else a changed script or style alone would not be copied
    app.connect("config-inited", summary.begin)
    app.connect("config-inited", prepare)
    app.connect("config-inited", without_thebe)
    app.connect("builder-inited", index_without_tables)
    app.connect("env-get-outdated", changed_pages)
    app.connect("env-get-outdated", summary.outdated)
    app.connect("source-read", summary.fill_in)
    app.connect("source-read", harmless)
    app.connect("html-page-context", drop_repeated_scripts, priority=900)
    app.connect("html-page-context", only_there, priority=900)
    app.connect("html-page-context", escape_page_title, priority=900)
    app.connect("html-page-context", side_bar.spare, priority=400)  # before the theme takes it
    app.connect("html-page-context", side_bar.fold_runs, priority=900)
    app.connect("html-page-context", describe, priority=940)  # after the title is escaped
    app.connect("html-page-context", announce_feed, priority=940)
    app.connect("html-page-context", add_policy, priority=950)  # after those that add scripts
    app.connect("build-finished", remove_gone)
    app.connect("build-finished", publish_data)
    app.connect("build-finished", publish_rows)
    app.connect("build-finished", publish_map)
    app.connect("build-finished", write_card)
    app.connect("build-finished", write_feed)
    app.connect("build-finished", escape_search_titles)
    app.connect("build-finished", without_icon_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def prepare(app: Sphinx, config: Config) -> None:
    """Compute the facts and hand them to the pages."""
    book = Path(app.srcdir)
    try:
        index = of_book(book)
        records, found = index.in_full.records, pages(book, index.in_full)
        quoted = pd.read_csv(book / QUOTED)
        repository = config.html_theme_options["repository_url"]
        for page in found.whole:
            make_private(book / page)
        config.exclude_patterns += found.excluded
        trained, deployed = by_page(results(records)), by_page(results(in_runtime(records, ANY)))
        runs = {
            "/".join(("runs", run.suite, run.machine, run.model)): run for run in records if isinstance(run, Record)
        }
        files = {page: [file.name for file in files_of(book / (page + FINISHED))] for page in runs}
        config.compactbench_boxes = {
            page: result_box(run, trained[page], deployed[page], files[page]) for page, run in runs.items()
        }
        config.compactbench_descriptions = {page: result_line(run, deployed[page]) for page, run in runs.items()}
        config.compactbench_facts = facts(records, quoted, found.whole, repository, found.problems, index.left_out)
        config.compactbench_facts |= machine_facts(records, found.whole, index.in_full.points)
        config.compactbench_facts |= cluster_facts(records, [sizes(book / page) for page in found.whole])
        shown = headline(records)
        best = answers(shown)
        config.compactbench_facts["situations"] = situations(best)
        config.compactbench_decision = str(decision_svg(shown, best))
        write_machine_pages(book, records)
    except ValueError as error:
        raise ExtensionError(str(error)) from error
    models = [file.read_text("utf-8") for file in sorted((book.parent / MODELS).glob("*.yaml"))]
    made_by = stamp(report_code(book.parent), book.parent)
    rows = index.results.to_json() + index.runtimes.to_json()  # a page tells of every run, shown in full or not
    sources = "".join([rows, *models, *map(str, found.problems), made_by])
    config.compactbench_sources = sha256(sources.encode()).hexdigest()
    config.compactbench_look = str([file.stat().st_mtime_ns for file in sorted((book / "_static").iterdir())])
    config.html_search_scorer = str(book / "search-scorer.js")


def sizes(page: Path) -> tuple[int, int]:
    """Bytes of the `page` of a finished run, and of the record beside it, with its samples."""
    record = page.with_name(page.name.removesuffix(PAGE) + FINISHED)
    return page.stat().st_size, sum(file.stat().st_size for file in files_of(record))


def by_page(table: pd.DataFrame) -> dict[str, Row]:
    """The rows of a table of runs, each by the page of its run."""
    return {"/".join(("runs", row["suite"], row["machine"], row["model"])): row for row in plain_rows(table)}


def accuracy_latency(here: Records, quoted: pd.DataFrame) -> tuple[go.Figure, str]:
    """The trade-off that most readers face first, each model in its best runtime, with its caption."""
    deployed = in_runtime(here, ANY)
    group, compared = results(deployed), pairs(deployed)
    caption = prose.tradeoff_caption(group, LATENCY, SIZE, compared)
    return charts.tradeoff(group, LATENCY, SIZE, compared, ANY), caption


def quoted_2021(here: Records, quoted: pd.DataFrame) -> tuple[go.Figure, str]:
    """What 2021 reported against what is measured now, as trained, with its caption."""
    group = results(here)
    return charts.quoted_2021(group, quoted), prose.quoted_caption(group, quoted)


CHARTS = {"accuracy-latency": accuracy_latency, "quoted-2021": quoted_2021}
"""The charts a Markdown page may show: functions of the headline group's rows, their pairs and the results of 2021."""


class DecisionDirective(SphinxDirective):
    """Put the decision chart into the page."""

    def run(self) -> list[nodes.Node]:
        """Its SVG."""
        return [nodes.raw("", self.config.compactbench_decision, format="html")]


class ChartDirective(SphinxDirective):
    """Put the chart named by the argument into the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The chart as the same HTML that a notebook's chart has."""
        slug = self.arguments[0]
        if slug not in CHARTS:
            raise self.error(f"no chart is called {slug!r}; known: {', '.join(CHARTS)}")
        book = Path(self.env.srcdir)
        here = headline(of_book(book).in_full.records)
        figure, caption = CHARTS[slug](here, pd.read_csv(book / QUOTED))
        return [nodes.raw("", chart_again(chart_html(figure, slug, caption)) or "", format="html")]


def drop_repeated_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Keep one of each inline script: the theme's toolchain adds some twice, and a second `const` is an error."""
    scripts = context.get("script_files", [])
    bodies = inline_scripts(context)
    kept = [script for at, script in enumerate(scripts) if bodies[at] is None or bodies[at] not in bodies[:at]]
    context["script_files"] = kept


def publish_data(app: Sphinx, error: Exception | None) -> None:
    """Copy the results to the site's root, and plotly to lib/: under _static/ every page would link it."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    index = of_book(Path(app.srcdir))
    write_results(index.results, out)
    write_table(index.runtimes, out, "runtimes")
    for page in app.config.compactbench_boxes:
        record = Path(app.srcdir, page + FINISHED)
        if Path(out, f"{page}.html").is_file():  # a run without a whole page is not shown
            remove(out / record.relative_to(app.srcdir))  # of an earlier build, with samples of another name
            for file in files_of(record):
                shutil.copyfile(file, out / file.relative_to(app.srcdir))
    (out / "lib").mkdir(exist_ok=True)
    shutil.copyfile(PLOTLY, out / "lib" / PLOTLY.name)
