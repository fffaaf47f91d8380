"""Text that others wrote is shown letter by letter and never obeyed: in a sentence, on every page, in a browser."""

import json
import random
import re
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Any, Literal, TypeVar, get_args, get_origin

import nbformat
import pytest
import yaml
from helpers.book_factory import Book, build, made_up_records, make_tree
from helpers.book_factory import page_of as whole_page
from helpers.browser import Visit
from helpers.factory import make_record, runtime
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from plotly import graph_objects as go
from pydantic import BaseModel
from typing_extensions import is_typeddict

from compactbench.errors import one_line
from compactbench.foreign import Foreign, line
from compactbench.parameters import load_model
from compactbench.record import FailedRecord, Record
from compactbench.record.file import write
from compactbench.report.charts import classes, tradeoff
from compactbench.report.charts import run as run_charts
from compactbench.report.charts.runtimes import latencies_chart
from compactbench.report.charts.show import chart_again, chart_html, chart_json
from compactbench.report.site.executed import harmless, markdown_html
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import results
from compactbench.report.text import run_page as page
from compactbench.report.text import runtimes as runtime_views
from compactbench.report.text.model_card import card
from compactbench.report.text.words import code, html, listed, markdown, markdown_table
from compactbench.settings import Name, Place

ATTACK = r"""{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }} {% include '/etc/passwd' %} ${x} $x^2$
<img src=x onerror="window.PWNED=1"> <script>window.PWNED=2</script> </script> <!-- c --> <b>bold</b> &amp; &lt;
[link](javascript:window.PWNED=3) <javascript:alert(1)> ![i](http://evil.invalid/i.png) http://evil.invalid | cell \|
`code` {raw}`x` *em* __u__ ~~s~~ "double" 'single' -- ... \ %{y} %{customdata[0]}

# heading

```{eval-rst}
.. raw:: html
```
:::{include} /etc/passwd
:::
"""
SHOWN = " ".join(ATTACK.split())
NAMES = {"suite", "machine", "model"}
"""Fields that name folders and files: what else they may hold is checked where they are read."""
CHECKED = [get_args(kind)[1] for kind in (Name, Place)]
"""The checks of texts that name something, too."""
M = TypeVar("M", bound=BaseModel)


def hostile(text: str) -> str:
    return f"{ATTACK}{text}"


def attacked(part: M) -> M:
    """`part` with an attack in front of every text, but in names, in fixed vocabularies and where a pattern forbids.

    It walks the fields as they are declared, so that a new one is attacked too.
    """
    changes = {name: planted(getattr(part, name), name, field) for name, field in type(part).model_fields.items()}
    return type(part).model_validate({**dict(part), **changes})


def planted(value: Any, name: str, field: Any = None) -> Any:
    if field is not None:
        kinds = {field.annotation, *get_args(field.annotation)}
        patterned = any(getattr(part, "pattern", None) or part in CHECKED for part in field.metadata)
        if (name in NAMES and isinstance(value, str)) or patterned or get_origin(field.annotation) is Literal:
            return value
        if is_typeddict(field.annotation):  # its keys are fixed
            return {key: planted(item, key) for key, item in value.items()}
        if value is None and {str, NoneType} <= kinds:
            value = name
    if isinstance(value, BaseModel):
        return attacked(value)
    if isinstance(value, str):
        return hostile(str(value))
    if isinstance(value, list):
        return [planted(item, name) for item in value]
    if isinstance(value, dict):  # its own keys stay beside the hostile ones: the report asks for some of them by name
        return value | {hostile(str(key)): planted(item, name) for key, item in value.items()}
    return value


def attacked_run(run: Record | FailedRecord) -> Record | FailedRecord:
    """A record whose every text is an attack; a runtime that works has no error to plant it in."""
    attack = attacked(run)
    if isinstance(attack, FailedRecord):
        return attack
    whole = [one.model_copy(update={"error": None}) for one in attack.runtimes]
    return attack.model_copy(update={"runtimes": [*whole, attack.runtimes[0].model_copy(update={"device": "cuda"})]})


def texts_of(part: Any) -> list[str]:
    """Every text in `part`."""
    if isinstance(part, BaseModel):
        return [text for name in type(part).model_fields if name not in NAMES for text in texts_of(getattr(part, name))]
    if isinstance(part, list | dict):
        return [
            text for item in ([*part, *part.values()] if isinstance(part, dict) else part) for text in texts_of(item)
        ]
    return [part] if isinstance(part, str) else []


# What turns text into Markdown and HTML


