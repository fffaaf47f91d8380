"""The package's layout: who may import whom, no cycle, and files that stay short."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from compactbench import ROOT

PACKAGE = ROOT / "compactbench"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES = 300
GROUND = {"record", "settings", "errors", "foreign", "parameters", "registry", "yaml_file"}
BELOW = {
    "sources": GROUND | {"install"},
    "instruments": GROUND,
    "data": GROUND | {"sources", "instruments"},
    "runtimes": GROUND | {"sources", "instruments"},
    "classifiers": GROUND | {"sources", "instruments", "data", "runtimes"},
    "benchmark": GROUND | {"sources", "instruments", "data", "runtimes", "classifiers"},
    "report": GROUND - {"registry"},
    "commands": GROUND | {"sources", "instruments", "data", "runtimes", "classifiers", "benchmark", "report"},
    **dict.fromkeys(GROUND, GROUND),
}
"""Each folder, or file of the ground, and what it may import beside itself."""
REPORT = ["statistics", "tables", "choice", "text", "charts", "site"]
"""The folders of report/, each of which may import those before it."""


def imports(file: Path) -> Iterator[list[str]]:
    """The parts, below `compactbench`, of each module of the package that `file` imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1:] for name in names if name.startswith("compactbench."))


def module_of(parts: list[str]) -> str | None:
    """The module that an import of these parts reads: they may end in a name that it defines."""
    for length in range(len(parts), 0, -1):
        path = PACKAGE.joinpath(*parts[:length])
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return ".".join(parts[:length])
    return None


def named(file: Path) -> str:
    """The module that `file` is."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_imports_only_what_lies_below_it(file: Path) -> None:
    """An arrow upward makes a circle sooner or later, and ties the report to the code that measures."""
    own = named(file).split(".")
    if own[0] in ("", "__main__"):
        return
    for parts in imports(file):
        if not module_of(parts):
            continue  # what the package itself defines: ROOT
        assert parts[0] == own[0] or parts[0] in BELOW[own[0]], f"{named(file)} imports {'.'.join(parts)}"
        if own[0] == parts[0] == "report":
            assert REPORT.index(parts[1]) <= REPORT.index(own[1]), f"{named(file)} imports {'.'.join(parts)}"


def test_no_cycle() -> None:
    arrows = {named(file): {module for parts in imports(file) if (module := module_of(parts))} for file in FILES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module not in done:
            for below in arrows[module]:
                visit(below, (*way, module))
            done.add(module)

    for module in arrows:
        visit(module, ())


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LINES
