"""Build the site from the runs that exist, measuring nothing."""

import argparse
import json
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
"""What the Snakefile's rule `report` has the builder say."""
LOCAL = "local"
"""The profile of the command's own host."""


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
    for problem in pages(BOOK, found).problems:
        print(f"left out: {problem}", flush=True)
    if not found.records:
        print("book/runs: no run to report; accepted: at least one, which `make report` makes.", file=sys.stderr)
        return 1
    LOG.unlink(missing_ok=True)  # else an earlier one would be shown where the builder does not start
    with snakemake("report", due=[]) as building:
        said, _ = building.communicate()
    if building.returncode:
        print(said, LOG.read_text(errors="replace") if LOG.is_file() else "", sep="\n")
        print("The site could not be built; the messages above say why.", file=sys.stderr)
        return 1
    print(f"The report is {SITE}/index.html; `make serve` opens it at a local address.")
    return 0


def snakemake(
    target: str,
    due: list[str],
    given: Mapping[str, object] | None = None,
    parts: Mapping[str, object] | None = None,
    profile: str = LOCAL,
) -> subprocess.Popen[str]:
    """Start Snakemake to make `target` where the runs of these pages are due; what it says comes from its `stdout`.

    Args:
        target: models or report.
        due: the pages.
        given: what is said of models that no file describes: see `Plan.given`.
        parts: what each model's run is to be made from: see `due.parts`.
        profile: name of a folder in profiles/.
    """
    config = (
        ROOT / ".sweep" / f"{target}.json"
    )  # in a command's words a thousand runs would be too long for some systems
    config.write_text(json.dumps({"due": " ".join(due), "given": given or {}, "parts": parts or {}}), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "snakemake",
        target,
        "--profile",
        f"profiles/{profile}",
        "--configfile",
        str(config),
    ]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
