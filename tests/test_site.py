"""The book, built strictly and opened in a real browser with the network cut.

One book is made of records made up for the purpose, the other of the reference runs that the repository holds.
"""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from helpers.book_factory import Book, build
from helpers.browser import FITS, FOLLOWED, HEIGHTS, MARKS, OVERLAPS, WIDE, Links, Visit

from compactbench import ROOT
from compactbench.record import Record
from compactbench.record.file import read
from compactbench.report.tables.collect import collect
from compactbench.report.tables.metrics import EPOCH_TIME, LATENCY
from compactbench.report.tables.results import default_group, plain_rows, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.settings import Model

pytestmark = pytest.mark.slow

A_RUN = "runs/starter/reference-cpu/minilm-l6.html"
LIBRARY = "lib/plotly-cartesian.min.js"
NARROW = [{"width": 390, "height": 844}, {"width": 320, "height": 568}]
"""A common phone, and the narrowest screen that a page must fit (WCAG 2.2, criterion 1.4.10)."""
TRADEOFFS = [
    ("index.html", "accuracy-latency", LATENCY.name),
    ("summary.html", "accuracy-finetune", EPOCH_TIME.name),
    ("summary.html", "accuracy-latency", LATENCY.name),
    ("summary.html", "accuracy-throughput", "throughput_sentences_per_s"),
]
"""Page, chart and metric of every trade-off."""
UNKNOWN = """# Machines

{fact}`no_fact` and

```{fact} no_table
```

```{chart} no-such-chart
```
"""
"""A page that asks for what is not there."""


@pytest.fixture(scope="module", params=["made_up", "reference"])
def book(request: pytest.FixtureRequest, books: Callable[[str], Book]) -> Book:
    return books(request.param)


def test_a_strict_build_warns_of_nothing(book: Book) -> None:
    assert "build succeeded." in book.log
    assert not re.search(r"\bWARNING\b|\bERROR\b|Validation errors", book.log)


def test_every_finished_run_has_a_page_and_its_title_in_the_side_bar(book: Book) -> None:
    """A failed run leaves at most half a page, which would stop a strict build: it has its row instead."""
    side_bar = (book.html / "machines.html").read_text()  # a page whose text links to no run
    links = re.findall(r'href="(runs/[^"]+)">(.+?)</a>', side_bar)
    titles = {page: re.sub("<.+?>", "", title) for page, title in links}
    assert set(titles) == {page for page in book.pages() if page.startswith("runs/")}
    assert titles == {
        "/".join(("runs", run.suite, run.machine, run.model)) + ".html": run.title
        + ", random weights" * (run.weights == "random")
        + ("" if run.suite == "starter" else " on " + run.suite)
        + " ("
        + run.conditions.machine.cpu
        + ", 2 cores)"
        for run in collect(book.tree / "book" / "runs").records
        if isinstance(run, Record)
    }


def test_the_tables_can_be_downloaded_from_the_root(book: Book) -> None:
    assert len(pd.read_csv(book.html / "results.csv")) == len(book.results())
    assert len(pd.read_parquet(book.html / "results.parquet")) == len(book.results())
    runtimes = json.loads((book.html / "runtimes.json").read_text())
    assert len(pd.read_csv(book.html / "runtimes.csv")) == len(runtimes)
    as_trained = {(row["model"], row["runtime"]) for row in book.results() if row["status"] == "ok"}
    assert as_trained <= {(row["model"], row["runtime"]) for row in runtimes}


def test_records_are_published_with_their_samples(book: Book) -> None:
    for page in (page for page in book.pages() if page.startswith("runs/")):
        record = (book.html / page).with_suffix(".json")
        assert read(record) == read(book.tree / "book" / record.relative_to(book.html))


def test_every_link_inside_the_site_leads_somewhere(book: Book) -> None:
    for page in book.pages():
        links = Links()
        links.feed((book.html / page).read_text())
        for link in map(urlsplit, links.found):
            if not link.scheme and not link.netloc and link.path:
                assert (book.html / page).parent.joinpath(unquote(link.path)).exists(), f"{page}: {link.path}"


def test_pages_hold_no_path_of_the_machine_that_built_them(book: Book) -> None:
    for file in [*book.html.rglob("*.html"), *book.html.rglob("_sources/**/*.*")]:
        text = file.read_text()
        assert [str(path) for path in (book.tree, ROOT, sys.prefix) if str(path) in text] == [], file


