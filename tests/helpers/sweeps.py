"""A throw-away project of two small models, and its reports: what a script does harm to."""

import json
import re
import subprocess
import sys
from pathlib import Path

import psutil
import yaml

from compactbench.record.file import read, remove
from compactbench.record.page import broken
from helpers.project import Project
from helpers.tiny_suite import BRIEF, SUITE

MODELS = ["one", "two"]


class Sweeps:
    """A project of two small models, and its reports."""

    def __init__(self, folder: Path) -> None:
        self.tmp = folder / "tmp"
        for made in (self.tmp, folder / "a project"):
            made.mkdir()
        self.project = Project(folder / "a project")
        params, self.runs = self.project.folder / "params", self.project.folder / "book" / "runs" / "tiny" / "here"
        (params / "suites" / "tiny.yaml").write_text(yaml.safe_dump(SUITE | BRIEF | {"models": MODELS}))
        for name in MODELS:
            (params / "models" / f"{name}.yaml").write_text(
                f"model: {name}\nkind: tfidf\ntitle: {name}\nmodel_name: none\nsummary: A baseline.\n"
            )

    def start(self, *before: str) -> subprocess.Popen[str]:
        """Begin a report, in a group of its own; `before` are the words of a command that runs it."""
        command = [*before, sys.executable, "-m", "compactbench", "report", "--suite", "tiny", "--machine", "here"]
        environment = self.project.environment() | {"TMPDIR": str(self.tmp)}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.project.folder, env=environment, start_new_session=True, **output)

    def alive(self) -> list[psutil.Process]:
        """The processes that work in the project's folder."""
        found = []
        for process in psutil.process_iter(["cwd", "status"]):
            if process.info["cwd"] == str(self.project.folder) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def forget(self, models: list[str]) -> None:
        """Let these be due."""
        for name in models:
            remove(self.runs / f"{name}.json")
            (self.runs / f"{name}.ipynb").unlink(missing_ok=True)

    def whole(self) -> dict[str, bytes]:
        """The records whose page is whole, too."""
        records = {name: self.runs / f"{name}.json" for name in MODELS}
        return {
            name: path.read_bytes()
            for name, path in records.items()
            if path.is_file() and path.with_suffix(".ipynb").is_file() and not broken(path.with_suffix(".ipynb"))
        }

    def half_read(self) -> list[str]:
        """Records and pages under their names that cannot be read."""
        found = []
        for path in self.runs.glob("[!.]*.json"):
            try:
                read(path)
            except ValueError:
                found.append(path.name)
        return found + [path.name for path in self.runs.glob("[!.]*.ipynb") if broken(path)]

    def structure(self) -> object:
        """What is there, without its numbers: files, and the keys of the records."""
        found = [self.runs, self.project.folder / "models", self.tmp, self.project.folder / ".sweep"]
        files = sorted(_named(path.relative_to(self.project.folder.parent)) for one in found for path in one.rglob("*"))
        return files, {name: shape(json.loads(record)) for name, record in self.whole().items()}


def shape(value: object) -> object:
    """The keys of a record, and the kinds of its values; a list by its first."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items() if key not in ("step_s", "versions")}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


def _named(path: Path) -> str:
    """The path, of samples without the signs of their hash."""
    return re.sub(r"\.[0-9a-f]{8}(?=\.parquet$)", "", str(path))
