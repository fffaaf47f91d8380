"""A project whose tiny suite was reported once, for the tests that read it or change it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from compactbench.record.file import read
from helpers.project import Project
from helpers.tiny_suite import write_suite

MACHINE = "here"


class Reported:
    """The project after its first report.

    Args:
        folder: an empty folder.
        changes: keys of the tiny suite with other values.
    """

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.packages, self._kept = folder / "packages", folder / "kept"
        (folder / "project").mkdir()
        self.project = Project(folder / "project")
        write_suite(self.project.folder / "params", self.packages, **changes)
        self.runs = self.project.folder / "book" / "runs" / "tiny" / MACHINE
        self.site = self.project.folder / "book" / "_build" / "html"
        self.first = self.report()
        shutil.copytree(self.project.folder, self._kept, symlinks=True)

    def restore(self) -> None:
        """Put everything back as the first report left it; times of change, which make and Snakemake read, too."""
        shutil.rmtree(self.project.folder)
        shutil.copytree(self._kept, self.project.folder, symlinks=True)

    def report(self) -> subprocess.CompletedProcess[str]:
        """`make report SUITE=tiny MACHINE=here`, without the installation."""
        words = ("compactbench", "report", "--suite", "tiny", "--machine", MACHINE)
        return self.project.run(*words, path=self.packages)

    def artefact(self, model: str) -> Path:
        """The folder that `model` leaves to be deployed."""
        return self.project.folder / "models" / "tiny" / MACHINE / model

    def record(self, model: str) -> dict:
        """The record of `model` as it lies on the disk."""
        return read(self.runs / f"{model}.json").model_dump(mode="json")

    def assert_runtimes(self, model: str, texts: int) -> None:
        """`model` was measured in torch and, with so many test texts, in ONNX Runtime in both precisions."""
        trained, *further = self.record(model)["runtimes"]
        assert trained["label"] == "torch fp32" and trained["agreement"] is None
        assert [result["label"] for result in further] == ["ONNX fp32", "ONNX int8"]
        for result in further:
            assert result["error"] is None
            assert len(result["quality"]["right"]) == texts
            assert [len(one["samples_ms"]) for one in result["latency"]] == [4, 4]
            assert result["load_time_s"] > 0
