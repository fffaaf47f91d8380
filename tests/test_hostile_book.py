"""A book whose every record, model and page is hostile, in a browser: nothing runs, and every text is shown."""

import json

import nbformat
import pytest
import yaml
from helpers.book_factory import Book, build, made_up_records, make_tree
from helpers.browser import Visit
from helpers.hostile import (
    ATTACK,
    SHOWN,
    attacked,
    attacked_run,
    hostile,
    page_of,
    planted_page,
)

from compactbench.parameters import load_model
from compactbench.record import Record
from compactbench.record.file import write


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A book whose every record, model and page is hostile."""
    root = tmp_path_factory.mktemp("hostile")
    tree = make_tree(root / "tree", with_reference_runs=False)
    runs = [attacked_run(run) for run in made_up_records()]
    for run in runs:
        path = tree / "book" / "runs" / run.suite / run.machine / run.model
        write(run, path.with_suffix(".failed.json" if run.status == "failed" else ".json"))
        if isinstance(run, Record):
            nbformat.write(page_of(run), path.with_suffix(".ipynb"))
    nbformat.write(planted_page(runs[1]), path.with_name("beta.ipynb"))
    path.with_name("stray.md").write_text(ATTACK)
    (root / "secret.md").write_text("SECRET")
    model = attacked(load_model("bert-tiny")).model_dump(mode="json", exclude={"path", "package", "sha256"})
    (tree / "params" / "models" / "bert-tiny.yaml").write_text(yaml.safe_dump(model))
    done = build(tree, root / "out")
    assert done.returncode == 0, done.stdout
    return Book(tree, root / "out" / "_build" / "html", done.stdout)


@pytest.mark.slow
def test_no_page_of_a_hostile_book_runs_anything(book: Book, visit: Visit) -> None:
    """No file appears, no script runs, nothing is asked of elsewhere, and no element is there that could."""
    visit.page.on("dialog", lambda dialog: visit._note(f"dialog {dialog.message}"))
    for path in book.pages():
        visit.open(path)
        assert visit.ask("window.PWNED") is None, path
        assert visit.ask(DANGEROUS) == [], path
    assert visit.wrong == []
    assert [*book.tree.rglob("MARK*"), *book.html.rglob("stray*")] == []
    assert not any("SECRET" in file.read_text() for file in book.html.rglob("*.html"))


@pytest.mark.slow
def test_every_page_shows_foreign_text_letter_by_letter(book: Book, visit: Visit) -> None:
    expected = {
        "index.html": [
            "Alpha",
            "Beta",
            "Tfidf",
            "Broken",
            "the weights could not be read",
            "Example news",
            "Example CPU",
            "baseline: no transformer",
        ],
        "summary.html": ["Alpha", "Beta", "Broken", "finetune"],
        "machines.html": ["Example CPU", "Linux 6.1", "2.13.0", "torch", "gpu_driver", "governor"],
        "method.html": ["Example news", "Somebody, 2006", "research", "business", "package example 1.0"],
        "add-a-model.html": ["Apache-2.0", "google/bert_uncased_L-2_H-128_A-2"],
        "runs/starter/reference-cpu/alpha.html": ["Alpha", "business", "model.safetensors", "torch fp32", "sdpa"],
    }
    for path, texts in expected.items():
        visit.open(path)
        words = " ".join(visit.ask("document.querySelector('article').textContent").split())
        for text in texts:
            assert f"{SHOWN} {text}" in words, (path, text)


@pytest.mark.slow
def test_charts_show_foreign_text_letter_by_letter(book: Book, visit: Visit) -> None:
    """In what is drawn, and under the pointer: plotly reads a little HTML, and fills in %{...}."""
    visit.open("runs/starter/reference-cpu/alpha.html")
    drawn = {
        "balance": ("[{curveNumber: 0, pointNumber: 0}]", f"{SHOWN} business: 70"),
        "confusion": ("{xval: 1, yval: 0}", f"predicted: {SHOWN} sports"),
        "artefact": ("[{curveNumber: 0, pointNumber: 1}]", f"{SHOWN} config.json"),
        "runtimes": ("[{curveNumber: 0, pointNumber: 0}]", f"{SHOWN} torch fp32"),
        "tradeoff": ("[{curveNumber: 1, pointNumber: 0}]", f"{SHOWN} Alpha"),
    }
    for slug, (place, text) in drawn.items():
        visit.ask(f"window.Plotly.Fx.hover(document.querySelector('#chart-{slug} .chart-canvas'), {place})")
        found = " ".join(visit.ask(f"document.querySelector('#chart-{slug} .hoverlayer').textContent").split())
        assert text.replace(" ", "") in found.replace(" ", ""), slug
    legend = visit.ask("document.querySelector('#chart-tradeoff .legend').textContent")
    assert f"{SHOWN} fine-tuned transformer".replace(" ", "") in legend.replace(" ", "")
    caption = visit.ask("document.querySelector('#chart-tradeoff figcaption').textContent")
    assert caption == f"{SHOWN} Alpha"


@pytest.mark.slow
def test_search_shows_foreign_headings_as_text(book: Book, visit: Visit) -> None:
    visit.open("search.html?q=onerror")
    visit.page.wait_for_selector("#search-results li")
    visit.page.wait_for_function("document.querySelector('#search-results').textContent.includes('Alpha')")
    assert visit.ask("window.PWNED") is None and visit.ask(DANGEROUS) == []
    assert visit.page.locator("#search-results img, #search-results script").count() == 0
    assert visit.wrong == []


@pytest.mark.slow
def test_tables_to_download_hold_foreign_text_as_it_was(book: Book) -> None:
    titles = {row["title"] for row in json.loads((book.html / "results.json").read_text())}
    assert hostile("Alpha") in titles and hostile("Broken") in titles


DANGEROUS = """[...document.querySelectorAll("*")].filter(element =>
  [...element.attributes].some(one => one.name.startsWith("on") && one.value.includes("PWNED")
    || /^(href|src)$/.test(one.name) && /^\\s*(javascript:|data:text|https?:..evil)/i.test(one.value))
  || element.matches("iframe, object, embed, base")
  || element.matches("script") && element.type !== "application/json" && element.textContent.includes("PWNED")
).map(element => element.outerHTML)"""
"""Elements that would obey an attack."""
