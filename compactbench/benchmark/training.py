"""The training function of a notebook, taken by value so that a fresh process can call it."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import cloudpickle
import nbformat

from compactbench.benchmark.fingerprint import TEMPLATE, code_hash
from compactbench.classifiers import TrainingFunction

Train = Callable[..., None]
"""The training function of the notebook: `train(model, tokenizer, texts, settings, callbacks)`."""
TAG = "training"
"""Tag of the template's cell that defines it."""
PUBLISHED = "1a25f07dad9a"
"""Hash of that function as it is published; a test holds it to the template."""


def taken(train: Train) -> TrainingFunction:
    """The function by value, with its source.

    Args:
        train: a function of a live notebook or of a module.

    Raises:
        OSError: its source is not known.
    """
    code = textwrap.dedent(inspect.getsource(train))
    return TrainingFunction(cloudpickle.dumps(train), code, code_hash(code) != PUBLISHED)


def of_code(code: str) -> TrainingFunction:
    """The function that `code` defines, as a record holds it."""
    names: dict[str, Any] = {"__name__": "training_cell"}  # of no module, so that it is pickled by value
    exec(compile(code, "<training cell>", "exec"), names)
    function = next(node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef))
    source = "".join(code.splitlines(keepends=True)[function.lineno - 1 : function.end_lineno])
    return TrainingFunction(cloudpickle.dumps(names[function.name]), source, code_hash(source) != PUBLISHED)


def of_template() -> TrainingFunction:
    """The function of the template notebook, as it lies in notebooks/."""
    return of_code(cell())


def cell() -> str:
    """The template's cell that defines the function."""
    cells = nbformat.read(TEMPLATE, as_version=4).cells
    source: str = next(cell.source for cell in cells if TAG in cell.metadata.get("tags", []))
    return source
