"""How text becomes Markdown and HTML, with what others wrote shown letter by letter; lists, tables and notes.

A `str` is text: whatever is in it shall be shown. `Markdown` and `Html` are markup: written by this package, with the
text in them already escaped. What shows something asks for one of the two, and every helper here escapes a mere `str`.
"""

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup as Html
from markupsafe import escape

from compactbench.foreign import line
from compactbench.record import Weights

_MARKS = re.compile(r"(^\d+)(?=[.)](?: |$))|^[!-/:-@\[-`{-~]|[\\`*_{}\[\]<>&#|~$^@]|:(?=[/:])")
"""What may mean something in Markdown: a list's number, any sign in the first place, some in every place, `://`."""


class Markdown(str):
    """Markdown of our own; a notebook shows it as such.

    To make one of an f-string says that each part of it is ours, or escaped.
    """

    def _repr_markdown_(self) -> str:
        return str(self)


def markdown(text: str) -> Markdown:
    """`text` in Markdown that shows it letter by letter, in one line; what is Markdown already stays as it is."""
    return text if isinstance(text, Markdown) else Markdown(_MARKS.sub(_escaped, line(text)))


def _escaped(mark: re.Match[str]) -> str:
    return f"{mark[1]}\\" if mark[1] else f"\\{mark[0]}"


def html(text: str) -> Html:
    """The same in HTML, and in the few tags that plotly reads in the texts of a chart."""
    return text if isinstance(text, Html) else escape(line(text))


def code(text: str) -> Markdown:
    """`text` as code in a sentence, where it looks like a name or a path; else letter by letter."""
    return Markdown(f"`{text!s}`") if re.fullmatch(r"[\w.,:/@+=-]+", text) else markdown(text)


def notes(weights: Weights | None, edited: bool | None) -> list[str]:
    """What must stand wherever a run is named, because its numbers are not those of the model as it is meant."""
    return ["random weights"] * (weights == "random") + ["edited training"] * bool(edited)


def small(notes: Sequence[str]) -> Markdown:
    """Notes after a name, in small letters."""
    return Markdown(f" <small>{', '.join(map(markdown, notes))}</small>" if notes else "")


def listed(words: Iterable[str]) -> Markdown:
    """The words as a sentence lists them: "a, b and c"."""
    *first, last = [markdown(word) for word in words] or [Markdown()]
    return Markdown(" and ".join(filter(None, [", ".join(first), last])))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> Markdown:
    """A table in Markdown.

    Args:
        head: the cells of the first row, each text or Markdown.
        rows: the cells of each other row, likewise.
        align: "l" or "r" for each column; the first left and all others right unless given.
    """
    align = align or "l" + "r" * (len(head) - 1)
    rule = [Markdown({"l": ":---", "r": "---:"}[side]) for side in align]
    return Markdown("\n".join(f"| {' | '.join(map(_one_cell, row))} |" for row in [head, rule, *rows]))


def _one_cell(text: str) -> str:
    """A bar that is not escaped would begin another cell."""
    return re.sub(r"(?<!\\)\|", r"\|", markdown(text))
