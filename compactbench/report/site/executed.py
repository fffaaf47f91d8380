"""What the site shows of an executed notebook, which may have been written by anyone.

Of a page it takes source code, plain CommonMark, and of each output a chart, Markdown or plain text. What could run in
a browser (HTML, scripts, widgets), name a file of this machine (directives, images) or set up the parser (metadata) is
left out or shown as text.
"""

import functools
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from nbformat import NotebookNode, v4
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from compactbench.record import Record
from compactbench.report.charts.show import chart_again
from compactbench.report.site.cells import code_cell, markdown_cell, notebook, shown
from compactbench.report.site.sections import telling
from compactbench.report.tables.collect import read_once
from compactbench.report.text.run_page import title
from compactbench.report.text.words import Html, Markdown, html, markdown

METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    "myst": {"commonmark_only": True},  # no roles, no directives
}
LANGUAGES = {"ipython3", "ipythontb", "myst-ansi", "python", "bash", "yaml", "json"}
"""What code is coloured as; a name that nobody knows would end a strict build."""

THEMED = {
    'style="text-align:right"': 'class="text-right"',
    "<table>": '<div class="table-scroll" tabindex="0"><table class="table">',
    "</table>": "</table></div>",
    "<code>": '<code class="docutils literal notranslate">',
}
"""What a parser of Markdown writes, and what the theme knows how to style; text in its HTML has no such tags."""


def is_executed(page: str) -> bool:
    """Whether the document `page` is a notebook that ran: the summary, or the page of a run."""
    return page == "summary" or page.startswith("runs/")


def harmless(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the `source` of an executed page, as Sphinx has read it, by what the site shows of it.

    It is not checked here: the pages of runs were, when they were told from what is none, and so was the summary.
    """
    if not is_executed(page):
        return
    run = _run(Path(app.srcdir, page))
    heading = markdown_cell(f"# {title(run) if run else markdown(page.capitalize())}")
    try:
        first, *cells = [_cell(cell) for cell in v4.reads(source[0]).cells if cell.cell_type != "raw"]
    except Exception:  # no JSON, no notebook, no cell: the library raises many kinds
        first, *cells = [markdown_cell("This page cannot be read.")]
    first.source = re.sub(r"\A# .*", "", first.source) if first.cell_type == "markdown" else first.source
    head = [heading, *_box(app.config.compactbench_boxes.get(page)), first]
    source[0] = v4.writes(notebook([*head, *telling(cells, run)], METADATA))


def _run(page: Path) -> Record | None:
    """The run whose page it is; None for the summary, which has no record."""
    record = page.with_name(f"{page.name}.json")  # a name may have a dot in it
    run = read_once(record) if record.is_file() else None
    return run if isinstance(run, Record) else None


def _box(box: Markdown | None) -> list[NotebookNode]:
    """The result box as a cell; none for the summary."""
    if box is None:
        return []
    content = Html('<div class="result-box">{}</div>').format(markdown_html(box))
    return [code_cell("result_box", [shown("text/html", content)], ["remove-input"])]


def _cell(cell: NotebookNode) -> NotebookNode:
    tags = cell.metadata.get("tags", [])
    if cell.cell_type == "markdown":
        return markdown_cell(re.sub(r"^#{3,}", "##", cell.source, flags=re.MULTILINE), tags)
    return code_cell(cell.source, [one for output in cell.outputs if (one := _output(output))], tags)


def _output(output: NotebookNode) -> NotebookNode | None:
    """A stream or an error as it is, because these are shown as text; of other outputs the one form that is shown."""
    if output.output_type in ("stream", "error"):
        return output
    if "text/markdown" in output.data:
        return shown("text/html", markdown_html(output.data["text/markdown"]))
    chart = chart_again(output.data.get("text/html", ""))
    if chart:
        return shown("text/html", chart)
    if "image/svg+xml" in output.data:  # the chart before it, for where no script runs
        return None
    text = output.data.get("text/plain")
    return shown("text/plain", text) if text else None


def markdown_html(text: str) -> Html:
    """Markdown as HTML: CommonMark and tables, no images, and of HTML only the tag `small`."""
    rendered = _parser().render(text)
    for plain, themed in THEMED.items():
        rendered = rendered.replace(plain, themed)
    return Html(rendered)


@functools.cache  # a site has hundreds of such texts
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.add_render_rule("html_inline", _small_alone)
    parser.add_render_rule("html_block", _as_text)
    parser.add_render_rule("image", _as_text)
    return parser


def _small_alone(_: Any, tokens: list[Token], at: int, *__: Any) -> str:
    content = tokens[at].content
    return content if content in ("<small>", "</small>") else escapeHtml(content)


def _as_text(_: Any, tokens: list[Token], at: int, *__: Any) -> str:
    return escapeHtml(tokens[at].content)


class OnlyText(SphinxTransform):
    """Shows HTML and images in the Markdown of an executed page as text, and takes code in any language."""

    default_priority = 1

    def apply(self, **_: Any) -> None:
        """Replace every such node, but not the HTML of outputs, which is our own by now."""
        if not is_executed(self.env.docname):
            return
        for heading in [*self.document.findall(nodes.title)][:1]:
            heading["support_smartquotes"] = False  # a name is shown as it is spelt
        for block in self.document.findall(nodes.literal_block):
            block["force"] = True  # a strict build would end where code cannot be coloured
            if block.get("language") not in LANGUAGES:
                block["language"] = "text"
        for node in [*self.document.findall(nodes.raw), *self.document.findall(nodes.image)]:
            if "text_html" not in node["classes"]:
                text = nodes.Text(node.get("alt", node.astext()))
                node.replace_self(text if isinstance(node.parent, nodes.TextElement) else nodes.paragraph("", "", text))


def escape_page_title(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Escape what the theme takes from a page as text, and prints as HTML."""
    for name in {"pagetitle", "page_description"} & context.keys():
        context[name] = html(context[name])


def escape_search_titles(app: Sphinx, error: Exception | None) -> None:
    """Escape the headings in the search index: Sphinx writes them there as text, and its script shows them as HTML."""
    file = Path(app.outdir) / "searchindex.js"
    if error is not None or not file.is_file():
        return
    script = file.read_text("utf-8")
    begin, end = script.index("{"), script.rindex("}") + 1
    found = json.loads(script[begin:end])
    found["alltitles"] = {
        heading.replace("<", "&lt;").replace(">", "&gt;"): places for heading, places in found["alltitles"].items()
    }
    file.write_text(script[:begin] + json.dumps(found, separators=(",", ":")) + script[end:], "utf-8")
