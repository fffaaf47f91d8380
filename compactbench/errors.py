"""Errors of libraries, said in one line; values and paths, made short."""

import os
import re
from pathlib import Path

from compactbench import ROOT
from compactbench.foreign import line

LONGEST = 200


def one_line(error: BaseException, longest: int | None = None) -> str:
    """Kind and text of `error` without line breaks, cut at `longest` characters: some list a hundred classes."""
    text = line(without_folders(f"{type(error).__name__}: {error}"))
    return text if longest is None or len(text) <= longest else text[:longest] + " ..."


def broken(error: BaseException) -> BaseException:
    """The first failure of a file or connection that led to `error`, else `error`: what a library wraps says more."""
    found, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        found = cause if isinstance(cause, OSError) else found
        cause = cause.__cause__ or cause.__context__
    return found


def shown(value: object) -> str:
    """`value` as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of too many digits
        text = "a number of thousands of digits"
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


def without_folders(text: str) -> str:
    """`text` without the project's folder, and with `~` for the user's: who reads it is not to learn where they are."""
    home = os.path.expanduser("~")
    for folder, sign in ((f"{ROOT}/", ""), (str(ROOT), "."), (home, "~"), (os.path.realpath(home), "~")):
        if os.path.isabs(folder) and folder != "/":
            end = "" if folder.endswith("/") else r"(?![\w.-])"
            text = re.sub(rf"(?<![\w.~-]){re.escape(folder)}{end}", sign, text)
    return text


def short_path(path: str) -> str:
    """An absolute `path` from the project's folder on, or from the user's as `~`, else its last part alone."""
    shorter = without_folders(path)
    return Path(path).name if os.path.isabs(shorter) else shorter
