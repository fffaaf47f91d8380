"""How long `make site` takes in a fresh clone, without the installation.

    python tests/speed/site.py [REVISION ...] [--times 3]

Each revision of this repository, HEAD unless others are given, is cloned and its site built by this interpreter; where
there are several, they take turns. The last lines hold median and range of each (goal: at most 20 s on two cores).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Build the sites in turns, and print how long each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="*", default=["HEAD"])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    took: dict[str, list[float]] = {revision: [] for revision in given.revisions}
    for _ in range(given.times):
        for revision, seconds in took.items():
            seconds.append(built(revision))
            print(f"{revision}: {seconds[-1]:.1f} s", flush=True)
    for revision, seconds in took.items():
        spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
        print(f"{revision}: {statistics.median(seconds):.1f} s ({spread}, median of {len(seconds)})")


def built(revision: str) -> float:
    """How long the site of a clone of `revision` takes, s."""
    commit = subprocess.check_output(["git", "rev-parse", revision], cwd=ROOT, text=True).strip()
    with tempfile.TemporaryDirectory() as clone:
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        subprocess.run(["git", "checkout", "-q", "--detach", commit], cwd=clone, check=True)
        begun = time.monotonic()
        command = [sys.executable, "-m", "compactbench", "site"]
        subprocess.run(command, cwd=clone, env=os.environ | {"PYTHONPATH": clone}, check=True, capture_output=True)
        return time.monotonic() - begun


if __name__ == "__main__":
    main()
