"""The search finds a thing first where it belongs, and its index is not full of numbers."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from docutils import nodes
from docutils.utils import new_document
from helpers.book_factory import Book
from helpers.browser import Visit

from compactbench.report.site.search import index_without_tables


def test_the_index_gets_a_page_without_its_tables_and_the_page_keeps_them() -> None:
    indexed: list[tuple[str, str, str]] = []
    builder: Any = SimpleNamespace(format="html")
    builder.index_page = lambda page, tree, title: indexed.append((page, tree.astext(), title))
    builder.indexer = SimpleNamespace(lang=SimpleNamespace(stem=str.lower))
    index_without_tables(SimpleNamespace(builder=builder))
    tables = "<p>one</p><table class='a'>\n<td>12.3</td></table><p>two</p><table><td>45.6</td></table><p>three</p>"
    tree = new_document("page")
    tree += [nodes.paragraph("", "before"), nodes.raw("", tables, format="html")]
    builder.index_page("page", tree, "Title")
    assert indexed == [("page", "before\n\n<p>one</p> <p>two</p> <p>three</p>", "Title")]
    assert "12.3" in tree.astext() and "45.6" in tree.astext()


def test_a_word_is_stemmed_once_for_all_pages() -> None:
    stemmed: list[str] = []
    language = SimpleNamespace(stem=lambda word: stemmed.append(word) or word.rstrip("s"))
    builder: Any = SimpleNamespace(format="html", indexer=SimpleNamespace(lang=language))
    builder.index_page = lambda page, tree, title: language.stem(title)
    index_without_tables(SimpleNamespace(builder=builder))
    for title in ("models", "runs", "models"):
        builder.index_page("page", new_document("page"), title)
    assert stemmed == ["models", "runs"] and language.stem("models") == "model"


@pytest.fixture(scope="module")
def book(books: Callable[[str], Book]) -> Book:
    """That of the committed runs."""
    return books("reference")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("cold start", "method.html"),
        ("p95", "method.html"),
        ("BERT-small", "runs/starter/reference-cpu/bert-small.html"),
    ],
)
def test_what_is_asked_for_is_found_first_where_it_belongs(visit: Visit, asked: str, page: str) -> None:
    visit.open(f"search.html?q={quote(asked)}")
    first = visit.page.locator("#search-results li a").first
    assert urlsplit(first.get_attribute("href")).path.removeprefix("./") == page
    assert visit.wrong == []
