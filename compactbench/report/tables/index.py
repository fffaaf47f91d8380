"""The index of a book's runs: what the tables need of each, kept in a file, so that a record is read once for all.

Kept are the rows of the tables, in plain values, and not the records: ten thousand of these take gigabytes of memory
and a minute to check, and a table reduces each of them to some hundred numbers. Who shows a group, or a run, reads the
records of that alone; of points only those are kept that could be read, by name. A row holds as long as the hash of its
record's files and of the place where they lie is the one that it was made from, and the code that made it is the same.
The file may be deleted at any time.
"""

import functools
import hashlib
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic
import scipy

from compactbench import ROOT
from compactbench.record import FailedRecord, Record
from compactbench.record.file import FAILED, FINISHED, RecordError, content, files_of, read_point, read_run
from compactbench.report.statistics.noise import drift_of
from compactbench.report.statistics.once import once
from compactbench.report.tables.collect import (
    DEPTH,
    Collected,
    Problem,
    Stamp,
    each_point,
    each_run,
    point_files,
    points_of,
    read_once,
    read_point_once,
    shown,
    stamp,
    with_points,
)
from compactbench.report.tables.groups import Group, in_full
from compactbench.report.tables.results import results_of, runtimes_of
from compactbench.report.tables.summaries import Summary, summary

WORTH_A_PROCESS = 250
"""A further process takes two seconds to start, and reads about so many records in that time."""
PROCESSES = 4
"""So many are started at most: each takes 200 MB, and may have been granted fewer cores than the machine has."""
TOGETHER = 25
"""So many records are handed to a process at once."""
Kept = dict[str, Summary | None]
"""What the tables need of each run, by its name; None for a point, of which they need nothing by itself."""


@dataclass(frozen=True)
class Index:
    """The runs of a book.

    Args:
        folder: where they lie.
        runs: what the tables need of each.
        problems: what is wrong with all that is no run, and no point of one.
        points: where the points of a matrix lie.
    """

    folder: Path
    runs: list[Summary]
    problems: list[Problem]
    points: list[Path]

    @functools.cached_property
    def drifts(self) -> dict[str, float]:
        """How much the state of each machine moves; see `drift_of`."""
        return drift_of(run.state for run in self.runs if run.state)

    @functools.cached_property
    def results(self) -> pd.DataFrame:
        """The table of all runs."""
        return results_of(self.runs, self.drifts)

    @functools.cached_property
    def runtimes(self) -> pd.DataFrame:
        """The table of all runtimes of all runs."""
        return runtimes_of(self.runs, self.drifts)

    @property
    def results_in_full(self) -> pd.DataFrame:
        """The rows of those runs that the site shows in full."""
        groups = zip(self.results["suite"], self.results["machine"], strict=True)
        return self.results[[group in self.groups for group in groups]].reset_index(drop=True)

    def records(self, machine: str, suite: str | None = None) -> list[Record | FailedRecord]:
        """The records of a machine's runs, of one suite or of all.

        Raises:
            RecordError: one was damaged since the index was made.
        """
        return [self._read(run) for run in self.runs if run.machine == machine and suite in (None, run.suite)]

    @functools.cached_property
    def groups(self) -> list[Group]:
        """Suite and machine of those that the site shows in full."""
        return in_full(self.runs)

    @functools.cached_property
    def left_out(self) -> dict[Group, int]:
        """How many runs each of the other groups has."""
        others = [group for run in self.runs if (group := (run.suite, run.machine)) not in self.groups]
        return dict(Counter(others))

    @functools.cached_property
    def in_full(self) -> Collected:
        """The records of these groups, with every problem of the book.

        Raises:
            RecordError: one was damaged since the index was made.
        """
        records = [self._read(run) for run in self.runs if (run.suite, run.machine) in self.groups]
        points = [read_point_once(path) for path in self.points if path.parts[-4:-2] in self.groups]
        return Collected(records, self.problems, points)

    def _read(self, run: Summary) -> Record | FailedRecord:
        record = read_once(self.folder / run.suite / run.machine / (run.model + _ending(run)))
        return _told(record, self.drifts[run.machine]) if isinstance(record, Record) else record


@once
def _told(record: Record, drift: float) -> Record:
    """`record`, told how much the state of its machine moves."""
    return record.model_copy(update={"drift": drift})


def _ending(run: Summary) -> str:
    return FINISHED if run.state else FAILED


def of_book(book: Path) -> Index:
    """The index of the runs of `book`, kept in its folder of what is built."""
    return index(book / "runs", book / "_build" / "runs-index.json")


