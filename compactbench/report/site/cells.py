"""The parts of a notebook, made without nbformat's check of each: that took longer than all else of a page.

What they are made of was checked as a whole, when the page was found to be one.
"""

from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode, from_dict


def markdown_cell(source: str, tags: Sequence[str] = ()) -> NotebookNode:
    """A cell of Markdown."""
    return from_dict({"cell_type": "markdown", "metadata": {"tags": tags}, "source": source})


def code_cell(source: str, outputs: Sequence[NotebookNode], tags: Sequence[str] = ()) -> NotebookNode:
    """A cell of code with what it showed."""
    content = {"source": source, "outputs": outputs, "execution_count": None}
    return from_dict({"cell_type": "code", "metadata": {"tags": tags}, **content})


def shown(kind: str, content: str) -> NotebookNode:
    """An output of that media type."""
    return from_dict({"output_type": "display_data", "metadata": {}, "data": {kind: str(content)}})


def notebook(cells: Sequence[NotebookNode], metadata: dict[str, Any]) -> NotebookNode:
    """These cells, in the last format in which they have no ids."""
    return from_dict({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells})
