"""The fingerprint of a run: two runs with the same one would measure the same thing, so the second is not needed."""

import hashlib
import json

import nbformat

from compactbench import ROOT
from compactbench.data.load import source
from compactbench.instruments.machine import versions
from compactbench.record import Weights
from compactbench.settings import Model, Suite
from compactbench.sources.availability import origin

TEMPLATE = ROOT / "notebooks" / "benchmark.ipynb"
MEASURING = [
    "*.py",
    "sources/*.py",
    "data/*.py",
    "instruments/*.py",
    "runtimes/*.py",
    "classifiers/*.py",
    "benchmark/*.py",
]
NOT_MEASURED = {"models", "suite_title", "like"}
"""Keys of a suite that change no number of a single run."""


def fingerprint(model: Model, suite: Suite, weights: Weights) -> str:
    """SHA-256 of settings, data source, kind of weights, measuring code and versions."""
    what = {
        "model": model.model_dump(mode="json"),
        "suite": suite.model_dump(mode="json", exclude=NOT_MEASURED),
        "data": source(suite),
        "weights": weights,
        "origin": origin(model) if weights == "pretrained" else None,
        "code": code_fingerprint(),
        "versions": versions(),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def code_fingerprint() -> str:
    """SHA-256 of the code that makes the numbers: the measuring packages, the record, and the template's code cells."""
    package = ROOT / "compactbench"
    digest = hashlib.sha256()
    for file in sorted(file for folder in MEASURING for file in package.glob(folder)):
        digest.update(file.read_bytes())
    for cell in nbformat.read(TEMPLATE, as_version=4).cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode())
    return digest.hexdigest()
