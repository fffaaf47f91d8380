"""The fingerprint of a run: two runs with the same one would measure the same thing, so the second is not needed."""

import ast
import functools
import hashlib
import json
from typing import Any

import nbformat

from compactbench import ROOT
from compactbench.data.load import version
from compactbench.instruments.machine import versions
from compactbench.record import Fingerprint, Weights
from compactbench.settings import Model, Suite
from compactbench.sources.availability import origin

TEMPLATE = ROOT / "notebooks" / "benchmark.ipynb"
PACKAGE = ROOT / "compactbench"
NOT_MEASURING = [
    *("report", "commands", "record", "__main__.py", "errors.py", "foreign.py", "install.py"),
    *("parameters.py", "settings.py", "yaml_file.py"),  # what they give is hashed by its values
    *(f"benchmark/{name}.py" for name in ("__main__", "capacity", "due", "fingerprint", "forecast", "forkserver")),
    *(f"benchmark/{name}.py" for name in ("plan", "points", "progress", "sweep", "train", "watchdog")),
    *(f"benchmark/{name}.py" for name in ("attempt", "host", "queue")),
    "data/understood.py",
]
"""Parts of the package that change no number; all others do."""
ABOUT = {"title", "summary", "paper", "license", "suite_title", "models", "like", "matrix"}
ABOUT |= {"answer_limit_min", "price_per_hour", "tuned"}
"""Keys of a model or a suite that tell readers something, name other files or limit time: they change no number.

What `tuned` says is in the suite's learning rate: see `Model.asked`.
"""
ABOUT_DATA = {"name", "cite", "licence", "license", "show_texts"}
"""The same, of a suite's data set."""
NOT_MEASURING_CELLS = {"settings", "install"}
"""Tags of the template's code cells that change no number: the settings are hashed by their values."""
HELP_TEXTS = {"description", "help"}
"""Keyword arguments whose texts explain."""


def fingerprint(model: Model, suite: Suite, weights: Weights, source: str | None = None) -> Fingerprint:
    """What decides the numbers of a run of `model` in `suite`.

    Args:
        model: who runs.
        suite: what is asked.
        weights: what the model starts from.
        source: where the texts come from, as `load` told; None: asked now.

    Raises:
        SettingsError: its texts or its weights cannot be had.
    """
    asked = suite.model_dump(mode="json", exclude=ABOUT)
    dataset = deciding(asked.pop("dataset"))
    settings = {
        **model.model_dump(mode="json", exclude=ABOUT),
        **asked,
        **{f"dataset.{key}": value for key, value in dataset.items()},
    }
    pretrained = {"origin": origin(model) or "not told by the hub"} if weights == "pretrained" else {}
    return Fingerprint(
        settings={key: _short(value) for key, value in settings.items()},
        data={"source": source or version(suite)},
        weights={"kind": weights, **pretrained},
        code=code(),
        versions=versions(),
    )


def deciding(dataset: dict[str, Any]) -> dict[str, Any]:
    """What of a data set's description decides which texts there are."""
    return {key: value for key, value in dataset.items() if key not in ABOUT_DATA}


def refuse_changed(model: Model, then: Fingerprint) -> None:
    """Refuse a `model` whose files are no longer those `then`, when its run began.

    Raises:
        ValueError: they are others.
    """
    if then.weights["kind"] == "pretrained" and origin(model) not in (then.weights["origin"], None):
        raise ValueError(f"the files of {model.model} changed while they were used: run it again")


@functools.cache
def code() -> dict[str, str]:
    """Hash of each measuring file, by its path in the package, and of the template's code cells that measure."""
    files = {str(file.relative_to(PACKAGE)): file for file in sorted(PACKAGE.rglob("*.py"))}
    measuring = {path: file for path, file in files.items() if measures(path)}
    cells = [cell for cell in nbformat.read(TEMPLATE, as_version=4).cells if cell.cell_type == "code"]
    measured_by = [cell.source for cell in cells if NOT_MEASURING_CELLS.isdisjoint(cell.metadata.get("tags", []))]
    hashes = {path: code_hash(file.read_text(encoding="utf-8")) for path, file in measuring.items()}
    return hashes | {str(TEMPLATE.relative_to(ROOT)): _hash(" ".join(map(code_hash, measured_by)))}


def measures(path: str) -> bool:
    """Whether a file of the package, by its path in it, can change a number."""
    return not path.startswith(tuple(NOT_MEASURING))


def code_hash(source: str) -> str:
    """Hash of what `source` does: comments, docstrings and help texts are left out, under any version of Python."""
    try:
        return _hash(_meaning(ast.parse(source)))
    except SyntaxError:  # a cell with IPython's own commands
        return _hash(source)


def _meaning(node: object) -> str:
    """`node` of a syntax tree in one line. Unlike `ast.dump`, it has no empty fields, which versions of Python add."""
    if isinstance(node, list):
        return f"[{', '.join(_meaning(part) for part in node if not _explains(part))}]"
    if isinstance(node, ast.AST):
        fields = [f"{name}={_meaning(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({', '.join(fields)})"
    return repr(node)


def _explains(node: object) -> bool:
    """Whether `node` is a docstring or the keyword argument of a help text."""
    text = isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg in HELP_TEXTS)
    value = node.value if isinstance(node, ast.Expr | ast.keyword) else None
    return text and (
        isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))
    )


def _short(value: object) -> str:
    """`value` as JSON where that is short, else its hash."""
    plain = json.loads(json.dumps(value, default=str))  # label_names may mix numbers and words, which cannot be sorted
    text = json.dumps(plain, sort_keys=True)
    return text if len(text) <= 40 else _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
