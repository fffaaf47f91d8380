"""The notebooks open in Colab: one cell fetches the project and leaves the running kernel's own packages alone."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from compactbench import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COLAB = {"torch": "2.11.0", "transformers": "5.15.0", "pandas": "2.2.3", "pyarrow": "18.1.0"}
"""What Colab had in August 2026, on Python 3.13."""
KERNEL = {"ipykernel", "ipython", "jupyter-client", "nbclient", "papermill", "ipywidgets"}
"""Packages of the running kernel, which may crash when another version is laid over them."""

HERE = b"pandas==2.2.3\nprotobuf==5.29.5\n"


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def source(request: pytest.FixtureRequest) -> str:
    """The first code cell of a notebook."""
    cells = [cell for cell in nbformat.read(request.param, as_version=4).cells if cell.cell_type == "code"]
    assert [number for number, cell in enumerate(cells) if "install" in cell.metadata.get("tags", [])] == [0]
    return cells[0].source


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """A machine without the project: the commands that are run there, each of which succeeds and makes its folder."""
    commands: list[list[str]] = []

    def run(command: list[str]) -> subprocess.CompletedProcess:
        commands.append(command)
        (tmp_path / "compact-transformers").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(subprocess, "check_output", lambda command: HERE)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    return commands


def test_it_fetches_the_repository_of_the_settings_and_installs_it(source: str, bare: list[list[str]]) -> None:
    address = re.search(r"^  url: (\S+)", (ROOT / "_config.yml").read_text(), re.MULTILINE)[1]
    exec(source, {})
    (git, *_, fetched), (python, _, pip, install, *_, installed) = bare
    assert (git, fetched) == ("git", address)
    assert (python, pip, install, installed) == (sys.executable, "pip", "install", address.rpartition("/")[2])
    assert Path.cwd().name == installed


def test_it_keeps_pip_from_another_version_of_what_is_installed(source: str, bare: list[list[str]]) -> None:
    """The newest onnx would bring another protobuf, and the newest datasets another pyarrow."""
    exec(source, {})
    constraints = Path("..", bare[1][bare[1].index("-c") + 1])
    assert constraints.read_bytes() == HERE


@pytest.mark.parametrize("fails", ["git", "pip"])
def test_it_stops_with_a_sentence_where_something_fails(
    source: str, bare: list[list[str]], fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command: subprocess.CompletedProcess(command, int(fails in command)))
    before = os.getcwd()
    with pytest.raises(RuntimeError, match=f"^Not installed, the message above says why: .*{fails}"):
        exec(source, {})
    assert os.getcwd() == before


def test_it_does_nothing_where_the_project_is_installed(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command: pytest.fail(str(command)))
    exec(source, {})


def test_what_measuring_needs_is_met_by_colab_and_leaves_its_kernel_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {found.name: found.specifier for found in map(Requirement, project["dependencies"])}
    assert not KERNEL & needed.keys()
    assert [name for name, version in COLAB.items() if not needed[name].contains(version)] == []
