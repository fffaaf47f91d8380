"""What lies under book/runs: the records that can be read, and what is wrong with every other file."""

import functools
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compactbench.record import FailedRecord, Record
from compactbench.record.file import FAILED, FINISHED, RecordError, read_point, read_run
from compactbench.record.point import PointRecord, alike

PAGE, LOG = ".ipynb", ".log"
DEPTH = 3
"""A run lies at <suite>/<machine>/<model>, and the points of a suite with a matrix at <suite>/<machine>/<model>/..."""


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
    found: dict[Path, Record | FailedRecord] = {}
    points: list[PointRecord] = []
    problems: list[Problem] = []
    for path in shown(runs):
        inside = path.relative_to(runs)
        if len(inside.parts) < DEPTH:
            problems.append(problem(runs, path, _no_folder(path)))
        elif path.name.endswith(FINISHED):  # FAILED ends so too, and sorts before it
            try:
                if len(inside.parts) > DEPTH:
                    points.append(_read_point(path, _stamp(path)))
                else:
                    run = path.with_name(path.name.removesuffix(FAILED).removesuffix(FINISHED))
                    found[run] = read_once(path)
            except RecordError as error:
                problems.append(problem(runs, path, error.reason))
        elif not path.name.endswith((PAGE, LOG)):
            problems.append(problem(runs, path, "no file of a run is called so"))
    of_models = defaultdict(list)
    for point in points:
        of_models[point.suite, point.machine, point.model].append(point)
    records = [with_points(run, of_models[run.suite, run.machine, run.model]) for run in found.values()]
    return Collected(records, problems, points)


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


@functools.cache
def _read_point(path: Path, stamp: tuple[int, ...]) -> PointRecord:
    """The record of the point at `path`, read once likewise."""
    return read_point(path)


def read_once(path: Path) -> Record | FailedRecord:
    """The record of the run at `path`, which `collect` has read already unless it changed; it raises RecordError."""
    return _read(path, _stamp(path))


@functools.cache  # a site asks for its runs once for each of its parts
def _read(path: Path, stamp: tuple[int, ...]) -> Record | FailedRecord:
    """The record at `path`, read once as long as the file stays as its `stamp` says."""
    return read_run(path)


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.lstat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def shown(runs: Path) -> list[Path]:
    """Of the `entries` those that are not hidden, except by a Mac, which calls its copies of a file ._<name>."""
    return [path for path in entries(runs) if not any(map(_hidden, path.relative_to(runs).parts))]


def entries(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Whatever lies where files of runs and points lie, and above it without being a folder; links are not followed."""
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        yield folder
        return
    for entry in inside:
        of_points = depth == 1 and not entry.name.endswith((FINISHED, PAGE, LOG))
        if (depth > 1 or of_points) and entry.is_dir(follow_symlinks=False):
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
