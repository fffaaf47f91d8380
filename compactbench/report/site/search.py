"""What the search index holds: what the pages say, and not every number of the tables that are made of the records."""

import functools
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

TABLE = re.compile(r"<table.*?</table>", re.DOTALL)


def index_without_tables(app: Sphinx) -> None:
    """Have the index leave out the tables that stand in a page as HTML: those of runs, of charts and of runtimes."""
    if app.builder.format != "html":
        return
    builder: Any = app.builder
    index_all = builder.index_page

    def index_page(page: str, tree: nodes.document, title: str) -> None:
        shorter = tree.deepcopy()  # the tree itself is still to be written
        for html in shorter.findall(nodes.raw):
            html.children = [nodes.Text(TABLE.sub(" ", html.astext()))]
        language = builder.indexer.lang
        if not hasattr(language.stem, "cache_info"):
            language.stem = functools.cache(language.stem)  # pages share most of their words
        index_all(page, shorter, title)

    builder.index_page = index_page
