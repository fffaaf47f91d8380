"""Take over the runs of another checkout, such as that of another machine.

A run is its record, its raw samples and its page; a point of a matrix is its record alone. One that is here already is
passed over; of two that differ none is lost: nothing at all is copied, and each is named.
"""

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.plan import hardware, named
from compactbench.benchmark.points import Point
from compactbench.benchmark.sweep import alone
from compactbench.errors import shown
from compactbench.foreign import line
from compactbench.record import FailedRecord, Machine, Record
from compactbench.record.file import FINISHED, RecordError, files_of, read_run
from compactbench.record.point import PointRecord
from compactbench.report.tables.collect import PAGE, collect
from compactbench.settings import SettingsError

RUNS = ROOT / "book" / "runs"


def add_options(parser: argparse.ArgumentParser) -> None:
    """From where."""
    parser.add_argument("--folder", required=True, type=Path, help="another checkout, or a copy of its book/runs")


def run(given: argparse.Namespace) -> int:
    """Copy each finished run of the folder that is not here yet.

    Raises:
        SettingsError: there is none, one differs from the run of that name here, or a machine has the name of another;
            nothing was copied.
    """
    folder = given.folder / "book" / "runs"
    folder = folder if folder.is_dir() else given.folder
    found = collect(folder)
    theirs = {_name(one): one for one in [*found.records, *found.points] if not isinstance(one, FailedRecord)}
    if not theirs:
        accepted = "a checkout with finished runs, or its book/runs"
        raise SettingsError(f"parameters: key `folder`: got {shown(str(given.folder))}; accepted: {accepted}.")
    with alone("taking over runs"):
        missing = [name for name in theirs if not (RUNS / f"{name}{FINISHED}").exists()]
        faults = [*_conflicts(folder, [name for name in theirs if name not in missing]), *_misnamed(theirs)]
        if faults:
            raise SettingsError("; ".join(faults) + ". Nothing was taken over.")
        for name in missing:
            record = folder / f"{name}{FINISHED}"  # copied last: a run counts as there when it is
            for file in (folder / f"{name}{PAGE}", *files_of(record)):
                _copy(file, (RUNS / name).with_name(file.name))
            print("taken over: " + name)
    print(f"{len(missing)} of {len(theirs)} runs were new: `make site` shows them.")
    return 0


def _name(one: Record | PointRecord) -> str:
    own = [Point(one.suite, one.model, one.repeat.seed, one.learning_rate).name] if isinstance(one, PointRecord) else []
    return "/".join([one.suite, one.machine, one.model, *own])


def _conflicts(folder: Path, names: list[str]) -> Iterator[str]:
    """A sentence on each run whose record here has another content."""
    for name in names:
        record = f"{name}{FINISHED}"
        if _differ(folder / record, RUNS / record):
            yield f"{name} was measured there and here, with different results: move one of them away"


def _differ(there: Path, here: Path) -> bool:
    """Whether two records say different things; another version may have written the same otherwise."""
    if there.read_bytes() == here.read_bytes():
        return False
    try:
        return read_run(there) != read_run(here)
    except RecordError:  # a point's
        return True


def _misnamed(theirs: dict[str, Record | PointRecord]) -> Iterator[str]:
    """A sentence on each machine there whose name another machine has here."""
    here: dict[str, Machine] = {}
    for record in collect(RUNS).records:
        if isinstance(record, Record):
            here.setdefault(record.machine, record.conditions.machine)
    there = {record.machine: record.conditions.machine for record in theirs.values()}
    for machine in sorted(here.keys() & there.keys()):
        ours, others = hardware(here[machine]), hardware(there[machine])
        if any(ours[key] != others[key] for key in ours.keys() & others.keys()):
            yield f"machine {line(machine)!r} is {named(others)} there, and {named(ours)} here"


def _copy(source: Path, target: Path) -> None:
    """Copy a file so that no reader sees half of it; a run may have no page."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        shutil.copyfile(source, partial)
        os.replace(partial, target)
