"""A checkout whose path has a space and an umlaut: nothing that is started there may take it for two words."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.project import Project
from helpers.tiny_suite import write_suite

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
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    write_suite(folder / "params", folder / "packages")
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg", "share", "etc"):
        if (Path(sys.prefix) / name).exists():
            (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (folder / ".venv" / "ready").touch()
    return folder


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command there, with the copy's own package."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PYTHONPATH"] = str(checkout)
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


def test_tests_run_there(checkout: Path) -> None:
    """Their own copies of the project lie in that path too; all tests would take too long."""
    chosen = ("tests/test_command.py", "tests/test_settings.py", "-k", "command or snakemake or papermill")
    done = run(checkout, ".venv/bin/python", "-m", "pytest", "-q", "--basetemp", "scratch", *chosen)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout and "skipped" not in done.stdout