def seen(source: str, parser: MarkdownIt) -> str:
    """The text that a reader of rendered Markdown sees; anything but text and one paragraph is an error."""
    tokens = parser.parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], source
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}, source
    return "".join(child.content for child in children)


def test_markdown_shows_any_text_letter_by_letter() -> None:
    """Three thousand short texts of the signs that mean something, as everything that reads Markdown here reads it."""
    draw = random.Random(1)
    signs = [
        *"\\`*_{}[]()<>#+-.!|~:$^=%&;'\"@/1 9aB\n\té",
        "](x)",
        "{{",
        "}}",
        ":::",
        "```",
        "---",
        "<b>",
        "&lt;",
        "1. ",
    ]
    parsers = [MarkdownIt("commonmark").enable(["table", "strikethrough"])]
    extensions = {"colon_fence", "dollarmath", "substitution", "deflist", "fieldlist", "tasklist", "attrs_inline"}
    parsers.append(create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML))
    for _ in range(3_000):
        text = "".join(draw.choices(signs, k=draw.randint(1, 12)))
        if text.strip():
            for parser in parsers:
                assert seen(markdown(text), parser) == " ".join(text.split()), text


def test_html_shows_any_text_letter_by_letter() -> None:
    assert html("<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"
    assert html(html("<b>")) == "&lt;b&gt;" and markdown(markdown("*a*")) == r"\*a\*"


def test_a_table_and_a_list_escape_mere_text() -> None:
    table = markdown_table(["*a*", "b"], [["x | y", markdown("x | y")], [r"\| `|` ", code("a|b")]])
    cells = re.findall(r"<t[dh].*?>(.*?)</t[dh]>", markdown_html(table))
    assert cells == ["*a*", "b", "x | y", "x | y", r"\| `|`", "a|b"]
    assert listed(["*a*", markdown("b"), "c_"]) == r"\*a\*, b and c\_"


def test_code_is_code_only_where_it_looks_like_a_name() -> None:
    assert code("google/bert_uncased_L-2") == "`google/bert_uncased_L-2`"
    assert code("a` <b>") == r"a\` \<b\>"


def test_foreign_text_cannot_be_put_into_a_sentence_as_it_is() -> None:
    """Each text of a record, and of a model's file what is meant for readers."""
    model = load_model("bert-tiny")
    for text in [model.title, model.summary, model.license, make_record().title + "!", "The " + make_record().title]:
        with pytest.raises(TypeError, match="foreign text"):
            f"**{text}**"
    figure = go.Figure(go.Scatter(x=[1], y=[2], text=[make_record().title]))
    with pytest.raises(TypeError, match="foreign text 'Alpha' in a chart"):
        chart_json(figure)


@pytest.mark.parametrize(
    "run", [*made_up_records(), make_record(runtimes=[runtime(error="none")])], ids=lambda run: run.model
)
def test_every_text_of_a_record_is_foreign(run: Record | FailedRecord) -> None:
    """A field that was forgotten could be shown as it is; what is left are fixed vocabularies."""
    own = {text for text in texts_of(run) if not isinstance(text, Foreign)}
    assert own <= {"ok", "failed", "cpu", "cuda", "fp32", "bf16", "pretrained", "random", "none", "batch", "cap"}


def test_a_terminal_gets_one_line_that_steers_nothing() -> None:
    assert line("a\x1b[2J\r\nb\u202ec\ud800") == "a\ufffd[2J b\ufffdc\ufffd"
    assert one_line(ValueError("\x1b]0;x\x07\n  y")) == "ValueError: \ufffd]0;x\ufffd y"


def test_only_a_chart_of_ours_survives_from_the_html_of_a_page() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2], name="</script>"))
    element = chart_html(figure, "own", 'less < "more"')
    assert chart_again(element) == element
    attack = element.replace('role="img"', 'onclick="alert(1)"').replace("less", "<script>alert(1)</script>")
    assert "onclick" not in chart_again(attack) and "<script>alert" not in chart_again(attack)
    assert chart_again("<script>alert(1)</script>" + element) is None
    assert chart_again(element.replace('"data"', "data")) is None


def test_markdown_of_a_page_becomes_html_that_runs_nothing() -> None:
    shown = markdown_html("a <small>b</small> <script>x</script>\n\n<div onclick=x>\n\n![alt](http://evil.invalid/)\n")
    assert "<small>b</small>" in shown and "alt" in shown
    assert re.findall(r"<(\w+)", shown) == ["p", "small", "p"]
    assert "href" not in markdown_html("[a](javascript:alert(1)) <javascript:alert(1)> [b](data:text/html,x)")


