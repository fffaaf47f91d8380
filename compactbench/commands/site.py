"""Build the site from the runs that exist, measuring nothing."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.sweep import FOLDER, alone
from compactbench.report.site.builder import BUILDER
from compactbench.report.site.pages import pages
from compactbench.report.tables.index import of_book

SITE = Path("book/_build/html")
BOOK = ROOT / "book"
LOG = BOOK / "_build" / "site.log"
"""What the builder says."""
WORK = FOLDER / "work.json"
"""What is due, for the Snakefile: thousands of paths are too long for a command."""
LOCAL = "local"
"""The profile of the command's own host."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""More, of builder and of the summary's kernel beside it, would wait for one another longer than they calculate."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """None: the site is of every run."""


def run(given: argparse.Namespace) -> int:
    """Build the site.

    Raises:
        SettingsError: a report is being made in this folder.
    """
    with alone("making a report"):
        return build()


def build() -> int:
    """Build the site and say where it is.

    Returns:
        The exit code: 0, or 1 when it could not be built.
    """
    print("Building the site", flush=True)
    found = of_book(BOOK)  # before the builder and the summary, which then find it made
    building = builder() if found.runs else None
    for problem in pages(BOOK, found.in_full).problems:
        print(f"left out: {problem}", flush=True)
    if building is None:
        print("book/runs: no run to report; accepted: at least one, which `make report` makes.", file=sys.stderr)
        return 1
    if building.wait():
        print(LOG.read_text(errors="replace"))
        print("The site could not be built; the messages above say why.", file=sys.stderr)
        return 1
    print(f"The report is {SITE}/index.html; `make serve` opens it at a local address.")
    return 0


def builder() -> subprocess.Popen[bytes]:
    """Start to build the site, and to write the log."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        return subprocess.Popen(BUILDER, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=log, stderr=subprocess.STDOUT)


@dataclass(frozen=True)
class Work:
    """What there is to do for Snakemake.

    Args:
        due: the pages of the runs that are due.
        points: the records of the points that are due.
        given: what is said of models that no file describes: see `Plan.given`.
        parts: what each run, and the points of its model, are to be made from, by the run's page: see `due.parts`.
        cards: how many points share this host, a card each; 0 or 1: one takes it whole.
    """

    due: Sequence[str]
    points: Sequence[str]
    given: Mapping[str, object]
    parts: Mapping[str, Mapping[str, str]]
    cards: int


def snakemake(target: str, work: Work, profile: str = LOCAL) -> subprocess.Popen[str]:
    """Start Snakemake to make `target` of the Snakefile; what it says comes from its `stdout`.

    Args:
        target: name of a rule.
        work: what is due.
        profile: name of a folder in profiles/.
    """
    WORK.write_text(json.dumps(asdict(work)), "utf-8")
    command = [sys.executable, "-m", "snakemake", target]
    command += ["--profile", f"profiles/{profile}", "--configfile", str(WORK)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
