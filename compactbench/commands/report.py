"""Measure what is due on this machine, then build the site."""

import argparse
import time
from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.capacity import disks
from compactbench.benchmark.due import Plan
from compactbench.benchmark.due import due as due_of
from compactbench.benchmark.progress import Progress, minutes, repeated
from compactbench.benchmark.sweep import alone
from compactbench.benchmark.watchdog import Watchdog
from compactbench.commands.check import add_options, check
from compactbench.commands.site import build, snakemake
from compactbench.foreign import line
from compactbench.record import FailedRecord
from compactbench.record.file import FAILED, RecordError, read_run
from compactbench.record.page import seconds
from compactbench.settings import SettingsError

__all__ = ["add_options", "run"]

GRACE_S = 120.0
"""Beyond the time that a process has for an answer: the run itself had to see to that."""


def run(given: argparse.Namespace) -> int:
    """Measure what is due, with progress, and build the site.

    Returns:
        The exit code: 0, or 1 when a model failed or the site could not be built.

    Raises:
        SettingsError: something cannot work, and nothing was written; or another report is being made in this folder.
    """
    plan = check(given.suite, given.models, given.machine)
    disks()
    with alone("making a report"):
        return _report(plan)


def _report(plan: Plan) -> int:
    due = due_of(plan)
    folder = (ROOT / plan.page("any")).parent
    expected = _expected_seconds(folder, list(due))
    about = f", about {minutes(sum(expected.values()))}" if expected else ""
    print(
        f"{plan.suite.suite} on {plan.machine}: {len(due)} of {len(plan.models)} models to measure{about}", flush=True
    )
    for reason in dict.fromkeys(due.values()):
        print(f"{', '.join(name for name in due if due[name] == reason)}: due, {reason}", flush=True)
    for model in plan.models:
        if not model.has_file:
            print(f"{model.model}: {line(model.path or model.model_name)}, which no file in params/models/ describes")
        if model.trust_remote_code:
            print(f"{model.model}: its file sets trust_remote_code, so code of its publisher will run here", flush=True)

    begun = time.monotonic()
    exit_code = 0
    if due:
        limit_s = 60 * plan.suite.answer_limit_min + GRACE_S
        with (
            snakemake("models", [plan.page(name) for name in due], plan.given) as measuring,
            repeated(Progress(folder, list(due), expected).look),
            repeated(Watchdog(measuring.pid, [folder / f"{name}.log" for name in due], limit_s).look),
        ):
            said, _ = measuring.communicate()
        exit_code = 1 if measuring.returncode else 0
        if measuring.returncode and not any((folder / f"{name}.failed.json").is_file() for name in due):
            print(said)  # no model tells why, so the orchestrator must
    exit_code = build() or exit_code
    failed = [name for name in due if not (folder / f"{name}.ipynb").is_file()]
    for name in failed:
        print(f"FAILED {name}: {_why(folder, name)} (log: {(folder / name).relative_to(ROOT)}.log)")
    try:
        disks()
    except SettingsError as fault:  # which may be why, and the failed record could not tell
        print(fault)
    print(f"In all {minutes(time.monotonic() - begun)}.")
    return exit_code


def _expected_seconds(folder: Path, due: list[str]) -> dict[str, float]:
    """What each model took in an earlier run, best in this `folder`; nothing where one never ran.

    Papermill writes it into the page; a record's stages leave out the start of the kernel and of its libraries.
    """
    found: dict[str, float] = {}
    for page in sorted(folder.parent.glob("*/*.ipynb"), key=lambda page: page.parent == folder):
        took = seconds(page) if page.stem in due and page.with_suffix(".json").is_file() else None
        if took and took > 0:  # below 0 where the clock was set back
            found[page.stem] = took
    return found if found.keys() == set(due) else {}


def _why(folder: Path, name: str) -> str:
    try:
        failed = read_run(folder / f"{name}{FAILED}")
        if isinstance(failed, FailedRecord):
            return line(failed.stage + ": " + failed.error)
    except RecordError:
        pass  # it left none
    return "it was measured, but its page failed" if (folder / f"{name}.json").is_file() else "it did not start"
