"""The chooser's page in a book built of the committed reference runs, by keyboard alone."""

import math
from collections.abc import Callable

import pytest
from helpers.book_factory import Book
from helpers.browser import Visit
from helpers.chooser import assert_told, choose, limit, marks, recommended, sets_of_limits, told

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.chooser import chooser
from compactbench.report.site.chooser import PAGE, SCRIPTS
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.collect import collect
from compactbench.report.tables.metrics import METRICS, SIZE
from compactbench.report.tables.results import headline, plain_rows, results
from compactbench.report.tables.runtimes import ANY, in_runtime

pytestmark = pytest.mark.slow

SETS = 20
NARROWEST = {"width": 320, "height": 568}
"""The narrowest screen that a page must fit (WCAG 2.2, criterion 1.4.10)."""


@pytest.fixture(scope="module")
def book(books: Callable[[str], Book]) -> Book:
    """The book of the reference runs."""
    return books("reference")


@pytest.fixture(scope="module")
def runs(book: Book) -> list[Record | FailedRecord]:
    """The runs that the book was built of."""
    return collect(book.tree / "book" / "runs").records


def test_the_page_answers_as_the_notebook_does(runs: list[Record | FailedRecord], visit: Visit) -> None:
    """On every data set and machine, 20 sets of limits in all."""
    groups = chooser(runs, {})
    for group in groups:
        here = [run for run in runs if (run.suite, run.machine) == (group["suite"], group["machine"])]
        for limits, runtime in sets_of_limits(group, math.ceil(SETS / len(groups))):
            visit.open(f"{PAGE}.html")
            choose(visit.page, "suite", group["data"])
            choose(visit.page, "machine", group["machine"])
            choose(visit.page, "runtime", runtime)
            limit(visit.page, limits)
            assert_told(visit.page, recommended(here, limits, runtime), (group["suite"], limits, runtime))
    assert visit.wrong == []


def test_the_chart_dims_what_fell_out(runs: list[Record | FailedRecord], visit: Visit) -> None:
    """Within 40 MB, in both themes: a mark is hollow and pale where its model is larger, and no other one is."""
    limits = {SIZE.name: 40}
    here = in_runtime(headline(runs), ANY, limits=limits)
    rows = [row for row in plain_rows(results(here)) if row["model"] in pairs(here).records]
    larger = {row["title"] for row in rows if row[SIZE.name] > limits[SIZE.name]}
    assert larger and len(larger) < len(rows)
    for theme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=theme)
        visit.open(f"{PAGE}.html")
        limit(visit.page, limits)
        drawn = marks(visit.page)
        assert set(drawn) == {row["title"] for row in rows}
        pale = {name for name, mark in drawn.items() if mark["fill"] == "none" and float(mark["opacity"]) < 1}
        assert pale == larger
        assert {mark["opacity"] for name, mark in drawn.items() if name not in larger} == {"1"}
    assert visit.wrong == []


def test_quoted_values_and_a_narrow_screen(visit: Visit) -> None:
    """The seven are weighed, the page is no wider than its window, and the chart is drawn for that width."""
    visit.page.set_viewport_size(NARROWEST)
    visit.open(f"{PAGE}.html")
    choose(visit.page, "accuracy", "quoted")
    limit(visit.page, {METRICS["cpu_latency_p95_ms"].name: 1000})
    assert "accuracy, quoted from 2021 (AG News), " in told(visit.page)
    assert len(marks(visit.page)) == 7
    assert visit.ask("document.documentElement.scrollWidth <= innerWidth")
    assert visit.ask("document.querySelector('.chooser svg').viewBox.baseVal.width") <= NARROWEST["width"]
    names = visit.page.locator(".chooser svg text.name")
    boxes = names.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert boxes and all(box["left"] >= 0 and box["right"] <= NARROWEST["width"] for box in boxes)
    assert visit.wrong == []


def test_the_chooser_s_scripts_are_loaded_by_its_page_alone(book: Book) -> None:
    for page in book.pages():
        text = (book.html / page).read_text()
        assert [name for name in sorted(SCRIPTS) if name in text] == (sorted(SCRIPTS) if page == f"{PAGE}.html" else [])