def test_plotly_is_copied_once_and_linked_by_no_page(book: Book) -> None:
    assert [file.relative_to(book.html).as_posix() for file in book.html.rglob("plotly*.js")] == [LIBRARY]
    assert not any(LIBRARY in (book.html / page).read_text() for page in book.pages())


def test_the_way_to_add_a_model_names_every_key() -> None:
    text = (ROOT / "book" / "add-a-model.md").read_text()
    assert [key for key in Model.model_fields if f"| `{key}` |" not in text] == []


@pytest.fixture
def tree(book: Book, tmp_path: Path) -> Iterator[Path]:
    """A built book's tree, for a test that changes it: afterwards the tree and its pages are as they were."""
    place = book.tree.parent
    shutil.copytree(place, tmp_path / "kept", symlinks=True)
    yield book.tree
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "kept", place, symlinks=True)


def built_again(tree: Path) -> subprocess.CompletedProcess[str]:
    """What changed is made, as in a second `make site`."""
    return build(tree, tree.parent / "out")


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
def test_an_unknown_fact_or_chart_fails_a_strict_build(tree: Path) -> None:
    (tree / "book" / "machines.md").write_text(UNKNOWN)
    done = built_again(tree)
    assert done.returncode != 0
    assert "no fact is called 'no_fact'" in done.stdout
    assert "no fact is called 'no_table'" in done.stdout
    assert "no chart is called 'no-such-chart'" in done.stdout


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
def test_a_newer_record_refreshes_the_summary(tree: Path, book: Book) -> None:
    """A second build leaves the summary alone; one after a record was touched executes it again."""
    page = tree / "book" / "summary.ipynb"
    first = page.stat().st_mtime_ns
    assert "executing notebooks/summary.ipynb" not in built_again(tree).stdout
    assert page.stat().st_mtime_ns == first
    next((tree / "book" / "runs").rglob("*.json")).touch()
    corrected = tree / "book" / "machines.md"
    corrected.write_text("# Machines\n\nWritten after the clock was set back.\n")
    os.utime(corrected, (1, 1))  # Sphinx would take it for older than what it read
    assert "executing notebooks/summary.ipynb" in built_again(tree).stdout
    assert page.stat().st_mtime_ns > first
    assert "the clock was set back" in (book.html / "machines.html").read_text()


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
def test_a_corrected_license_reaches_the_site(tree: Path, book: Book) -> None:
    """No record changes with it: the pages that were read before must be read again all the same."""
    model = tree / "params" / "models" / "bert-tiny.yaml"
    model.write_text(model.read_text().replace("license: Apache-2.0", "license: Corrected-1.0"))
    assert built_again(tree).returncode == 0
    page = (book.html / "add-a-model.html").read_text()
    assert re.search(r"<code.*bert-tiny.*</code>.*?<td[^>]*><p>Corrected-1.0", page, re.DOTALL)


def test_every_page_in_both_themes_wide_and_narrow(book: Book, visit: Visit) -> None:
    """Nothing goes wrong, every chart is drawn and follows the theme, and no page is wider than its window."""
    drawn = 0
    for path in book.pages():
        for theme, other in (("light", "dark"), ("dark", "light")):
            visit.page.set_viewport_size(WIDE)
            visit.page.emulate_media(color_scheme=theme)
            visit.open(path)
            visit.ask(HEIGHTS)
            assert visit.ask("document.querySelectorAll('.chart-refused').length") == 0, path
            charts = visit.page.locator("figure.chart[data-drawn=true] .main-svg").count()
            drawn += charts
            assert charts >= visit.page.locator("figure.chart").count(), path
            visit.page.emulate_media(color_scheme=other)
            visit.page.wait_for_function(FOLLOWED, arg=other)
            for size in NARROW:
                visit.page.set_viewport_size(size)
                visit.page.wait_for_function(FITS)
    assert drawn > 0
    assert visit.wrong == []


def test_the_tradeoff_shows_every_record_at_its_numbers(book: Book, visit: Visit) -> None:
    """A mark per finished run of the headline group: trained ones at (x, accuracy), random ones at x on the strip.

    Undertrained ones are named below it.
    """
    for path, slug, metric in TRADEOFFS:
        visit.open(path)
        shown = visit.ask(MARKS.replace("SLUG", slug))
        finished = [row for row in deployed(book) if row["status"] == "ok"]
        expected = {row["model"]: row for row in finished if not row["undertrained"]}
        assert {mark["model"] for mark in shown} == set(expected), slug
        told = visit.page.locator("main").inner_text()
        assert all(str(row["title"]) in told for row in finished)
        for mark in shown:
            row = expected[mark["model"]]
            assert mark["x"] == row[metric]
            if row["weights"] == "random":
                assert mark["strip"]
            else:
                assert mark["y"] == row["eval_accuracy"]
        painted = visit.page.locator(f"#chart-{slug} .scatterlayer .point").count()
        assert painted == len(expected), slug


