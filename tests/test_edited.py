"""A reader changes the template in an editor and runs it through papermill, with variables of their own."""

import json
from pathlib import Path

import nbformat
import pytest
from helpers.project import Project
from helpers.tiny_suite import BRIEF, write_suite
from nbformat.v4 import new_code_cell

from compactbench.benchmark.training import TAG

pytestmark = pytest.mark.slow
OWN = "numbers = [1, 2]\ntitle = path = 'my own'\nimport json\n\n\ndef train():\n    pass\n"
"""Variables of the reader's own, two of which are called like settings."""
CHANGES = {
    "learning_rate=settings.learning_rate": "learning_rate=0.003",
    "weight_decay=settings.weight_decay": "weight_decay=0.5",
    "optim=settings.optimizer": 'optim="sgd"',
}


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project with one run by hand of an edited notebook, and what papermill logged."""
    folder = tmp_path_factory.mktemp("edited")
    (folder / "project").mkdir()
    project = Project(folder / "project")
    write_suite(project.folder / "params", folder / "packages", **BRIEF)
    template = project.folder / "notebooks" / "benchmark.ipynb"
    notebook = nbformat.read(template, as_version=4)
    notebook.cells.insert(1, new_code_cell(OWN))
    (training,) = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    for old, new in CHANGES.items():
        assert old in training.source
        training.source = training.source.replace(old, new)
    nbformat.write(notebook, project.folder / "mine.ipynb")
    files = ("-f", "params/suites/tiny.yaml", "-f", "params/models/tiny.yaml", "-r", "machine", "here")
    page = project.folder / "book" / "runs" / "tiny" / "here" / "tiny.ipynb"
    page.parent.mkdir(parents=True)
    done = project.run("papermill", "mine.ipynb", str(page), *files)
    assert done.returncode == 0, done.stderr[-3000:]
    return project, done.stderr


def record(project: Project) -> dict:
    """The record of that run."""
    return json.loads(Path(project.folder, "book/runs/tiny/here/tiny.json").read_text())


def test_the_record_holds_the_edit(edited: tuple[Project, str]) -> None:
    finetune = record(edited[0])["finetune"]
    assert finetune["edited"] is True
    assert (finetune["learning_rate"], finetune["procedure"]["optimizer"]) == (0.003, "sgd")
    assert finetune["arguments"]["weight_decay"] == 0.5
    assert 'optim="sgd"' in finetune["code"]


def test_variables_of_the_readers_own_break_nothing(edited: tuple[Project, str]) -> None:
    assert record(edited[0])["title"] == "Tiny"
    assert "path" not in record(edited[0])["settings"]["model"]


def test_papermill_knows_every_setting(edited: tuple[Project, str]) -> None:
    assert "unknown parameter" not in edited[1]
    assert "Executing" in edited[1]  # it did log


def test_the_site_labels_the_run(edited: tuple[Project, str]) -> None:
    project, _ = edited
    built = project.run("compactbench", "site")
    assert built.returncode == 0, built.stdout
    assert "edited training" in (project.folder / "book" / "_build" / "html" / "summary.html").read_text()
