"""The side bar: runs folded by machine and suite, which keeps them out of a keyboard's way."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from helpers.book_factory import Book
from helpers.browser import Visit

from compactbench.report.site.side_bar import SideBar

MACHINES = "<li class='toctree-l2'><a href='{}machines.html'>Machines</a><details><ul>{}</ul></details></li>"
RUN = "<li class='toctree-l3 {}'><a href='{}'>run</a></li>"
RUNS = ["starter/here/alpha", "starter/here/beta", "starter/a&b/alpha", "reuters/here/alpha"]
FOLD = ".bd-links li:has(> a[href='{}']) > details > summary"
"""What opens and closes the pages beneath a page in the side bar."""


def folded(page: str, here: str = "") -> BeautifulSoup:
    """The side bar of `page`, which links to the runs by paths that begin with `here`; "#" leads to the page itself."""
    links = ["#" if f"runs/{run}" == page else f"{here}runs/{run.replace('&', '%26')}.html" for run in RUNS]
    entries = [RUN.format("current active" if link == "#" else "", link) for link in links]
    soup = BeautifulSoup("<ul>" + MACHINES.format(here, "".join(entries)) + "</ul>", "html.parser")
    return asked(SideBar(), page, soup)


def asked(bar: SideBar, page: str, made: BeautifulSoup) -> BeautifulSoup:
    """What a template gets for `page`, of what the theme would make."""
    context: dict[str, Any] = {"generate_toctree_html": lambda **_: made, "toctree": lambda **_: "theirs"}
    bar.spare(None, page, "page.html", context, None)
    assert context["toctree"](maxdepth=4) == ("theirs" if made else "")
    bar.fold_runs(None, page, "page.html", context, None)
    assert context["generate_toctree_html"](kind="sidebar") == context["generate_toctree_html"](kind="sidebar")
    return BeautifulSoup(context["generate_toctree_html"](kind="sidebar"), "html.parser")


def shown(soup: BeautifulSoup) -> dict[str, list[str]]:
    """The links in each fold, by its name."""
    return {fold.summary.text: [link["href"] for link in fold.select("a")] for fold in soup.select(".runs > details")}


def test_each_machine_and_suite_has_a_fold_which_is_closed() -> None:
    soup = folded("index")
    assert shown(soup) == {
        "a&b: starter": ["runs/starter/a%26b/alpha.html"],
        "here: reuters": ["runs/reuters/here/alpha.html"],
        "here: starter": ["runs/starter/here/alpha.html", "runs/starter/here/beta.html"],
    }
    assert "a&amp;b: starter" in str(soup)
    assert not any("open" in fold.attrs for fold in soup.select(".runs > details"))
    assert [link.text for link in soup.select("ul > li.toctree-l2 > a")] == ["Machines"]
    assert soup.select(".current") == []


def test_the_fold_of_the_page_itself_is_marked() -> None:
    soup = folded("runs/starter/here/beta", "../../../")
    assert shown(soup)["here: starter"] == ["../../../runs/starter/here/alpha.html", "#"]
    assert [fold.summary.text for fold in soup.select(".runs.current > details")] == ["here: starter"]


def test_a_side_bar_without_runs_stays_as_it_is() -> None:
    soup = BeautifulSoup("<ul><li class='one'><a href='../page.html'>Page</a></li><li>no link</li></ul>", "html.parser")
    before = str(soup)
    assert str(asked(SideBar(), "a/index", soup)) == before


def test_a_fold_of_pages_is_named_by_the_page_that_they_are_beneath() -> None:
    """The theme's summary holds an arrow alone."""
    pages = "<li><a href='a.html'>A &amp; <b>b</b></a><details><summary><i></i></summary><ul></ul></details></li>"
    soup = asked(SideBar(), "index", BeautifulSoup(f"<ul>{pages}</ul>", "html.parser"))
    assert soup.summary["aria-label"] == "Pages under A & b"


def test_made_for_one_page_it_is_linked_and_marked_for_any_other() -> None:
    """The theme is asked once: of the index, where nothing is open."""
    bar = SideBar()
    entry = "<li class='toctree-l2'><a href='{}'>{} href=\"x\"</a></li>"
    inside = entry.format("runs/s/m/a.html", "A") + entry.format("runs/s/m/b%26.html", "B")
    fold = f"<details><summary></summary><ul>{inside}</ul></details>"
    theirs = f"<li class='toctree-l1'><a href='method.html'>M</a>{fold}</li>"
    asked(bar, "index", BeautifulSoup(theirs, "html.parser"))
    soup = asked(bar, "runs/s/m/b&", None)
    assert [link["href"] for link in soup.select("a")] == ["../../../method.html", "../../../runs/s/m/a.html", "#"]
    assert [link.get_text() for link in soup.select("a")] == ["M", 'A href="x"', 'B href="x"']
    assert [entry["class"][-1] for entry in soup.select("li")] == ["active", "active", "toctree-l2", "active"]
    assert [fold.get("open") for fold in soup.select("details")] == ["open", None]
    assert not asked(bar, "search", None).select(".current, [open]")


@pytest.fixture(scope="module")
def book(books: Callable[[str], Book]) -> Book:
    """A book of five runs made up for the purpose, of one suite on one machine."""
    return books("made_up")


@pytest.mark.slow
def test_a_keyboard_reaches_the_article_past_the_book_s_pages_alone(book: Book, visit: Visit) -> None:
    """Each run was a stop of the Tab key, and so was each button above the article.

    The stops are the skip link, the front page, search, five pages and the folds of two; then what is open.
    """
    expected = {"index.html": 10, "results.html": 10, "run-it-yourself.html": 13, "method.html": 13}
    expected |= {"machines.html": 15, "runs/starter/reference-cpu/alpha.html": 15}
    for path, stops in expected.items():
        visit.open(path)
        assert len(stops_before_the_article(visit)) == stops, path
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("index.html")
    stops = stops_before_the_article(visit)
    assert len(stops) <= 10 and any("primary-toggle" in stop for stop in stops)


def stops_before_the_article(visit: Visit) -> list[str]:
    """The elements that Tab stops at before one of the article."""
    stops: list[str] = []
    while len(stops) < 100:
        visit.page.keyboard.press("Tab")
        if visit.ask("document.activeElement.closest('article') !== null"):
            break
        stops.append(visit.ask("document.activeElement.outerHTML"))
    return stops


@pytest.mark.slow
def test_runs_are_folded_under_their_machine_until_a_reader_opens_them(book: Book, visit: Visit) -> None:
    visit.open("index.html")
    runs = visit.page.locator(".bd-links .runs a")
    assert runs.count() == 5
    assert not any(run.is_visible() for run in runs.all())
    for fold in (FOLD.format("method.html"), FOLD.format("machines.html"), ".bd-links .runs > details > summary"):
        visit.page.locator(fold).press("Enter")
    assert all(run.is_visible() for run in runs.all())
    assert visit.page.locator(".bd-links .runs summary").inner_text() == "reference-cpu: starter"
