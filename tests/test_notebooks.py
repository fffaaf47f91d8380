"""The source notebooks: no outputs, short cells, a sentence before each."""

import ast
import itertools

import nbformat
import pytest

from compactbench import ROOT
from compactbench.benchmark.fingerprint import TEMPLATE, code_hash
from compactbench.benchmark.plan import KNOWN
from compactbench.benchmark.training import PUBLISHED, of_template

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LINES = {"settings": 25, "training": 25, "install": 15}
"""Lines of a cell, by its tag: all settings by name, the training function whole, what fetches the project."""
FEW = 10
"""Lines of any other cell."""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request: pytest.FixtureRequest) -> list:
    return nbformat.read(request.param, as_version=4).cells


def template() -> nbformat.NotebookNode:
    return nbformat.read(TEMPLATE, as_version=4)


def test_no_outputs_and_no_counts(cells: list) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_cells_are_short(cells: list) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            allowed = max((LINES.get(tag, FEW) for tag in cell.metadata.get("tags", [])), default=FEW)
            assert len(cell.source.splitlines()) <= allowed, cell.source


def test_prose_comes_first(cells: list) -> None:
    """A cell without a sentence before it leaves the reader to read code; hidden cells need none."""
    shown = [cell for cell in cells if "remove-cell" not in cell.metadata.get("tags", [])]
    assert shown[0].cell_type == "markdown"
    for first, second in itertools.pairwise(shown):
        assert "markdown" in (first.cell_type, second.cell_type), second.source


def test_settings_stand_first_with_their_meaning_on_the_same_line(cells: list) -> None:
    first = next(cell for cell in cells if cell.cell_type == "code" and "install" not in cell.metadata.tags)
    assert {"parameters", "settings"} & set(first.metadata.tags)
    for line in filter(None, first.source.partition("# all others")[0].splitlines()):
        assert line.startswith("# ") or (" = " in line and " # " in line), line


def test_the_template_names_every_setting() -> None:
    """Papermill logs a line for each parameter that its cell does not name, 41 for the two files of a run."""
    (all_of_them,) = [cell for cell in template().cells if "parameters" in cell.metadata.get("tags", [])]
    named = [line for line in all_of_them.source.splitlines() if " = " in line]
    assert all(" # " in line for line in named)
    assert sorted(line.partition(" = ")[0] for line in named) == sorted(KNOWN)


def test_the_settings_cell_sets_every_setting() -> None:
    """Else a variable of the reader's own in an earlier cell would be taken for one."""
    (first,) = [cell for cell in template().cells if "settings" in cell.metadata.get("tags", [])]
    targets = [
        target for node in ast.parse(first.source).body if isinstance(node, ast.Assign) for target in node.targets
    ]
    assert sorted(target.id for target in targets if isinstance(target, ast.Name)) == sorted(KNOWN)


def test_the_training_function_is_the_published_one() -> None:
    """When it is meant to change, so must `PUBLISHED`: by it an edited function is told from this one."""
    assert code_hash(of_template().code) == PUBLISHED


@pytest.mark.parametrize(
    "word",
    ["Trainer(", "TrainingArguments(", "learning_rate", "optim=", "batch_size", "DataCollatorWithPadding", "bf16="],
)
def test_training_stands_in_the_open(word: str) -> None:
    (cell,) = [cell for cell in template().cells if "training" in cell.metadata.get("tags", [])]
    assert word in cell.source


@pytest.mark.parametrize("word", ["AutoTokenizer", "AutoModelForSequenceClassification", "softmax", "perf_counter"])
def test_the_template_shows_a_text_on_its_way_to_a_class(word: str) -> None:
    assert any(word in cell.source for cell in template().cells if cell.cell_type == "code")


def test_there_are_a_template_and_a_summary() -> None:
    assert [path.name for path in NOTEBOOKS] == ["benchmark.ipynb", "summary.ipynb"]
