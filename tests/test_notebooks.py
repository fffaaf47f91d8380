"""The source notebooks: no outputs, short cells, a sentence before each."""

import itertools
from pathlib import Path

import nbformat
import pytest

from compactbench import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LINES = 10


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request: pytest.FixtureRequest) -> list:
    return nbformat.read(request.param, as_version=4).cells


def test_no_outputs_and_no_counts(cells: list) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_cells_are_short(cells: list) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= LINES, cell.source


def test_prose_comes_first(cells: list) -> None:
    """A cell without a sentence before it leaves the reader to read code; hidden cells need none."""
    shown = [cell for cell in cells if "remove-cell" not in cell.metadata.get("tags", [])]
    assert shown[0].cell_type == "markdown"
    for first, second in itertools.pairwise(shown):
        assert "markdown" in (first.cell_type, second.cell_type), second.source


def test_settings_stand_first_with_their_meaning_on_the_same_line(cells: list) -> None:
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert "parameters" in first.metadata.tags
    for line in first.source.splitlines():
        assert " = " in line and "  # " in line, line


def test_there_are_a_template_and_a_summary() -> None:
    assert [path.name for path in NOTEBOOKS] == ["benchmark.ipynb", "summary.ipynb"]


def test_colab_fetches_the_repository_of_the_settings(cells: list) -> None:
    """A fork changes the address in one place; the notebooks must not send its readers elsewhere."""
    config = Path(ROOT / "_config.yml").read_text()
    address = config.partition("  url: ")[2].split()[0]
    source = "".join(cell.source for cell in cells)
    if "git clone" in source:
        assert f"git clone -q {address}" in source
