"""Books for tests: a copy of the project with runs in it, and the strict build of its book."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from compactbench import ROOT
from compactbench.parameters import load_model, load_suite
from compactbench.record import FailedRecord, Record
from compactbench.record.file import write
from compactbench.report.charts.show import chart_html
from compactbench.report.charts.tradeoff import tradeoff
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import results
from helpers.factory import BASELINE, FROZEN, calls, make_failed, make_record


def made_up_records() -> list[Record | FailedRecord]:
    """Two trained models, the baseline, one of frozen embeddings, one with random weights, and a failed run."""
    settings = {
        "suite": load_suite("starter").model_dump(mode="json"),
        "model": load_model("bert-tiny").model_dump(mode="json"),
    }
    common: dict[str, Any] = {"settings": settings}
    small = {"latency": [calls([4.0, 5.0, 6.0])]}
    quality = {"accuracy": 0.9, "accuracy_interval": (0.8, 0.95), "right": "1" * 40 + "0" * 20}
    return [
        make_record("alpha", **common),
        make_record("beta", **common, **small, quality=quality),
        make_record("tfidf", **common, **BASELINE, quality=quality | {"accuracy": 0.85}),
        make_record("frozen", **common, **FROZEN, **small, quality=quality | {"accuracy": 0.88}),
        make_record("bert-tiny", **common, **small, weights="random", finetune={"epoch_derived": True}),
        make_failed("broken"),
    ]


def page_of(run: Record | FailedRecord, chart: bool = True) -> nbformat.NotebookNode:
    """A run's page: a title and one chart, as the template leaves them; without the chart it is made faster."""
    cells = [new_markdown_cell("# One model")]
    if isinstance(run, Record):
        drawn = chart_html(tradeoff(results([run]), LATENCY, SIZE), "own", "One contender alone.") if chart else "none"
        output = new_output("display_data", {"text/html": drawn})
        cells.append(new_code_cell("show(figure)", outputs=[output], execution_count=1))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    told = {
        "start_time": run.started_at.isoformat(),
        "end_time": (run.started_at + timedelta(minutes=1)).isoformat(),
        "duration": 60.0,
        "exception": None,
        "parameters": {"suite": run.suite, "machine": run.machine, "model": run.model},
    }
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "papermill": told})


def make_tree(root: Path, with_reference_runs: bool) -> Path:
    """A copy of the project without runs, or with its reference runs; nothing in it points back to the original."""
    for folder in ("compactbench", "notebooks", "params"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "book", root / "book", symlinks=True, ignore=shutil.ignore_patterns("runs", "_build", "summary.ipynb")
    )
    for file in ("_config.yml", "_toc.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    if with_reference_runs:
        for runs in (ROOT / "book" / "runs").glob("*/reference-*"):
            shutil.copytree(runs, root / runs.relative_to(ROOT))
        return root
    for run in made_up_records():
        path = root / "book" / "runs" / run.suite / run.machine / run.model
        write(run, path.with_suffix(".failed.json" if run.status == "failed" else ".json"))
        nbformat.write(page_of(run), path.with_suffix(".ipynb"))
    return root


@dataclass(frozen=True)
class Book:
    """A built book: the tree it was built from, its pages, and what the builder said."""

    tree: Path
    html: Path
    log: str

    def pages(self) -> list[str]:
        """Every page, by its path; but for the theme's templates, and the one that a server shows for no page."""
        found = (page.relative_to(self.html).as_posix() for page in self.html.rglob("*.html"))
        return sorted(page for page in found if not page.startswith("_static/") and page != "404.html")

    def results(self) -> list[dict[str, Any]]:
        """The rows that the site offers for download."""
        return json.loads((self.html / "results.json").read_text())


def built(kind: str, root: Path) -> Book:
    """The book `made_up` of made-up runs, or `reference` of the committed ones, in `root`."""
    tree = make_tree(root / "tree", with_reference_runs=kind == "reference")
    done = build(tree, root / "out")
    assert done.returncode == 0, done.stdout
    return Book(tree, root / "out" / "_build" / "html", done.stdout)


def build(tree: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build the book of `tree` as strictly as it can be; the copy of the package in `tree` is the one at work."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", "book", "-W", "-n", "--keep-going", "--path-output", out]
    environment = os.environ | {"PYTHONPATH": str(tree), "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=tree, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
