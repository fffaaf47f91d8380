"""Errors of libraries, said in one line; values and paths as they may be shown."""

import functools
import os
import re
from collections.abc import Iterable
from pathlib import Path

from compactbench import ROOT
from compactbench.foreign import line

LONGEST = 200
_MEMORY = "end other programs, or take a smaller model or batch"
CURES = {
    "No space left on device": "free some space on this disk",
    "Disk quota exceeded": "free some of your quota on this disk",
    "Read-only file system": "this disk must be writable",
    "Permission denied": "this folder must be yours to write",
    "Cannot allocate memory": _MEMORY,
    "MemoryError": _MEMORY,
    "OutOfMemoryError": _MEMORY,
    "bad_alloc": _MEMORY,
    "(out of memory?)": _MEMORY,
}
"""Words of the system about a fault of the machine, in whatever error a library makes of it, and what to do."""


def one_line(error: BaseException, longest: int | None = None, own: Iterable[str] = ()) -> str:
    """Kind and text of `error` without line breaks and folders of the user, given as `own` or not.

    It is cut at `longest` characters: some list a hundred classes. A fault of the machine is followed by what to do.
    """
    text = line(without_folders(f"{type(error).__name__}: {error}", own))
    short = text if longest is None else cut(text, longest)
    cure = next((CURES[words] for words in CURES if words in text), None)
    return short if cure is None or cure in text else f"{short} ({cure})"


def broken(error: BaseException) -> BaseException:
    """The first failure of a file or connection that led to `error`, else `error`: what a library wraps says more."""
    found, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        found = cause if isinstance(cause, OSError) else found
        cause = cause.__cause__ or cause.__context__
    return found


def cut(text: str, longest: int = LONGEST) -> str:
    """`text`, or so much of it."""
    return text if len(text) <= longest else text[:longest] + " ..."


def shown(value: object, longest: int = LONGEST) -> str:
    """`value` as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of too many digits
        text = "a number of thousands of digits"
    return cut(text, longest)


def without_folders(text: str, own: Iterable[str] = ()) -> str:
    """`text` without the folders of the user, of which no record and no page tells.

    Args:
        text: paths stand in it.
        own: absolute paths that the user gave, of which the last part stays.

    Returns:
        It, with paths from the project's folder on, and from the user's as `~`.
    """
    for folder, sign in _places(os.path.expanduser("~"), tuple(own)):
        if folder in text:  # few have any, and a page has thousands of texts
            end = "" if folder.endswith("/") else r"(?![\w.-])"
            text = re.sub(rf"(?<![\w.~-]){re.escape(folder)}{end}", sign.replace("\\", r"\\"), text)
    return text


@functools.cache
def _places(home: str, own: tuple[str, ...]) -> list[tuple[str, str]]:
    """The folders that nobody is told of, each with what stands in its place."""
    places = [(f"{ROOT}/", ""), (str(ROOT), "."), (home, "~"), (os.path.realpath(home), "~")]
    places += [(written, Path(path).name) for path in own for written in (path, str(Path(path)))]
    return [(folder, sign) for folder, sign in places if os.path.isabs(folder) and folder != "/"]


def short_path(path: str) -> str:
    """`path` as a record tells it: without the folders of the user."""
    return without_folders(path, [path])


def own_paths(path: object, dataset: object) -> list[str]:
    """The absolute ones of the paths that the user gave: of a model, and in the description of a data set."""
    given = [path, *(dataset.values() if isinstance(dataset, dict) else [])]
    return [one for one in given if isinstance(one, str) and os.path.isabs(one)]
