"""What do Snakemake and Slurm take for themselves?

    python tests/speed/cluster.py [--runs 8] [--work 10] [--planned 1000]

Makes runs of stand-in work, which sleep so many seconds each, one after the other on this host. Where a Slurm can be
started (tests/helpers/slurm.py says what it takes) also on one of its nodes and on two. Prints what a run takes beside
its work, how well the second node is used, and how long a plan of many runs takes.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from helpers.project import Project
from helpers.slurm import NODES, Cluster, asked, why_not

STAND_IN = """import sys, time
from pathlib import Path
from compactbench.benchmark.sweep import join
join("making a report")
time.sleep({work})
Path(sys.argv[1]).write_text("{{}}")
"""
"""In the place of what executes the template."""


def took(project: Project, profile: str, runs: int, *options: str) -> float:
    """Seconds that Snakemake takes for so many new runs."""
    pages = [f"book/runs/tiny/{time.monotonic_ns()}/m{number}.ipynb" for number in range(runs)]
    config = project.folder / ".sweep" / "models.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"due": pages, "points": [], "given": {}, "parts": {}, "cards": 0}))
    begun = time.monotonic()
    words = ("snakemake", "models", "--profile", f"profiles/{profile}", "--configfile", str(config), *options)
    done = project.run(*words)
    seconds = time.monotonic() - begun
    missing = [] if options else [page for page in pages if not (project.folder / page).is_file()]
    assert done.returncode == 0 and not missing, done.stdout + done.stderr
    return seconds


def on_slurm(project: Project, runs: int, work: float) -> None:
    """Print what Slurm takes for itself, and how well a second node is used."""
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder)):
        nothing = took(project, "slurm", 0)
        asked("scontrol", "update", f"NodeName={NODES[1]}", "State=DRAIN", "Reason=one")
        one = took(project, "slurm", runs)
        asked("scontrol", "update", f"NodeName={NODES[1]}", "State=RESUME")
        two = took(project, "slurm", runs)
    print(f"on Slurm a run takes {(one - nothing) / runs - work:.1f} s beside its work (allowed: 6 s)")
    print(f"two nodes are used to {one / two / 2:.0%} (asked for: 85%)", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--work", type=float, default=10.0, help="seconds of each; default: %(default)s")
    parser.add_argument("--planned", type=int, default=1000, help="runs of the long plan; default: %(default)s")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        stand_in = project.folder / "compactbench" / "benchmark" / "__main__.py"
        stand_in.write_text(STAND_IN.format(work=given.work))
        if why := why_not():
            print(f"not measured on Slurm: {why}")
        else:
            on_slurm(project, given.runs, given.work)
        here = (took(project, "local", given.runs) - took(project, "local", 0)) / given.runs - given.work
        print(f"on this host a run takes {here:.1f} s beside its work (allowed: 1 s)")
        planned = took(project, "local", given.planned, "--dry-run")
        print(f"{given.planned:,} runs planned in {planned:.1f} s (allowed for 1,000: 20 s)")


if __name__ == "__main__":
    main()
