"""The site of a book with more runs than it shows in full, and the builds after it: what comes and goes."""

from pathlib import Path

import pytest
from helpers.book_factory import build, make_tree
from helpers.planted import run_in

pytestmark = pytest.mark.slow

MOST = "MOST_RUNS = 300"
SENTENCE = "Shown in full are 1 of 7 runs"


def test_pages_of_groups_come_and_go_with_what_is_shown_in_full(tmp_path: Path) -> None:
    """Every file to download and the table have all seven runs each time; nothing of a page is left behind."""
    book = make_tree(tmp_path / "tree", with_reference_runs=False) / "book"
    (book / "runs" / "starter" / "desk").mkdir()
    run_in(book / "runs" / "starter" / "desk", "alpha")
    rule = book.parent / "compactbench" / "report" / "tables" / "groups.py"
    whole = rule.read_text()
    assert MOST in whole
    site = tmp_path / "out" / "_build" / "html"
    for most, machines in ((3, {"desk"}), (300, {"desk", "reference-cpu"}), (3, {"desk"})):
        rule.write_text(whole.replace(MOST, f"MOST_RUNS = {most}"))
        done = build(book.parent, tmp_path / "out")
        assert done.returncode == 0, done.stdout
        for kind in ("runs/*/*/*.html", "runs/*/*/*.json", "_sources/runs/*/*/*"):
            assert {page.parent.name for page in site.glob(kind)} == machines, kind
        assert {page.stem for page in (site / "machines").glob("*.html")} == machines
        assert len((site / "results.csv").read_text().splitlines()) == 1 + 7
        assert "Frozen" in (site / "results.html").read_text()
        for page in ("index", "machines", "choose"):
            assert (SENTENCE in (site / f"{page}.html").read_text()) == (most == 3), page
        assert ("Beta" in (site / "summary.html").read_text()) == (most == 300)
