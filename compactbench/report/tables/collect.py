"""What lies under book/runs: the records that can be read, and what is wrong with every other file."""

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from compactbench.record import FailedRecord, Record
from compactbench.record.file import FAILED, FINISHED, RecordError, read_run

PAGE, LOG = ".ipynb", ".log"
DEPTH = 3
"""A run lies at <suite>/<machine>/<model>."""
Found = TypeVar("Found")
Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """A file that the report does without.

    Args:
        file: its path inside book/, every sign that cannot be printed replaced.
        reason: what is wrong with it, in a few words.
    """

    file: str
    reason: str

    def __str__(self) -> str:
        return f"book/{self.file}: {self.reason}"


@dataclass(frozen=True)
class Collected:
    """The record of each run, and what is wrong with all that is none."""

    records: list[Record | FailedRecord]
    problems: list[Problem]


def collect(runs: Path) -> Collected:
    """Every run under `runs`: the record of a finished one, or that of a failed one where this is all there is.

    A file that cannot be used is a problem, and keeps no other from being read.
    """
    return Collected(*each_run(runs, read_once))


def each_run(runs: Path, read: Callable[[Path], Found]) -> tuple[list[Found], list[Problem]]:
    """What `read` makes of the record of each run under `runs`, and what is wrong with all that is none.

    Args:
        runs: a folder.
        read: it may raise a RecordError.
    """
    found: dict[Path, Found] = {}
    problems: list[Problem] = []
    for path in shown(runs):
        inside = path.relative_to(runs)
        if len(inside.parts) < DEPTH:
            problems.append(problem(runs, path, _no_folder(path)))
        elif path.name.endswith(FINISHED):  # FAILED ends so too, and sorts before it
            try:
                found[path.with_name(path.name.removesuffix(FAILED).removesuffix(FINISHED))] = read(path)
            except RecordError as error:
                problems.append(problem(runs, path, error.reason))
        elif not path.name.endswith((PAGE, LOG)):
            problems.append(problem(runs, path, "no file of a run is called so"))
    return list(found.values()), problems


def read_once(path: Path) -> Record | FailedRecord:
    """The record at `path`, read once as long as the file stays the same.

    Raises:
        RecordError: as `read_run` does.
    """
    return _read(path, stamp(path))


@functools.cache  # a site asks for its runs once for each of its parts
def _read(path: Path, stamp: Stamp) -> Record | FailedRecord:
    return read_run(path)


def stamp(path: Path) -> Stamp:
    """What differs once the file at `path` is written again, or another takes its place."""
    found = path.lstat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def shown(runs: Path) -> list[Path]:
    """Of the `entries` those that are not hidden, except by a Mac, which calls its copies of a file ._<name>."""
    return [path for path in entries(runs) if not any(map(_hidden, path.relative_to(runs).parts))]


def entries(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Whatever lies where the files of runs lie, and above it without being a folder; links are not followed."""
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield folder
        return
    for entry in inside:
        if depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from entries(folder / entry.name, depth - 1)
        else:
            yield folder / entry.name


def problem(runs: Path, path: Path, reason: str) -> Problem:
    """What is wrong with `path` below `runs`, with a name that can be printed: it may hold any bytes."""
    name = os.fsencode(path.relative_to(runs.parent)).decode("utf-8", "replace")
    return Problem("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name), reason)


def _no_folder(path: Path) -> str:
    """Why nothing is read from what lies where a suite or a machine has its folder."""
    if path.is_symlink():
        return "it is a symbolic link, which is not followed"
    return "it cannot be opened" if path.is_dir() else "it is no folder, and a run lies at <suite>/<machine>/<model>"


def _hidden(name: str) -> bool:
    return name.startswith(".") and not name.startswith("._")
