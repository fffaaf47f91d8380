"""Whether this machine has the disk and the memory that a run takes, asked before anything is measured.

What a model takes is known where it ran before: the reference runs have the starter's. What is not known is not asked.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from compactbench import ROOT
from compactbench.benchmark.sweep import SCRATCH
from compactbench.errors import one_line
from compactbench.instruments.machine import machine
from compactbench.record import Record
from compactbench.record.file import read
from compactbench.settings import SettingsError

PAGE_MB = 10
"""Disk for page, record and log, with room to spare: the largest of the reference runs take 0.2 MB."""
BESIDE_MB = 1200
"""Memory of report, Snakemake, papermill and kernel together: the highest sum in a sweep of two models."""
FOLDERS = {"book/runs/": ROOT / "book" / "runs", "models/": ROOT / "models", ".sweep/": SCRATCH.parent}
"""The folders that a run writes to, by the names that users know."""


@dataclass(frozen=True)
class Needs:
    """What a run takes: its artefact on disk, and beside everything else in memory; 0 where not known."""

    artefact_mb: float
    memory_mb: float


def needs(suite: str, model: str) -> Needs:
    """What the run of `model` took before, where it took least: on another machine it may have had larger batches."""
    found = [_taken(path) for path in (ROOT / "book" / "runs" / suite).glob(f"*/{model}.json")]
    known = [one for one in found if one]
    return Needs(min((n.artefact_mb for n in known), default=0), min((n.memory_mb for n in known), default=0))


def refuse_if_short(suite: str, model: str) -> None:
    """Check disk and memory for one run.

    Raises:
        SettingsError: a folder cannot be written, or something is too small; the message says what is needed and what
            there is.
    """
    needed = needs(suite, model)
    asked = {"book/runs/": PAGE_MB, "models/": needed.artefact_mb, ".sweep/": needed.artefact_mb}
    for names in disks().values():
        free, mb = psutil.disk_usage(str(FOLDERS[names[0]])).free / 1e6, sum(asked[name] for name in names)
        if free < mb:
            needed_there = f"{mb:,.0f} MB of disk for {' and '.join(names)}"
            raise SettingsError(f"{model} needs {needed_there}, {free:,.0f} MB are free: free some space")
    free, mb = _free_memory_mb(), BESIDE_MB + needed.memory_mb
    if needed.memory_mb and free < mb:
        raise SettingsError(f"{model} needs {mb:,.0f} MB of memory, {free:,.0f} MB are free: end other programs")


def disks() -> dict[int, list[str]]:
    """The disks that a run writes to, by number, each with the names of the folders on it.

    Raises:
        SettingsError: a folder cannot be written: not allowed, a disk mounted read-only, or full to the last byte.
    """
    found: dict[int, list[str]] = {}
    for name, folder in FOLDERS.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x")
                file.flush()
                found.setdefault(os.fstat(file.fileno()).st_dev, []).append(name)
        except OSError as error:
            raise SettingsError(f"{name} cannot be written: {one_line(error)}.") from error
    return found


def _taken(path: Path) -> Needs | None:
    """What the run of the record at `path` took; None where it says nothing."""
    try:
        record = read(path)
    except ValueError:
        return None
    if not isinstance(record, Record):
        return None
    parts = [record.finetune, *(runtime.memory for runtime in record.runtimes)]
    peaks_mb = [part.baseline_ram_mb + part.peak_ram_mb for part in parts if part]
    sizes = [sum(runtime.artefact.files.values()) for runtime in record.runtimes if runtime.artefact]
    return Needs(artefact_mb=sum(sizes) / 1e6, memory_mb=max(peaks_mb))


def _free_memory_mb() -> float:
    """Memory that this machine, or the limit of its container, leaves to new processes."""
    free, limit = psutil.virtual_memory().available / 1e6, machine().ram_limit_mb
    return free if limit is None else min(free, limit)
