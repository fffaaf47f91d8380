"""Text that others wrote: a title, an error, a name in a record. It is shown letter by letter and never obeyed."""

import re
from typing import Any, NoReturn

_BLANKS = re.compile(r"[^\S\N{NO-BREAK SPACE}]+")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""Characters that steer a terminal, turn the direction of what follows, or cannot be written."""


class Foreign(str):
    """Text from a record. An f-string refuses it, because what is harmless depends on where it will be read.

    `line` makes it fit for a terminal; `markdown` and `html` of report/text/words.py make it fit for a page.
    """

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"foreign text {str(self)!r} in an f-string: say line(), markdown() or html() of it")

    def __add__(self, other: str) -> "Foreign":
        return Foreign(str(self) + other)

    def __radd__(self, other: str) -> "Foreign":
        return Foreign(other + str(self))


def foreign(value: Any) -> Any:
    """`value` with every text in it, also in its lists and mappings, as `Foreign`."""
    if isinstance(value, str):
        return Foreign(value)
    if isinstance(value, list):
        return [foreign(item) for item in value]
    if isinstance(value, dict):
        return {foreign(key): foreign(item) for key, item in value.items()}
    return value


def line(text: str) -> str:
    """`text` in one line, without what a terminal would obey: such characters become U+FFFD."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text).strip())
