"""The feed of changes, from a repository made for the purpose."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from compactbench.report.site.feed import announce_feed, findings, write_feed

README = "# Title\n\n<!-- finding: what a test checks -->\n{}\n<!-- end of finding -->\n{}"
ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://example.org/book/"
FIRST, SECOND = "**Take A.** It is\n90 % right.", "**Take B & <i>.** It is 95 % right."


def git(root: Path, *asked: str, date: str = "") -> None:
    """A command of git in `root`, by nobody in particular."""
    who = ["-c", "user.name=n", "-c", "user.email=e"]
    dates = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date} if date else {}
    subprocess.run(["git", *who, *asked], cwd=root, env=os.environ | dates, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose README found one thing on day 1 and another on day 3, and was edited on days 2 and 4."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    for day, (finding, rest) in enumerate([(FIRST, "x"), (FIRST, "y"), (SECOND, "y"), (SECOND, "z")], 1):
        (root / "README.md").write_text(README.format(finding, rest))
        git(root, "add", "README.md")
        git(root, "commit", "-q", "-m", "m", date=f"2026-01-0{day}T10:00:00+00:00")
    return root


def app(root: Path, site: str = SITE) -> Any:
    """A builder of the book of that repository."""
    config = SimpleNamespace(html_baseurl=site, project="Book")
    return SimpleNamespace(srcdir=root / "book", outdir=root, config=config, builder=SimpleNamespace(format="html"))


def test_a_finding_dates_from_the_commit_that_brought_it(root: Path) -> None:
    told = [(one.updated[:10], one.what, one.text) for one in findings(root)]
    assert told == [
        ("2026-01-03", "Take B & <i>.", "**Take B & <i>.** It is 95 % right."),
        ("2026-01-01", "Take A.", "**Take A.** It is 90 % right."),
    ]


def test_each_entry_says_what_was_said_before(root: Path) -> None:
    write_feed(app(root), None)
    feed = ElementTree.parse(root / "feed.xml").getroot()
    assert feed.findtext(f"{ATOM}updated")[:10] == "2026-01-03"
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}content") for entry in entries] == [
        "Take B & <i>. It is 95 % right. Before, it was: Take A. It is 90 % right.",
        "Take A. It is 90 % right.",
    ]
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Take B & <i>.", "Take A."]
    ids = {entry.findtext(f"{ATOM}id") for entry in entries}
    assert len(ids) == 2 and all(one.startswith(f"{SITE}feed.xml#") for one in ids)


def test_pages_name_the_feed(root: Path) -> None:
    context = {"metatags": "<meta />"}
    announce_feed(app(root), "index", "page.html", context, None)
    assert context["metatags"] == f'<meta /><link rel="alternate" type="application/atom+xml" href="{SITE}feed.xml" />'


def without_history(root: Path) -> Path:
    git(root.parent, "clone", "-q", "--depth=1", root.as_uri(), "shallow")
    return root.parent / "shallow"


def without_repository(root: Path) -> Path:
    folder = root.parent / "none"
    folder.mkdir()
    (folder / ".git").write_text("no repository")  # nor is one that lies above it
    return folder


@pytest.mark.parametrize("where", [without_history, without_repository])
def test_without_the_whole_history_there_is_no_feed(root: Path, where: Callable[[Path], Path]) -> None:
    """The last commit of a part of it would pass for the one that brought the finding."""
    folder, context = where(root), {}
    write_feed(app(folder), None)
    announce_feed(app(folder), "index", "page.html", context, None)
    assert not (folder / "feed.xml").exists() and context == {}


def test_without_an_address_there_is_no_feed(root: Path) -> None:
    write_feed(app(root, site=""), None)
    assert not (root / "feed.xml").exists()
