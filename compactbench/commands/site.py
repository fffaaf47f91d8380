"""Build the site from the runs that exist, measuring nothing."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.sweep import alone
from compactbench.report.site.pages import pages
from compactbench.report.tables.collect import collect

SITE = Path("book/_build/html")
BOOK = ROOT / "book"
LOG = BOOK / "_build" / "site.log"
"""What the builder says."""
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # its script names an interpreter by its path
BUILDER = [
    *(sys.executable, "-c", f"from compactbench.benchmark.sweep import join; join('making a report'); {JUPYTER_BOOK}"),
    *("build", "book/", "-W", "-n", "--keep-going"),
]
"""The command that builds the site, as a part of the sweep; the Snakefile has it, too."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""More, of builder and of the summary's kernel beside it, would wait for one another longer than they calculate."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """None: the site shows every run."""


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
    found = collect(BOOK / "runs")
    building = builder() if found.records else None
    for problem in pages(BOOK, found).problems:
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


def snakemake(target: str, due: list[str], given: Mapping[str, object] | None = None) -> subprocess.Popen[str]:
    """Start Snakemake to make `target` where the runs of these pages are due; what it says comes from its `stdout`.

    Args:
        target: models or report.
        due: the pages.
        given: what is said of models that no file describes: see `Plan.given`.
    """
    command = [sys.executable, "-m", "snakemake", target, "--profile", "profiles/local"]
    command += ["--config", f"due={' '.join(due)}", f"given={json.dumps(given or {}, ensure_ascii=False)}"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