@pytest.mark.parametrize("book", ["reference"], indirect=True)
def test_no_name_in_the_summary_is_written_over_another(book: Book, visit: Visit) -> None:
    for size in (WIDE, *NARROW):
        visit.page.set_viewport_size(size)
        visit.open("summary.html")
        assert visit.page.locator("figure.chart .textpoint text").count() > 20
        assert visit.ask(OVERLAPS) == [], size


def test_a_chart_without_its_library_says_so(book: Book, visit: Visit) -> None:
    visit.page.route(f"**/{LIBRARY}", lambda route: route.abort())
    visit.open("index.html")
    assert "could not be drawn" in visit.page.locator(".chart-refused").first.inner_text()


@pytest.mark.parametrize("book", ["reference"], indirect=True)
@pytest.mark.parametrize(
    ("path", "most_mb"),
    [("index.html", 1.0), ("summary.html", 1.0), (A_RUN, 1.0), ("method.html", 0.45)],
)
def test_a_page_is_light_to_load(visit: Visit, path: str, most_mb: float) -> None:
    """All that a browser asks for, packed as a server would send it."""
    answers: list[Any] = []
    visit.page.on("response", lambda answer: answers.append(answer))
    visit.open(path)
    visit.page.wait_for_load_state("networkidle")
    assert sum(len(gzip.compress(answer.body())) for answer in answers) / 1e6 <= most_mb


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
@pytest.mark.parametrize("opened", ["http", "file"])
def test_the_page_s_own_scripts_work_under_its_policy(book: Book, address: str, chromium: Any, opened: str) -> None:
    """Search, theme, copying and full screen; a page opened as a file has no server whose scripts are its own."""
    context = chromium.new_context(viewport=WIDE, color_scheme="light")
    visit = Visit(context.new_page(), address if opened == "http" else f"{book.html.as_uri()}/")
    visit.open("index.html")
    assert visit.page.locator("figure.chart[data-drawn]").count() > 0
    before = visit.ask("document.documentElement.dataset.mode")
    visit.page.locator(".theme-switch-button:visible").first.click()
    assert visit.ask("document.documentElement.dataset.mode") != before
    visit.page.locator("[onclick='toggleFullScreen()']").click()
    visit.page.wait_for_function("document.fullscreenElement !== null")
    visit.open("run-it-yourself.html")
    visit.page.locator("button.copybtn").first.click(force=True)
    visit.page.wait_for_selector("button.copybtn.success")
    visit.open("search.html")
    visit.page.locator("form.bd-search input:visible").first.fill("latency")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#search-results li a")
    if opened == "http":
        assert visit.wrong == []
    assert not any("Security Policy" in wrong for wrong in visit.wrong)  # a file may fetch no summary of what is found
    context.close()


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
def test_a_script_in_the_text_of_a_page_does_not_run(book: Book, visit: Visit) -> None:
    """Were foreign text ever to reach a page as it is, the browser would still run none of it."""
    attack = "<script>RAN = 1</script><img src=x onerror='RAN = 2'><script src='https://elsewhere.org/x.js'></script>"
    page = (book.html / "index.html").read_text().replace("</article>", f"{attack}</article>", 1)
    visit.page.route("**/index.html", lambda route: route.fulfill(body=page, content_type="text/html"))
    visit.open("index.html")
    assert visit.ask("typeof RAN") == "undefined"
    refused = [wrong for wrong in visit.wrong if "Content Security Policy" in wrong]
    assert len(refused) == 3


def headline(book: Book) -> list[dict[str, Any]]:
    """The rows of the group that the report speaks of first."""
    suite, machine = default_group(collect(book.tree / "book" / "runs").records)
    return [row for row in book.results() if (row["suite"], row["machine"]) == (suite, machine)]


def deployed(book: Book) -> list[dict[str, Any]]:
    """The same, each model in the runtime that one would deploy."""
    runs = collect(book.tree / "book" / "runs").records
    group = default_group(runs)
    return plain_rows(results(in_runtime([run for run in runs if (run.suite, run.machine) == group], ANY)))
