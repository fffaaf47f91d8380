"""A throw-away copy of the project, where a test may add params and make runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from compactbench import ROOT

COPIED = ["_config.yml", "_toc.yml", "Snakefile", "pyproject.toml", "profiles", "compactbench", "notebooks", "params"]


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        ignored = shutil.ignore_patterns("_build", "runs", "summary.ipynb", ".jupyter_cache")
        shutil.copytree(ROOT / "book", folder / "book", symlinks=True, ignore=ignored)

    def run(
        self, *words: str, path: Path | None = None, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m ...` in the copy, with the copy's own package, and further packages from `path`."""
        command, environment = [sys.executable, "-m", *words], self.environment(path) | (environment or {})
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)

    def environment(self, path: Path | None = None) -> dict[str, str]:
        """The variables of a process in which the copy's own package is imported, and further ones from `path`."""
        return os.environ | {"PYTHONPATH": os.pathsep.join(str(place) for place in (self.folder, path) if place)}
