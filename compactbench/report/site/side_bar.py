"""The side bar: runs folded by machine and suite, so that a keyboard's stops are the book's pages and not its runs.

It is made once, and for each page only linked and marked: the theme would make it of the headings of all pages for each
page anew, which takes minutes where there are hundreds.
"""

import posixpath
import re
from collections import defaultdict
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

from compactbench.report.text.words import Html, html

RUN = re.compile(r"(runs/([^/]+)/([^/]+))/[^/]+\.html")
FOLD = Html(
    '<li class="has-children runs" data-place="{}"><details><summary>{}<span class="toctree-toggle" '
    'role="presentation"><i class="fa-solid fa-chevron-down"></i></span></summary><ul></ul></details></li>'
)
"""As the theme folds pages beneath a page, but with a name in place of a link."""
DEPENDING = re.compile(
    '(?P<entry><li class="[^"]*)" data-place="(?P<of>[^"]*)"'
    '|<details data-place="(?P<fold>[^"]*)"'
    '|(?P<link><a [^>]*)href="(?P<to>[^"]*)"'
)
"""What of a side bar depends on the page. A place is the address of an entry's page, or of the folder of its runs."""


class Made(NamedTuple):
    """A side bar of no page in particular.

    Args:
        bar: its HTML, with links from the site's root.
        around: the places of the entries around the link to each address.
    """

    bar: str
    around: dict[str, set[str]]


class SideBar:
    """That of one build."""

    def __init__(self) -> None:
        self._made: Made | None = None

    def spare(self, app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
        """Have the theme make the side bar of the first page alone: it does so for each to see whether it is empty."""
        theirs = context["toctree"]
        context["toctree"] = lambda **options: "" if self._made else theirs(**options)

    def fold_runs(self, app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
        """Have the theme fold the runs of each machine and suite; they stay so until a reader opens them."""
        theme, address = context["generate_toctree_html"], quote(page) + ".html"

        def folded(**options: Any) -> Html:
            self._made = self._made or _made(theme(**options), address)
            return _of_page(self._made, address)

        context["generate_toctree_html"] = folded


def _made(soup: BeautifulSoup, here: str) -> Made:
    """What the theme made for the page at the address `here`, without what is of that page alone."""
    for link in soup.select("a"):
        link["href"] = _from_root(here, str(link["href"]))
    for tag in soup.select(".current, .active"):
        tag["class"] = " ".join(one for one in tag.get_attribute_list("class") if one not in ("current", "active"))
    for entry in soup.select("li:has(> a)"):
        place = str(entry.select(":scope > a")[0]["href"])
        entry.attrs = {"class": " ".join(filter(None, entry.get_attribute_list("class"))), "data-place": place}
        for fold in entry.select(":scope > details"):
            fold.attrs = {"data-place": place}
    _fold(soup)
    _name_folds(soup)
    around = {
        str(link["href"]): {str(entry["data-place"]) for entry in link.find_parents("li", attrs={"data-place": True})}
        for link in soup.select("a")
    }
    return Made(str(soup), around)


def _of_page(made: Made, here: str) -> Html:
    """The side bar of the page at the address `here`: its entry and those around it are marked and open."""
    marked, up = made.around.get(here, set()), "../" * here.count("/")

    def depending(found: re.Match[str]) -> str:
        if found["entry"]:
            return found["entry"] + (' current active"' if found["of"] in marked else '"')
        if found["link"]:
            away = "://" in found["to"]
            return f'{found["link"]}href="{"#" if found["to"] == here else found["to"] if away else up + found["to"]}"'
        return '<details open="open"' if found["fold"] in marked else "<details"

    return Html(DEPENDING.sub(depending, made.bar))


def _fold(soup: BeautifulSoup) -> None:
    """Fold the entries of runs."""
    groups: dict[tuple[str, str, str], list[Tag]] = defaultdict(list)
    for entry in soup.select("li[data-place]"):
        if run := RUN.fullmatch(str(entry["data-place"])):
            folder, suite, machine = run.groups()
            groups[unquote(machine), unquote(suite), folder].append(entry)
    folds = {who: _empty_fold(*who) for who in sorted(groups)}
    if groups:
        next(iter(groups.values()))[0].insert_before(*folds.values())
    for who, fold in folds.items():
        fold.select("ul")[0].extend(groups[who])


def _name_folds(soup: BeautifulSoup) -> None:
    """Say what each fold of the theme's holds: an arrow says nothing to a screen reader."""
    for link in soup.select("li:has(> details) > a"):
        for fold in link.find_next_siblings("details"):
            fold.select("summary")[0]["aria-label"] = "Pages under " + link.get_text().strip()


def _empty_fold(machine: str, suite: str, folder: str) -> Tag:
    """The entry that the runs of a suite on a machine, which lie in `folder`, shall be folded in."""
    name = html(machine) + Html(": ") + html(suite)
    return BeautifulSoup(FOLD.format(folder, name), "html.parser").select("li")[0]


def _from_root(here: str, link: str) -> str:
    """Where a `link` of the page at the address `here` leads to, from the site's root."""
    if link == "#":
        return here
    return link if "://" in link else posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
