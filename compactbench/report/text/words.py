"""How texts, lists and tables are written in Markdown, and what stands beside a name that needs a note."""

import re

from compactbench.record import Weights


def notes(weights: Weights | None, edited: bool | None) -> list[str]:
    """What must stand wherever a run is named, because its numbers are not those of the model as it is meant."""
    return ["random weights"] * (weights == "random") + ["edited training"] * bool(edited)


def small(notes: list[str]) -> str:
    """Notes after a name, in small letters."""
    return f" <small>{', '.join(notes)}</small>" if notes else ""


def literal(text: str) -> str:
    """`text` in Markdown that shows it letter by letter, whatever signs are in it."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def listed(words: list[str]) -> str:
    """The words as a sentence lists them: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def markdown_table(head: list[str], rows: list[list[str]], align: str = "") -> str:
    """A table in Markdown.

    Args:
        head: the cells of the first row.
        rows: the cells of each other row.
        align: "l" or "r" for each column; the first left and all others right unless given.
    """
    align = align or "l" + "r" * (len(head) - 1)
    rule = [{"l": ":---", "r": "---:"}[side] for side in align]
    return "\n".join(f"| {' | '.join(map(_one_cell, row))} |" for row in [head, rule, *rows])


def _one_cell(text: str) -> str:
    """A bar that is not escaped would begin another cell."""
    return re.sub(r"(?<!\\)\|", r"\|", text)
