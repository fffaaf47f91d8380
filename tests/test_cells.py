"""Cells are made without a check of each: what is made of them must be a notebook all the same."""

import nbformat

from compactbench.report.site.cells import code_cell, markdown_cell, notebook, shown
from compactbench.report.site.executed import METADATA
from compactbench.report.text.words import html


def test_a_notebook_of_every_kind_of_cell_is_one() -> None:
    cells = [
        markdown_cell("# Title"),
        markdown_cell("Text.", ["hide-input"]),
        code_cell("f()", [shown("text/html", html("<b>")), shown("text/plain", "5 ms")], ["remove-input"]),
        code_cell("1 + 1", []),
    ]
    made = notebook(cells, METADATA)
    nbformat.validate(made)
    assert nbformat.reads(nbformat.v4.writes(made), as_version=4) == made
    assert type(made.cells[2].outputs[0].data["text/html"]) is str
    cells[0].metadata.tags = ["another"]
    assert made.cells[0].metadata.tags == []
