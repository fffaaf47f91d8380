"""The side bar: runs folded by machine and suite, so that a keyboard's stops are the book's pages and not its runs."""

import functools
import posixpath
import re
from collections import defaultdict
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

from compactbench.report.text.words import Html, html

RUN = re.compile(r"runs/([^/]+)/([^/]+)/[^/]+")
FOLD = Html(
    '<li class="has-children runs{}"><details><summary>{}<span class="toctree-toggle" role="presentation">'
    '<i class="fa-solid fa-chevron-down"></i></span></summary><ul></ul></details></li>'
)
"""As the theme folds pages beneath a page, but with a name in place of a link."""


def fold_runs(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Have the theme fold the runs of each machine and suite; they stay so until a reader opens them."""
    made = context["generate_toctree_html"]

    @functools.cache  # as the theme's own: what is folded would be folded again
    def folded(*given: Any, **options: Any) -> BeautifulSoup:
        soup: BeautifulSoup = made(*given, **options)
        _fold(soup, page)
        _name_folds(soup)
        return soup

    context["generate_toctree_html"] = folded


def _fold(soup: BeautifulSoup, page: str) -> None:
    """Fold the entries of runs in the side bar of `page`."""
    groups: dict[tuple[str, str], list[Tag]] = defaultdict(list)
    for entry in soup.select("li"):
        link = entry.select_one(":scope > a")
        run = RUN.fullmatch(_target(page, str(link["href"]))) if link else None
        if run:
            suite, machine = run.groups()
            groups[machine, suite].append(entry)
    folds = {who: _empty_fold(*who, groups[who]) for who in sorted(groups)}
    if groups:
        next(iter(groups.values()))[0].insert_before(*folds.values())
    for who, fold in folds.items():
        fold.select("ul")[0].extend(groups[who])


def _name_folds(soup: BeautifulSoup) -> None:
    """Say what each fold of the theme's holds: an arrow says nothing to a screen reader."""
    for link in soup.select("li:has(> details) > a"):
        for fold in link.find_next_siblings("details"):
            fold.select("summary")[0]["aria-label"] = "Pages under " + link.get_text().strip()


def _empty_fold(machine: str, suite: str, entries: list[Tag]) -> Tag:
    """The entry that these shall be folded in, marked where one of them is of the page itself."""
    here = Html(" current" if any("current" in entry["class"] for entry in entries) else "")
    name = html(machine) + Html(": ") + html(suite)
    return BeautifulSoup(FOLD.format(here, name), "html.parser").select("li")[0]


def _target(page: str, link: str) -> str:
    """The page that a `link` of the side bar of `page` leads to, without its ending."""
    if link == "#":
        return page
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(link))).removesuffix(".html")
