"""What others find the site by."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from docutils import nodes

from compactbench.report.site.discovery import LONGEST, describe, publish_map

RUN = 'Accuracy: 96.2 % ("5 ms" <b>)'


def described(text: str, title: str = "Title", page: str = "page") -> str:
    """The tags of a page whose first paragraph this is; the page "run" is that of a run."""
    tree = nodes.section("", nodes.paragraph("", text), nodes.paragraph("", "second"))
    context = {"pagetitle": title, "pageurl": f"https://example.org/book/{page}.html"}
    told = {"compactbench_descriptions": {"run": RUN}, "html_baseurl": "https://example.org/book/"}
    app = SimpleNamespace(config=SimpleNamespace(**told))
    describe(app, page, "page.html", context, tree)
    return context["metatags"]


def test_the_first_paragraph_describes_a_page_and_is_cut_at_a_word() -> None:
    assert '<meta name="description" content="First of two." />' in described("First\nof  two.")
    content = described("word " * 50).partition('content="')[2].partition('"')[0]
    assert content.endswith("word …") and len(content) <= LONGEST + 2


def test_the_numbers_of_a_run_describe_its_page() -> None:
    """All pages of runs begin with the same sentence."""
    tags = described("Every number below was taken by this notebook.", page="run")
    assert tags.count('content="Accuracy: 96.2 % (&#34;5 ms&#34; &lt;b&gt;)"') == 2
    assert '<meta property="og:url" content="https://example.org/book/run.html" />' in tags


def test_a_link_to_a_page_is_shown_with_the_site_s_picture() -> None:
    """Its address must be whole: those who show links do not know the page's."""
    tags = described("First.")
    assert '<meta property="og:image" content="https://example.org/book/card.png" />' in tags
    assert '<meta name="twitter:card" content="summary_large_image" />' in tags


def test_foreign_text_stays_in_its_attribute() -> None:
    tags = described('"><script>alert(1)</script>', '"><b>')
    assert "<script" not in tags and "<b>" not in tags


def test_a_page_without_a_paragraph_has_no_description() -> None:
    context: dict[str, Any] = {}
    describe(SimpleNamespace(), "search", "search.html", context, None)
    assert context == {}


def site(out: Path, pages: set[str], **config: str) -> Any:
    for page in pages:
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        (out / f"{page}.html").write_text("")
    told = SimpleNamespace(**{"html_baseurl": "https://example.org/book/", "html_title": "A <b>"} | config)
    builder = SimpleNamespace(format="html")
    return SimpleNamespace(outdir=out, config=told, builder=builder, env=SimpleNamespace(found_docs=pages | {"gone"}))


def test_the_map_has_every_page_that_was_made(tmp_path: Path) -> None:
    publish_map(site(tmp_path, {"index", "runs/a&b"}), None)
    found = [node.text for node in ElementTree.parse(tmp_path / "sitemap.xml").getroot().iter() if node.text]
    assert found == ["https://example.org/book/index.html", "https://example.org/book/runs/a&b.html"]
    page = (tmp_path / "404.html").read_text()
    assert '<a href="https://example.org/book/">A &lt;b&gt;</a>' in page


def test_a_site_without_an_address_has_neither(tmp_path: Path) -> None:
    publish_map(site(tmp_path, {"index"}, html_baseurl=""), None)
    assert not (tmp_path / "sitemap.xml").exists() and not (tmp_path / "404.html").exists()
