"""How long the site of a large book takes, and how much memory: in a fresh clone, and once more with nothing changed.

    python tests/speed/many_pages.py [--runs 10000]

HEAD of this repository is cloned, and its runs are replaced by those of many_runs.py. Those of the groups that the site
shows in full have the page of the run that they were copied from, under their own name. The memory is that of all
processes together, pages that they share counted once. Goals on two cores: 300 runs in at most 120 s at first; with
10,000 records in the book 60 s more, which its index takes.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from many_runs import COPIED, Json, copied, made_up, write_run

from compactbench import ROOT
from compactbench.report.tables.groups import in_full
from compactbench.report.tables.summaries import Cells, Summary

OFTEN_S = 0.2
"""Time between two looks at the memory."""


def main() -> None:
    """Make the book, and build its site twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        subprocess.run(["git", "rm", "-rq", "book/runs"], cwd=clone, check=True)
        fill(clone / "book" / "runs", given.runs)
        for turn in ("first", "second"):
            print(f"{turn}: {built(clone)}", flush=True)


def fill(runs: Path, number: int) -> None:
    """Write so many records, and the pages of those that the site shows in full."""
    record, page = copied(), json.loads(COPIED.with_suffix(".ipynb").read_text("utf-8"))
    chance, known = random.Random(0), []
    for one in range(number):
        run = made_up(record, one, chance)
        write_run(run, runs)
        known.append(Summary(run["suite"], run["machine"], run["model"], run["started_at"], Cells([], []), [], None))
    groups = in_full(known)
    for told in known:
        if (told.suite, told.machine) in groups:
            later = told.started_at - datetime.fromisoformat(record["started_at"])
            own = page_of(page, {"suite": told.suite, "machine": told.machine, "model": told.model}, later)
            (runs / told.suite / told.machine / f"{told.model}.ipynb").write_text(json.dumps(own), "utf-8")


def page_of(page: Json, names: dict[str, str], later: timedelta) -> Json:
    """The page of another run, which papermill executed so much later."""
    told = page["metadata"]["papermill"]
    times = {key: (datetime.fromisoformat(told[key]) + later).isoformat() for key in ("start_time", "end_time")}
    own = told | times | {"parameters": told["parameters"] | names}
    return page | {"metadata": page["metadata"] | {"papermill": own}}


def built(clone: Path) -> str:
    """How long the site of `clone` takes, and the most memory that is seen meanwhile."""
    begun, most = time.monotonic(), 0.0
    command = [sys.executable, "-m", "compactbench", "site"]
    building = psutil.Popen(command, cwd=clone, env=os.environ | {"PYTHONPATH": str(clone)}, stdout=subprocess.DEVNULL)
    while building.poll() is None:
        most = max(most, memory_mb(building))
        time.sleep(OFTEN_S)
    took = time.monotonic() - begun
    if building.returncode:
        raise subprocess.CalledProcessError(building.returncode, command)
    pages = sum(1 for _ in (clone / "book" / "_build" / "html").rglob("*.html"))
    return f"{took:.1f} s, peak {most:,.0f} MB, {pages} pages"


def memory_mb(process: psutil.Process) -> float:
    """Memory of a process and of all below it, MB."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            total += one.memory_full_info().pss
    return total / 1e6


if __name__ == "__main__":
    main()
