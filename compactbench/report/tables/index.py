"""The index of a book's runs: what the tables need of each, kept in a file, so that a record is read once for all.

Kept are the rows of the tables, in plain values, and not the records: ten thousand of these take gigabytes of memory
and a minute to check, and a table reduces each of them to some hundred numbers. Who shows a group, or a run, reads the
records of that alone. A row holds as long as the hash of its record's files and of the place where they lie is the one
that it was made from, and the code that made it is the same. The file may be deleted at any time.
"""

import functools
import hashlib
import json
import multiprocessing
import os
import sys
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
from compactbench.record.file import FAILED, FINISHED, RecordError, content, files_of, read_run
from compactbench.report.tables.collect import (
    DEPTH,
    Problem,
    Stamp,
    each_run,
    point_files,
    points_of,
    read_once,
    shown,
    stamp,
    with_points,
)
from compactbench.report.tables.results import results_of, runtimes_of
from compactbench.report.tables.summaries import Summary, summary

WORTH_A_PROCESS = 250
"""A further process takes two seconds to start, and reads about so many records in that time."""
PROCESSES = 4
"""So many are started at most: each takes 200 MB, and may have been granted fewer cores than the machine has."""
TOGETHER = 25
"""So many records are handed to a process at once."""


@dataclass(frozen=True)
class Index:
    """The runs of a book.

    Args:
        folder: where they lie.
        runs: what the tables need of each.
        problems: what is wrong with all that is no run.
    """

    folder: Path
    runs: list[Summary]
    problems: list[Problem]

    @functools.cached_property
    def results(self) -> pd.DataFrame:
        """The table of all runs."""
        return results_of(self.runs)

    @functools.cached_property
    def runtimes(self) -> pd.DataFrame:
        """The table of all runtimes of all runs."""
        return runtimes_of(self.runs)

    def records(self, machine: str, suite: str | None = None) -> list[Record | FailedRecord]:
        """The records of a machine's runs, of one suite or of all.

        Raises:
            RecordError: one was damaged since the index was made.
        """
        found = [run for run in self.runs if run.machine == machine and suite in (None, run.suite)]
        return [read_once(self.folder / run.suite / run.machine / (run.model + _ending(run))) for run in found]


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
    known = {path: before[name] for path, name in found.items() if name in before}
    changed = [path for path in records if path not in known]
    for path, (name, told) in zip(changed, _read_all(changed), strict=True):
        if told:
            found[path], known[path] = name, told
    now = {found[path]: told for path, told in known.items()}
    if now.keys() != before.keys():
        save(kept, now)
    # a file that is no record is read once more, to say why
    return Index(runs, *each_run(runs, lambda path: known[path] if path in known else summary(read_once(path))))


def _is_record(inside: Path) -> bool:
    return len(inside.parts) == DEPTH and inside.name.endswith(FINISHED)


def _hash(path: Path) -> str:
    """The name of the record at `path`; none where it cannot be read."""
    with suppress(RecordError):
        return named(path, content(path))
    return ""


def named(path: Path, found: bytes) -> str:
    """The name of a record in the index: SHA-256 of its files, of the place that it must lie at, and of its points."""
    name = hashlib.sha256(os.fsencode("/".join(path.parts[-DEPTH:])) + b"\0" + found)
    for file in [*files_of(path, found)[:-1], *point_files(path)]:
        with suppress(RecordError):
            name.update(hashlib.sha256(content(file)).digest())
    return name.hexdigest()


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


def load(kept: Path) -> dict[str, Summary]:
    """The index as it was kept, each by its name; empty where it is not there, not whole, or made by other code."""
    try:
        seal, _, runs = kept.read_bytes().partition(b"\n")
        if seal != _seal(runs):
            return {}
        return {name: Summary.from_json(told) for name, told in json.loads(runs).items()}
    except OSError:
        return {}


def save(kept: Path, runs: dict[str, Summary]) -> None:
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
