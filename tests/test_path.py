"""A checkout whose path has a space and an umlaut: nothing that is started there may take it for two words.

A user's own model and data lie outside of it: what is published tells of none of these folders.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers.project import Project
from helpers.tiny_suite import BRIEF, TINY, write_suite
from test_data import NAMED, lines
from test_weights import config, folder_of
from transformers import BertForPreTraining

from compactbench import ROOT

pytestmark = pytest.mark.slow

MACHINE = "007"
"""A name that papermill, Snakemake and YAML would make the number 7 of."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a .venv of its own, in truth the one that runs these tests."""
    folder = tmp_path_factory.mktemp("path") / "umläut and space"
    folder.mkdir()
    Project(folder)
    home, data = folder.parent / "anna", folder.parent / "secret client" / "data.csv"
    home.mkdir()
    data.parent.mkdir()
    data.write_text(lines())
    own = {"path": str(folder_of(home / "models" / "own", BertForPreTraining(config())))}
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    brief = BRIEF | {"runtimes": ["onnxruntime"], "dataset": {"path": str(data), **NAMED}}
    write_suite(folder / "params", folder / "packages", **brief)
    (folder / "params" / "models" / "tiny.yaml").write_text(yaml.safe_dump(TINY | own))
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg", "share", "etc"):
        if (Path(sys.prefix) / name).exists():
            (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv" / "ready").touch()
    return folder


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command there, with the copy's own package."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment |= {"PYTHONPATH": str(checkout), "HOME": str(checkout.parent / "anna")}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)


def test_a_report_is_made_and_the_site_built_again(checkout: Path) -> None:
    done = run(checkout, "make", "report", "SUITE=tiny", "MODELS=tiny", f"MACHINE={MACHINE}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "book" / "runs" / "tiny" / MACHINE / "tiny.json").is_file()
    page = checkout / "book" / "_build" / "html" / "runs" / "tiny" / MACHINE / "tiny.html"
    assert page.is_file()
    page.unlink()
    (checkout / "book" / "runs" / "tiny" / MACHINE / "tiny.ipynb").touch()
    done = run(checkout, "make", "site")
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.is_file()


def test_what_is_published_tells_of_no_folder_of_the_user(checkout: Path) -> None:
    """Of the report that the test before made: its settings, papermill's metadata and every output."""
    runs = checkout / "book" / "runs" / "tiny" / MACHINE
    if not (runs / "tiny.json").is_file():
        test_a_report_is_made_and_the_site_built_again(checkout)
    record, page = ((runs / f"tiny{ending}").read_text() for ending in (".json", ".ipynb"))
    site = [path for path in (checkout / "book" / "_build" / "html").rglob("*") if path.suffix in (".html", ".ipynb")]
    assert len(site) > 5
    for text in (record, page, *(path.read_text() for path in site)):
        assert str(checkout.parent) not in text and "secret client" not in text
    settings = json.loads(record)["settings"]
    assert settings["model"]["path"] == "~/models/own"
    assert settings["suite"]["dataset"]["path"] == "data.csv"
    assert json.loads(page)["metadata"]["papermill"]["parameters"]["path"] == "~/models/own"


def test_tests_run_there(checkout: Path) -> None:
    """Their own copies of the project lie in that path too; all tests would take too long."""
    chosen = ("tests/test_command.py", "tests/test_settings.py", "-k", "command or snakemake or papermill")
    done = run(checkout, ".venv/bin/python", "-m", "pytest", "-q", "--basetemp", "scratch", *chosen)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout and "skipped" not in done.stdout
