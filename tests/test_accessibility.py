"""No page of the site keeps a reader out: axe-core finds no serious or critical violation, in either theme."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers.book_factory import Book
from helpers.browser import FOLLOWED, Visit

pytestmark = pytest.mark.slow

GRAVE = {"serious", "critical"}
UNFOLD = "document.querySelectorAll('article details').forEach((one) => (one.open = true))"
LOOKED_AT = """() => document.getAnimations().length === 0
  && [...document.querySelectorAll("article :is(pre, .pst-scrollable-table-container)")].every(box =>
  box.tabIndex === (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight ? 0 : -1))"""
"""Whether no colour is changing, and the theme has made all that scrolls a stop of the Tab key, unfolded parts too."""
OPTIONS = {"resultTypes": ["violations"], "preload": False}
"""Style sheets are not fetched once more: no rule in use reads them, and the address of one would be none."""


@pytest.fixture(scope="module", params=["made_up", "reference"])
def book(request: pytest.FixtureRequest, books: Callable[[str], Book]) -> Book:
    return books(request.param)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_page(book: Book, visit: Visit, theme: str) -> None:
    """All that is folded is unfolded. The pages' policy stays as it is: what DevTools evaluates is not bound by it."""
    visit.page.emulate_media(color_scheme=theme)
    found = []
    for path in book.pages():
        visit.open(path)
        visit.page.wait_for_function(FOLLOWED, arg=theme)
        visit.ask(UNFOLD)
        visit.page.wait_for_function(LOOKED_AT)
        found += [f"{path}: {one}" for one in grave(visit)]
    assert found == []
    assert visit.wrong == []


@pytest.mark.parametrize("book", ["made_up"], indirect=True)
def test_axe_would_find_a_pale_text_and_a_link_without_a_name(book: Book, visit: Visit) -> None:
    """A policy that keeps axe from running would look like a site without violations."""
    visit.open("method.html")
    pale = "<p style='color: #aaa; background: #fff'>pale <a href='#'></a></p>"
    visit.ask(f"document.querySelector('article').insertAdjacentHTML('afterbegin', {pale!r})")
    assert {one.split()[0] for one in grave(visit)} == {"color-contrast", "link-name"}


def grave(visit: Visit) -> list[str]:
    """Each serious or critical violation on the page as it is now: the rule, and the elements that break it."""
    violations = Axe().run(visit.page, options=OPTIONS).response["violations"]
    return [f"{one['id']} {[node['target'] for node in one['nodes']]}" for one in violations if one["impact"] in GRAVE]
