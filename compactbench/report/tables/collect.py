"""What lies under book/runs: the records that can be read, and what is wrong with every other file."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from compactbench.record import FailedRecord, Record
from compactbench.record.file import FAILED, FINISHED, RecordError, files_of, read_point, read_run
from compactbench.record.point import PointRecord, alike
from compactbench.record.samples import SAMPLES, owner

PAGE, LOG = ".ipynb", ".log"
DEPTH = 3
"""A run lies at <suite>/<machine>/<model>, and the points of a suite with a matrix at <suite>/<machine>/<model>/..."""
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
    """What was found.

    Args:
        records: one of each run, in which its further seeds count those that were learned as points.
        problems: what is wrong with all that is none.
        points: the record of each point of a matrix.
    """

    records: list[Record | FailedRecord]
    problems: list[Problem]
    points: list[PointRecord] = field(default_factory=list)


def collect(runs: Path) -> Collected:
    """Every run under `runs`: the record of a finished one, or that of a failed one where this is all there is.

    A file that cannot be used is a problem, and keeps no other from being read.
    """
    records, problems = each_run(runs, read_once)
    points, further = each_point(runs, read_point_once)
    return Collected(records, problems + further, points)


def each_run(runs: Path, read: Callable[[Path], Found]) -> tuple[list[Found], list[Problem]]:
    """What `read` makes of the record of each run under `runs`, and what is wrong with all that is none.

    Args:
        runs: a folder.
        read: it may raise a RecordError.
    """
    return _each(runs, [path for path in shown(runs) if len(path.relative_to(runs).parts) <= DEPTH], read)


def each_point(runs: Path, read: Callable[[Path], Found]) -> tuple[list[Found], list[Problem]]:
    """The same of the record of each point under `runs`."""
    return _each(runs, [path for path in shown(runs) if len(path.relative_to(runs).parts) > DEPTH], read)


def _each(runs: Path, paths: list[Path], read: Callable[[Path], Found]) -> tuple[list[Found], list[Problem]]:
    """What `read` makes of the records among the `paths` under `runs`, and what is wrong with the others."""
    found: dict[Path, Found] = {}
    problems: list[Problem] = []
    unread, samples = set[Path](), list[Path]()
    for path in paths:
        if len(path.relative_to(runs).parts) < DEPTH:
            problems.append(problem(runs, path, _no_folder(path)))
        elif path.name.endswith(FINISHED):  # FAILED ends so too, and sorts before it
            try:
                found[_unended(path)] = read(path)
            except RecordError as error:
                problems.append(problem(runs, path, error.reason))
                unread.add(path)
        elif owner(path.name):
            samples.append(path)
        elif not path.name.endswith((PAGE, LOG)):
            problems.append(problem(runs, path, "no file of a run is called so"))
    for path in samples:
        record = path.with_name(f"{owner(path.name)}{FINISHED}")
        if record not in unread and path not in files_of(record):
            problems.append(problem(runs, path, "samples that no record names"))
    return list(found.values()), problems


def _unended(path: Path) -> Path:
    """The path of a run, or of a point, that all its files begin with."""
    return path.with_name(path.name.removesuffix(FAILED).removesuffix(FINISHED))


def point_files(record: Path) -> list[Path]:
    """The records of the points that lie beside the `record` of their run."""
    return sorted(path for path in _unended(record).glob(f"*{FINISHED}") if not _hidden(path.name))


def points_of(record: Path) -> list[PointRecord]:
    """The points that lie beside the `record` of their run, and can be read."""
    found = []
    for path in point_files(record):
        with contextlib.suppress(RecordError):  # `collect` tells of it
            found.append(read_point_once(path))
    return found


def with_points(run: Record | FailedRecord, points: Sequence[PointRecord]) -> Record | FailedRecord:
    """`run` with those of its `points` among its repeats that learned as it did, but from another seed."""
    if isinstance(run, FailedRecord) or not points:
        return run
    known = {run.conditions.seed, *(repeat.seed for repeat in run.repeats)}
    further = [
        point.repeat
        for point in points
        if point.learning_rate == run.finetune.learning_rate
        and point.repeat.seed not in known
        and alike(run.fingerprint, point.fingerprint)
    ]
    return run.model_copy(update={"repeats": [*run.repeats, *further]})


def read_once(path: Path) -> Record | FailedRecord:
    """The record of the run at `path`, with its points, read once as long as the files stay the same.

    Raises:
        RecordError: as `read_run` does.
    """
    return _read(path, stamp(path), tuple((point, stamp(point)) for point in point_files(path)))


@functools.cache  # a site asks for its runs once for each of its parts
def _read(path: Path, stamp: Stamp, points: tuple[tuple[Path, Stamp], ...]) -> Record | FailedRecord:
    return with_points(read_run(path), points_of(path))


def read_point_once(path: Path) -> PointRecord:
    """The record of the point at `path`, likewise.

    Raises:
        RecordError: as `read_point` does.
    """
    return _read_point(path, stamp(path))


@functools.cache
def _read_point(path: Path, stamp: Stamp) -> PointRecord:
    return read_point(path)


def stamp(path: Path) -> Stamp:
    """What differs once the file at `path` is written again, or another takes its place."""
    found = path.lstat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def shown(runs: Path) -> list[Path]:
    """Of the `entries` those that are not hidden, except by a Mac, which calls its copies of a file ._<name>."""
    return [path for path in entries(runs) if not any(map(_hidden, path.relative_to(runs).parts))]


def entries(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Whatever lies where files of runs and points lie, and above it without being a folder; links are not followed."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield folder
        return
    for entry in found:
        of_points = depth == 1 and not entry.name.endswith((FINISHED, SAMPLES, PAGE, LOG))
        if (depth > 1 or of_points) and entry.is_dir(follow_symlinks=False):
            inside = list(entries(folder / entry.name, depth - 1))
            yield from inside or [folder / entry.name] * of_points
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