def test_a_page_has_the_title_of_its_record_even_where_it_cannot_be_read(tmp_path: Path) -> None:
    """A name may have a dot, and a page may be no notebook at all: the others must be shown all the same."""
    run = make_record("v1.5", title="*One*")
    write(run, tmp_path / "runs" / "starter" / "here" / "v1.5.json")
    shown = {}
    for source in ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "[]", "{"):
        given = [source]
        harmless(SimpleNamespace(srcdir=tmp_path), "runs/starter/here/v1.5", given)
        shown[source] = [cell.source for cell in nbformat.reads(given[0], as_version=4).cells]
    expected = [r"# \*One\* on reference-cpu", "This page cannot be read."]
    assert [*shown.values()] == [expected] * 3


def test_the_model_card_is_text() -> None:
    text = card(attacked_run(make_record(settings={"suite": {"max_length": 512}, "model": {}})))
    front, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()
    assert yaml.safe_load(front)["base_model"] == " ".join(hostile("somewhere/alpha").split())
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    inner = [child for token in tokens for child in token.children or []]
    assert {token.type for token in [*tokens, *inner]} & {
        "html_block",
        "html_inline",
        "image",
        "link_open",
        "fence",
    } == set()
    words = "".join(child.content for child in inner)
    assert words.count(SHOWN) > 10


# The site


def page_of(run: Record) -> nbformat.NotebookNode:
    """A page as the template leaves it: every sentence and chart, made of the parts of `run`."""
    said = [
        page.who(attacked(load_model("bert-tiny")), run.classifier, run.weights),
        page.where(run.conditions),
        page.about_data(run.data),
        page.about_finetune(run.finetune),
        page.about_quality(run.trained.quality, run.data, run.weights),
        page.about_export(run.runtimes),
        page.about_record(Path(run.title), run.fingerprint.digest),
        runtime_views.table(run),
        runtime_views.verdicts(run),
        runtime_views.gains([run]),
    ]
    drawn = {
        "balance": classes.class_balance(run.data),
        "confusion": classes.confusion_matrix(run.trained.quality, run.data.classes),
        "artefact": run_charts.artefact_size(run.trained.artefact),
        "runtimes": latencies_chart(run),
        "tradeoff": tradeoff.tradeoff(results([run]), LATENCY, SIZE),
    }
    forms = [{"text/markdown": text} for text in said]
    forms += [{"text/html": chart_html(figure, slug, run.title)} for slug, figure in drawn.items()]
    cells = [new_code_cell("pass", execution_count=1, outputs=[new_output("display_data", form)]) for form in forms]
    return new_notebook(cells=[new_markdown_cell("# One model"), *cells], metadata=whole_page(run).metadata)


def planted_page(run: Record | FailedRecord) -> nbformat.NotebookNode:
    """A page in place of that of `run`, as papermill would leave it: an attack in every place that a notebook has."""
    script = "<script>window.PWNED=4</script><img src=x onerror='window.PWNED=5'>"
    rst = "```{eval-rst}\n.. raw:: html\n\n   <script>window.PWNED=6</script>\n```\n"
    rst += "```{include} ../../../../secret.md\n```\n"
    image = "![i](http://evil.invalid/i.png)\n\n![f](../../../../secret.png)\n"
    forms = [
        {"text/html": script},
        {"text/markdown": f"{script}\n\n{rst}\n{image}{ATTACK}"},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{script}</svg>"},
        {"application/javascript": "window.PWNED=7"},
        {"text/latex": "$x$" + script},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
        {"text/plain": ATTACK},
    ]
    outputs = [new_output("display_data", form) for form in forms]
    outputs += [new_output("stream", name=name, text=f"{ATTACK}\x1b[31m") for name in ("stdout", "stderr")]
    raw = new_raw_cell(script, metadata={"format": "text/html"})
    settings = {"enable_extensions": ["substitution"], "substitutions": {"x": ATTACK}}
    markup = [
        new_markdown_cell(source)
        for source in ("text", "### Title", f"a {script}\n\n{script}\n\n{rst}\n{image}", ATTACK)
    ]
    format_asked = {"mystnb": {"markdown_format": "myst"}}
    code_cell = new_code_cell(ATTACK, execution_count=1, outputs=outputs, metadata=format_asked)
    found = new_notebook(cells=[*markup, raw, code_cell], metadata=whole_page(run).metadata)
    found.metadata |= {"myst": settings, "mystnb": {"render_markdown_format": "myst"}, "substitutions": {"x": ATTACK}}
    return nbformat.from_dict(found)


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
