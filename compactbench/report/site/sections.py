"""Which cells of an executed page a reader sees: every result, and the code that teaches."""

import re

from nbformat import NotebookNode

from compactbench.record import Record
from compactbench.report.site.cells import markdown_cell

TEACHING = {"training", "teaches", "parameters"}
"""Tags of cells whose code is shown; all other code is plumbing, and the notebook to download has it."""
UNSEEN = "remove-cell"


def telling(cells: list[NotebookNode], run: Record | None) -> list[NotebookNode]:
    """The cells that tell a reader something, in their order.

    A code cell that shows nothing is left out with the sentence before it, and a section of such cells with its
    heading. A model without a training loop of its own shows no code: the cells that teach are not about it.

    Args:
        cells: of an executed notebook, each code cell with the outputs that the site shows.
        run: whose page it is; None for the summary.
    """
    teaching = TEACHING if run is None or run.finetune.procedure else set()
    kept: list[NotebookNode] = []
    waiting: list[NotebookNode] = []  # prose that no code cell has followed yet
    bare: NotebookNode | None = None  # a heading whose own prose was left out
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if UNSEEN in tags:
            continue
        if cell.cell_type == "markdown":
            if _heading(cell):
                kept += [one for one in waiting if one is not bare]
                waiting, bare = [], None
            waiting.append(cell)
        elif tags & teaching or cell.outputs:
            cell.metadata.tags = sorted(tags & teaching or {"remove-input"})
            kept += [*waiting, cell]
            waiting, bare = [], None
        elif waiting and (heading := _heading(waiting.pop())):
            bare = markdown_cell(heading)
            waiting.append(bare)
    return kept + [one for one in waiting if one is not bare]


def _heading(cell: NotebookNode) -> str | None:
    """The last heading in it."""
    return next(reversed(re.findall(r"^##? .*", cell.source, re.MULTILINE)), None)
