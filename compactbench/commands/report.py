"""Measure what is due on this machine, then build the site."""

import argparse
import contextlib
import threading
import time
from pathlib import Path

import psutil

from compactbench import ROOT
from compactbench.benchmark.capacity import disks
from compactbench.benchmark.due import Plan
from compactbench.benchmark.due import due as due_of
from compactbench.benchmark.sweep import alone
from compactbench.commands.check import add_options, check
from compactbench.commands.site import build, snakemake
from compactbench.foreign import line
from compactbench.record import FailedRecord
from compactbench.record.file import FAILED, RecordError, read_run
from compactbench.record.page import seconds
from compactbench.settings import SettingsError

__all__ = ["add_options", "run"]

POLL_S = 0.5
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
    about = f", about {_minutes(sum(expected.values()))}" if expected else ""
    print(
        f"{plan.suite.suite} on {plan.machine}: {len(due)} of {len(plan.models)} models to measure{about}", flush=True
    )
    for reason in dict.fromkeys(due.values()):
        print(f"{', '.join(name for name in due if due[name] == reason)}: due, {reason}", flush=True)
    for model in plan.models:
        if model.trust_remote_code:
            print(f"{model.model}: its file sets trust_remote_code, so code of its publisher will run here", flush=True)

    begun = time.monotonic()
    exit_code = 0
    if due:
        with Progress(folder, list(due), expected, 60 * plan.suite.answer_limit_min + GRACE_S):
            measured = snakemake("models", [plan.page(name) for name in due])
        exit_code = 1 if measured.returncode else 0
        if measured.returncode and not any((folder / f"{name}.failed.json").is_file() for name in due):
            print(measured.stdout)  # no model tells why, so the orchestrator must
    exit_code = build() or exit_code
    failed = [name for name in due if not (folder / f"{name}.ipynb").is_file()]
    for name in failed:
        print(f"FAILED {name}: {_why(folder, name)} (log: {(folder / name).relative_to(ROOT)}.log)")
    try:
        disks()
    except SettingsError as fault:  # which may be why, and the failed record could not tell
        print(fault)
    print(f"In all {_minutes(time.monotonic() - begun)}.")
    return exit_code


class Progress:
    """While it is entered, says which model is at which stage, as their logs tell, and for how long yet.

    A run whose log stands still for too long is stopped or hangs: its processes are killed, and the next run begins.

    Args:
        folder: where the logs lie.
        due: models that will run.
        expected: seconds that a model took before, where it ran before.
        limit_s: how long a log may stand still.
    """

    def __init__(self, folder: Path, due: list[str], expected: dict[str, float], limit_s: float) -> None:
        self._folder, self._due, self._expected, self._limit_s = folder, due, expected, limit_s
        self._last_sign: tuple[object, float] = (None, time.monotonic())
        self._started: dict[str, float] = {}
        self._shown: dict[str, int] = dict.fromkeys(due, 0)
        self._begun = time.monotonic()
        self._before = {name: self._stamp(name) for name in due}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        last_look = False
        while not last_look:
            last_look = self._stop.wait(POLL_S)  # once more after the end, for the last lines
            for name in self._due:
                self._tell(name)
            self._end_what_hangs()

    def _end_what_hangs(self) -> None:
        """Kill what the orchestrator started, or the orchestrator where nothing else is there, after a long silence."""
        logs = [self._folder / f"{name}.log" for name in self._due]
        sign = [log.stat().st_mtime for log in logs if log.is_file()]
        if sign != self._last_sign[0]:
            self._last_sign = (sign, time.monotonic())
        elif time.monotonic() - self._last_sign[1] > self._limit_s:
            print(f"No sign of life for {_minutes(self._limit_s)}: its processes are ended", flush=True)
            own = psutil.Process().children()
            started = [process for parent in own for process in _below(parent)]
            for process in started or own:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            self._last_sign = (None, time.monotonic())

    def _stamp(self, name: str) -> tuple[int, int] | None:
        """What changes when the log of `name` is written: never compared by order, because a clock may be set back."""
        log = self._folder / f"{name}.log"
        return (log.stat().st_mtime_ns, log.stat().st_size) if log.is_file() else None

    def _tell(self, name: str) -> None:
        """Print the stages in the log of `name` that were not yet printed."""
        if self._stamp(name) == self._before[name]:
            return
        lines = (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        if name not in self._started:
            self._started[name] = time.monotonic()
            self._print(name, "starting")
        stages = [line.partition(" ")[2] for line in lines if line.partition(" ")[2].startswith("stage ")]
        for stage in stages[self._shown[name] :]:
            self._print(name, stage)
        self._shown[name] = len(stages)

    def _print(self, name: str, what: str) -> None:
        place = f"[{len(self._started)}/{len(self._due)}] {name:<12}"
        print(f"{place} {what:<24} {_minutes(time.monotonic() - self._begun)} elapsed{self._left(name)}", flush=True)

    def _left(self, current: str) -> str:
        """How much is left, at the pace so far; nothing unless every model to come is known from an earlier run."""
        to_come = [name for name in self._due if name not in self._started]
        if not {current, *to_come} <= self._expected.keys():
            return ""
        now = time.monotonic()
        done = [name for name in self._started if name != current]
        took = self._started[current] - self._begun
        pace = took / sum(self._expected[name] for name in done) if done else 1.0
        rest = max(0.0, pace * self._expected[current] - (now - self._started[current]))
        return f", about {_minutes(rest + pace * sum(self._expected[name] for name in to_come))} left"


def _below(parent: psutil.Process) -> list[psutil.Process]:
    """What `parent` and its children started, of all that still runs."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in parent.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
    return found


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


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
