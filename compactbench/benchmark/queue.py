"""The jobs of this project that a scheduler still has: they may outlive the command that submitted them."""

import shutil
import subprocess

from compactbench import ROOT
from compactbench.benchmark import sweep
from compactbench.foreign import line
from compactbench.settings import SettingsError

ASKED = "%i|%T|%k|%Z"
"""Number, state, comment and folder of a job; the names of folders may hold the sign between them."""
OURS = "rule_"
"""Start of the comment that Snakemake gives its jobs."""
ANSWER_S = 30
LISTED = 5
"""So many jobs are named; further ones are counted."""


def refuse_queued() -> None:
    """Refuse to begin while jobs of this project wait or run; where none does, what killed ones wrote aside goes.

    Raises:
        SettingsError: some do, or some ran and no scheduler tells whether they still do.
    """
    jobs, left = _jobs(), list(sweep.FOLDER.glob(f"{sweep.JOB}*"))
    if jobs:
        further = f" and {len(jobs) - LISTED} more" if len(jobs) > LISTED else ""
        raise SettingsError(
            f"Slurm still has jobs of this project: {', '.join(jobs[:LISTED])}{further}; wait for their end, or end "
            "them by `scancel` and their numbers."
        )
    if jobs is None and left:
        raise SettingsError(
            "jobs of this project may still run, and Slurm's `squeue` does not answer here; if none does, remove "
            f".sweep/{sweep.JOB}*."
        )
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)


def _jobs() -> list[str] | None:
    """A few words on each job that Snakemake submitted from this folder; None where no scheduler answers."""
    command = ["squeue", "--me", "--noheader", f"--format={ASKED}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    jobs = [row.split("|", 3) for row in told.splitlines()]
    return [
        line(f"{number} ({state.lower()})")
        for number, state, comment, folder in jobs
        if comment.startswith(OURS) and folder == str(ROOT)
    ]