def index(runs: Path, kept: Path) -> Index:
    """The index of what lies under `runs`.

    Args:
        runs: a folder.
        kept: the file in which the index lies from one time to the next, if it can be written.
    """
    return _index(runs, kept, tuple((path, stamp(path)) for path in shown(runs)))


@functools.lru_cache(maxsize=1)  # several parts of a report ask for it
def _index(runs: Path, kept: Path, files: tuple[tuple[Path, Stamp], ...]) -> Index:
    before = load(kept)
    records = [path for path, _ in files if _is_record(path.relative_to(runs))]
    found = {path: _hash(path) for path in records}
    known = {path: told for path, name in found.items() if (told := before.get(name))}
    changed = [path for path in records if path not in known]
    for path, (name, told) in zip(changed, _read_all(changed), strict=True):
        if told:
            found[path], known[path] = name, told
    now: Kept = {found[path]: told for path, told in known.items()}
    points, further = each_point(runs, lambda path: _sound_point(path, before, now))
    if now.keys() != before.keys():
        save(kept, now)
    # a file that is no record is read once more, to say why
    rows, problems = each_run(runs, lambda path: known[path] if path in known else summary(read_once(path)))
    return Index(runs, rows, problems + further, points)


def _sound_point(path: Path, before: Kept, now: Kept) -> Path:
    """`path`, if the point there can be read, which is noted in the index `now`; looked up there `before`.

    Raises:
        RecordError: it is no point.
    """
    name = hashlib.sha256(_place(path, DEPTH + 1) + content(path)).hexdigest()
    if name not in before:
        read_point(path)
    now[name] = None
    return path


def _is_record(inside: Path) -> bool:
    return len(inside.parts) == DEPTH and inside.name.endswith(FINISHED)


def _hash(path: Path) -> str:
    """The name of the record at `path`; none where it cannot be read."""
    with suppress(RecordError):
        return named(path, content(path))
    return ""


def named(path: Path, found: bytes) -> str:
    """The name of a record in the index: SHA-256 of its files, of the place that it must lie at, and of its points."""
    name = hashlib.sha256(_place(path, DEPTH) + found)
    for file in [*files_of(path, found)[:-1], *point_files(path)]:
        with suppress(RecordError):
            name.update(hashlib.sha256(content(file)).digest())
    return name.hexdigest()


def _place(path: Path, depth: int) -> bytes:
    return os.fsencode("/".join(path.parts[-depth:])) + b"\0"


def processes(records: int) -> int:
    """How many read so many records beside one another."""
    return max(1, min(os.cpu_count() or 1, PROCESSES, records // WORTH_A_PROCESS))


def _read_all(paths: Sequence[Path]) -> Iterator[tuple[str, Summary | None]]:
    if processes(len(paths)) == 1:
        yield from map(_read, paths)
        return
    context = multiprocessing.get_context("spawn")  # who builds a site has threads, which a fork would lose
    with ProcessPoolExecutor(processes(len(paths)), context) as pool:
        yield from pool.map(_read, paths, chunksize=TOGETHER)


def _read(path: Path) -> tuple[str, Summary | None]:
    """The name of the record at `path` and what the tables need of it, of the same bytes; None where it is none."""
    with suppress(RecordError):
        found = content(path)
        name = named(path, found)
        return name, summary(with_points(read_run(path, found), points_of(path)))
    return "", None


def load(kept: Path) -> Kept:
    """The index as it was kept, each by its name; empty where it is not there, not whole, or made by other code."""
    try:
        seal, _, runs = kept.read_bytes().partition(b"\n")
        if seal != _seal(runs):
            return {}
        return {name: told and Summary.from_json(told) for name, told in json.loads(runs).items()}
    except OSError:
        return {}


def save(kept: Path, runs: Kept) -> None:
    """Keep the index so that nobody ever reads half of it; where nothing can be written, it is made anew next time."""
    told = json.dumps(runs, separators=(",", ":")).encode()
    partial = kept.with_name(f".{kept.name}.partial")
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(_seal(told) + b"\n" + told)
        os.replace(partial, kept)


def _seal(runs: bytes) -> bytes:
    """What the file begins with: a hash of all that follows, and of the code that made it."""
    return hashlib.sha256(made_by(ROOT / "compactbench").encode() + runs).hexdigest().encode()


@functools.cache
def made_by(package: Path) -> str:
    """SHA-256 of the code that makes rows of records, and the versions of what it reckons with."""
    files = [*package.glob("*.py"), *(package / "record").rglob("*.py"), *(package / "report").rglob("*.py")]
    code = b"".join(file.read_bytes() for file in sorted(files))
    versions = (sys.version, np.__version__, scipy.__version__, pd.__version__, pydantic.VERSION)
    return " ".join((hashlib.sha256(code).hexdigest(), *versions))
