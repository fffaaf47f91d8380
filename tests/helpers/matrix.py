"""A tiny matrix and its report, on one machine or on a cluster."""

import csv
import subprocess
from pathlib import Path
from typing import Any

import yaml

from helpers.project import Project
from helpers.tiny_suite import BRIEF

MODELS = ["minilm-l1", "tfidf"]
WORDS = {"one": ("goal match team", "bank share price"), "two": ("rain cloud wind", "rice bread soup")}
"""The words of the two classes of each data set."""


class Matrix:
    """A project with the suite `both`, of two models, two seeds and two data sets, reported once.

    Args:
        folder: an empty folder.
        options: of the command.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.options = options
        self.project = Project(folder)
        self.runs, self.site = folder / "book" / "runs", folder / "book" / "_build" / "html"
        for name, words in WORDS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                rows = [(f"{words[row % 2]} {row}", "ab"[row % 2]) for row in range(60)]
                csv.writer(file).writerows([("text", "label"), *rows])
            self.suite(name, dataset={"path": f"{name}.csv", "text": "text", "label": "label", "test_size": 0.2})
        axes = {"data": list(WORDS), "model": MODELS, "seed": [42, 7]}
        self.suite("both", matrix=axes, **BRIEF)
        self.first = self.report()

    def suite(self, name: str, **keys: Any) -> None:
        file = self.project.folder / "params" / "suites" / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"suite": name, "suite_title": name.title()} | keys))

    def report(self) -> subprocess.CompletedProcess[str]:
        """`make report SUITE=both MACHINE=here`, without the installation."""
        return self.project.run("compactbench", "report", "--suite", "both", "--machine", "here", *self.options)

    def points(self) -> list[Path]:
        return sorted(self.runs.glob("*/here/*/*.json"))
