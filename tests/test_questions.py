"""A reader with five minutes: each question is answered on one screen, at most two clicks from the index."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from helpers.book_factory import Book
from helpers.browser import Visit

from compactbench.report.choice.recommend import recommend
from compactbench.report.site.executed import markdown_html
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.index import of_book
from compactbench.report.tables.metrics import SIZE
from compactbench.report.tables.results import Records, by_model, headline, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.facts import Facts, facts
from compactbench.report.text.situations import answers

pytestmark = pytest.mark.slow

SCREEN = {"width": 1300, "height": 900}
IN_SIGHT = """element => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && element.contains(middle);
}"""
"""Whether all of an element is on the screen, and nothing lies over it."""
CONTENTS = ".bd-sidebar-secondary a[href='#{}']"
"""A link to a part of the page, in its table of contents."""
SITUATIONS = CONTENTS.format("what-to-take-when-one-thing-matters-most")


@pytest.fixture(scope="module")
def book(books: Callable[[str], Book]) -> Book:
    """That of the committed runs."""
    return books("reference")


@pytest.fixture(scope="module")
def here(book: Book) -> Records:
    """The runs that the index is about."""
    return headline(of_book(book.tree / "book").in_full.records)


@pytest.fixture(scope="module")
def said(book: Book) -> Facts:
    """What the report says in words."""
    quoted = pd.read_csv(book.tree / "book" / "data" / "reference-2021.csv")
    return facts(of_book(book.tree / "book").in_full.records, quoted, [], "")


@pytest.fixture
def reader(visit: Visit) -> Visit:
    """A reader of the index, without a click so far."""
    visit.page.set_viewport_size(SCREEN)
    visit.open("index.html")
    return visit


def seen(reader: Visit, found: Any) -> str:
    """The text of an element as soon as all of it is on the screen."""
    reader.page.wait_for_function(IN_SIGHT, arg=found.element_handle())
    return squeezed(found.text_content())


def squeezed(text: str) -> str:
    """A text without blanks, and with a keyboard's apostrophes and quotes."""
    return "".join(text.split()).translate(str.maketrans("\u2018\u2019\u201c\u201d", "''\"\""))


def words(text: str) -> str:
    """The text that a reader sees of some Markdown, squeezed."""
    return squeezed(BeautifulSoup(markdown_html(text), "html.parser").get_text())


def test_which_model(reader: Visit, said: Facts) -> None:
    assert seen(reader, reader.page.locator(".answer")) == words(said["answer"])


def test_on_what_hardware_and_how_sure(reader: Visit, said: Facts) -> None:
    assert words(said["machine_in_words"]) in seen(reader, reader.page.locator("article p", has_text="Measured on"))
    assert "95%interval" in seen(reader, reader.page.locator(".answer"))


def test_at_most_5_ms_for_95_percent_and_50_mb(reader: Visit, here: Records) -> None:
    """The presets of the chooser are links."""
    reader.page.locator(".bd-links a[href='choose.html']").click()
    reader.page.locator("a[href='#cpu_latency_p95_ms=5&artefact_size_mb=50']").click()
    reader.page.wait_for_function("() => document.querySelector('[name=artefact_size_mb]').value === '50'")
    limits = {"cpu_latency_p95_ms": 5.0, "artefact_size_mb": 50.0}
    deployed = in_runtime(here, ANY, limits=limits)
    group = results(deployed)
    chosen = by_model(group)[recommend(group, limits, pairs(deployed)).chosen]
    told = seen(reader, reader.page.locator(".chooser .answer"))
    assert told.startswith(squeezed(f"Take {chosen['title']!s}: "))
    assert squeezed(SIZE.of(chosen)) in told


@pytest.mark.parametrize("wanted", ["the fastest within 2 points of the best", "the quickest to retrain"])
def test_what_to_take_when_one_thing_matters_most(reader: Visit, here: Records, wanted: str) -> None:
    """98 % of the best, or a fine-tune every day."""
    reader.page.locator(SITUATIONS).click()
    (answer,) = [one for one in answers(here) if one.situation.words == wanted]
    row = reader.page.locator("article tr", has_text=wanted)
    assert seen(reader, row).startswith(
        squeezed(wanted + str(answer.best["title"]) + answer.situation.metric.of(answer.best))
    )


def test_what_of_2021_still_holds(reader: Visit, said: Facts) -> None:
    """All five conclusions at once, each with its verdict and why."""
    reader.page.locator("article .sd-card", has=reader.page.locator("[href='reference-2021.html']")).click()
    reader.page.locator(CONTENTS.format("does-it-still-hold")).click()
    assert seen(reader, reader.page.locator("article table", has_text="2021 said")) == words(said["conclusions_2021"])
