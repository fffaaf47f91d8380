"""The training function of a notebook, taken by value so that a fresh process can call it."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import cloudpickle
import nbformat

from compactbench import ROOT
from compactbench.classifiers import TrainingFunction

TEMPLATE = ROOT / "notebooks" / "benchmark.ipynb"
TAG = "training"
"""Tag of the template's cell that defines `train`."""
PUBLISHED = "dd154db20906545c"
"""Hash of that function as it is published; a test holds it to the template."""


def taken(train: Callable[..., None]) -> TrainingFunction:
    """The function by value, with its source.

    Args:
        train: a function of a live notebook or of a module.

    Raises:
        OSError: its source is not known.
    """
    code = textwrap.dedent(inspect.getsource(train))
    return TrainingFunction(cloudpickle.dumps(train), code, code_hash(code) != PUBLISHED)


def of_code(code: str) -> TrainingFunction:
    """The function that `code` defines, as a record or the template holds it."""
    names: dict[str, Any] = {"__name__": "training_cell"}  # of no module, so that it is pickled by value
    exec(compile(code, "<training cell>", "exec"), names)
    function = next(node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef))
    return TrainingFunction(cloudpickle.dumps(names[function]), code, code_hash(code) != PUBLISHED)


def of_template() -> TrainingFunction:
    """The function of the template notebook, as it lies in notebooks/."""
    cells = nbformat.read(TEMPLATE, as_version=4).cells
    return of_code(next(cell.source for cell in cells if TAG in cell.metadata.get("tags", [])))


def code_hash(code: str) -> str:
    """SHA-256 of what the functions in `code` do, without comments, docstrings and imports; 16 hex digits."""
    functions = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        if ast.get_docstring(function) is not None:
            function.body = function.body[1:]
    return hashlib.sha256("".join(map(ast.dump, functions)).encode()).hexdigest()[:16]
