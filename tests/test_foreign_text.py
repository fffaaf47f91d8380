"""Text that others wrote is shown letter by letter and never obeyed: in a sentence, a table, a chart, a page."""

import random
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from helpers.book_factory import made_up_records
from helpers.factory import make_record, runtime
from helpers.hostile import SHOWN, attacked_run, hostile, texts_of
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from plotly import graph_objects as go

from compactbench.errors import one_line
from compactbench.foreign import Foreign, line
from compactbench.parameters import load_model
from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.record.file import write
from compactbench.report.charts.show import chart_again, chart_html, chart_json
from compactbench.report.site.executed import harmless, markdown_html
from compactbench.report.text.model_card import card
from compactbench.report.text.serving import PROGRAMS
from compactbench.report.text.words import code, html, listed, markdown, markdown_table
from compactbench.settings import SettingsError


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
    assert str(SettingsError("columns: 'a\udce4'\n 'b'")) == "columns: 'a\ufffd' 'b'"


def test_only_a_chart_of_ours_survives_from_the_html_of_a_page() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2], name="</script>"))
    element = chart_html(figure, "own", 'less < "more"')
    figure, shown = element.partition("<script")[2], chart_again(element)
    assert figure.partition("</figure>")[0] in shown and chart_again(element.replace("figure", "div")) is None
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
    page = "/".join(("runs", run.suite, run.machine, run.model))
    write(run, tmp_path / f"{page}.json")
    shown = {}
    for source in ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "[]", "{"):
        given = [source]
        app = SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(compactbench_boxes={}))
        harmless(app, page, given)
        shown[source] = [cell.source for cell in nbformat.reads(given[0], as_version=4).cells]
    expected = [r"# \*One\* (Example CPU, 2 cores)", "This page cannot be read."]
    assert [*shown.values()] == [expected] * 3


def test_the_model_card_is_text() -> None:
    """Of code it has the programs alone, as they stand in their files."""
    model = {"license": hostile("Own"), "keep_layers": [0, 2]}
    suite = {"max_length": 512, "dataset": {"hub_id": hostile("some/news")}}
    run = attacked_run(make_record(settings={"suite": suite, "model": model}))
    int8 = RuntimeResult.model_validate(runtime(runtime="onnxruntime", precision="int8"))
    trained = run.trained.model_copy(update={"runtime": "torch"})  # else it is no network, and has other words
    text = card(run.model_copy(update={"runtimes": [trained, *run.runtimes[1:], int8]}))
    front, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()
    told = yaml.safe_load(front)
    assert told["base_model"] == " ".join(hostile("somewhere/alpha").split())
    assert told["datasets"] == [line(hostile("some/news"))]
    assert (told["license"], told["license_name"]) == ("other", line(hostile("own")).lower())
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    inner = [child for token in tokens for child in token.children or []]
    assert {token.type for token in [*tokens, *inner]} & {
        "html_block",
        "html_inline",
        "image",
        "link_open",
    } == set()
    code = {file.read_text() for file in PROGRAMS.iterdir()}
    assert {token.content for token in tokens if token.type == "fence"} == code
    words = "".join(child.content for child in inner)
    assert words.count(SHOWN) > 10
