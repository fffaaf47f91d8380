"""The report in one command: check, measure what is due with progress, build the site."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
from nbformat import read as read_notebook

from compactbench import ROOT
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.commands.check import Plan, check
from compactbench.instruments.machine import default_machine
from compactbench.record import FailedRecord, Record
from compactbench.record.file import read

SITE = Path("book/_build/html/index.html")
POLL_S = 0.5


def report(suite: str, only: list[str], machine: str | None) -> int:
    """Measure what is due and build the site.

    Returns:
        The exit code: 0; 1 when a contender failed or the site could not be built; 2 when another report is being made
        in this folder: two at once would spoil each other's times.

    Raises:
        SettingsError: something cannot work; nothing was written.
    """
    plan = check(suite, only, machine)
    if (owner := _lock_owner()) is not None:
        print(f"process {owner} is making a report in this folder already: wait for its end", file=sys.stderr)
        return 2
    machine = machine or default_machine()
    folder = ROOT / "book" / "runs" / suite / machine
    due = [model.model for model in plan.models if not _unchanged(plan, model.model, folder)]
    expected = _expected_seconds(folder, due)
    about = f", about {_minutes(sum(expected.values()))}" if expected else ""
    print(f"{suite} on {machine}: {len(due)} of {len(plan.models)} contenders to measure{about}", flush=True)

    for model in plan.models:
        if model.trust_remote_code:
            print(f"{model.model}: its file sets trust_remote_code, so code of its publisher will run here", flush=True)

    begun = time.monotonic()
    if due:
        given = ["--config", f"suite={suite}", f"machine={machine}", f"models={' '.join(due)}", "checked=true"]
        with Progress(folder, due, expected):
            measured = _snakemake("models", [*given, "--forcerun", "run"])  # what is due was decided above
        if measured.returncode and not any((folder / f"{name}.failed.json").is_file() for name in due):
            print(measured.stdout)  # no contender tells why, so the orchestrator must
    exit_code = site()
    failed = [name for name in due if not (folder / f"{name}.json").is_file()]
    for name in failed:
        print(f"FAILED {name}: {_why(folder, name)} (log: {(folder / name).relative_to(ROOT)}.log)")
    print(f"In all {_minutes(time.monotonic() - begun)}.")
    return 1 if failed else exit_code


def site() -> int:
    """Build the site from the runs that exist.

    Returns:
        The exit code, as of `report`.
    """
    if (owner := _lock_owner()) is not None:
        print(f"process {owner} is making a report in this folder already: wait for its end", file=sys.stderr)
        return 2
    print("Building the site", flush=True)
    built = _snakemake("report", ["--config", "checked=true"])
    if built.returncode:
        print(built.stdout)
        print("The site could not be built; the messages above say why.", file=sys.stderr)
        return 1
    print(f"The report is {SITE}; `make serve` opens it at a local address.")
    return 0


class Progress:
    """While it is entered, says which contender is at which stage, as their logs tell, and for how long yet.

    Args:
        folder: where the logs lie.
        due: contenders that will run.
        expected: seconds that a contender took before, where it ran before.
    """

    def __init__(self, folder: Path, due: list[str], expected: dict[str, float]) -> None:
        self._folder, self._due, self._expected = folder, due, expected
        self._started: dict[str, float] = {}
        self._shown: dict[str, int] = dict.fromkeys(due, 0)
        self._begun = time.time()
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

    def _tell(self, name: str) -> None:
        """Print the stages in the log of `name` that were not yet printed."""
        log = self._folder / f"{name}.log"
        if not log.is_file() or log.stat().st_mtime < self._begun:
            return
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        if name not in self._started:
            self._started[name] = time.time()
            self._print(name, "starting")
        stages = [line.partition(" ")[2] for line in lines if line.partition(" ")[2].startswith("stage ")]
        for stage in stages[self._shown[name] :]:
            self._print(name, stage)
        self._shown[name] = len(stages)

    def _print(self, name: str, what: str) -> None:
        place = f"[{len(self._started)}/{len(self._due)}] {name:<12}"
        print(f"{place} {what:<24} {_minutes(time.time() - self._begun)} elapsed{self._left(name)}", flush=True)

    def _left(self, current: str) -> str:
        """How much is left, at the pace so far; nothing unless every contender to come is known from an earlier run."""
        to_come = [name for name in self._due if name not in self._started]
        if not {current, *to_come} <= self._expected.keys():
            return ""
        now = time.time()
        done = [name for name in self._started if name != current]
        took = self._started[current] - self._begun
        pace = took / sum(self._expected[name] for name in done) if done else 1.0
        rest = max(0.0, pace * self._expected[current] - (now - self._started[current]))
        return f", about {_minutes(rest + pace * sum(self._expected[name] for name in to_come))} left"


def _snakemake(target: str, given: list[str]) -> subprocess.CompletedProcess[str]:
    """Bring `target` up to date; what Snakemake says is in the result's `stdout`."""
    command = [sys.executable, "-m", "snakemake", target, "--profile", "profiles/local", *given]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _lock_owner() -> int | None:
    """The process id of the Snakemake that works in this folder; what a killed one left of its lock is removed."""
    if not any((ROOT / ".snakemake" / "locks").glob("*.lock")):
        return None
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if "snakemake" in (process.info["cmdline"] or []) and process.info["cwd"] == str(ROOT):
            return process.pid
    _snakemake("--unlock", ["--config", "checked=true"])
    return None


def _unchanged(plan: Plan, name: str, folder: Path) -> bool:
    path = folder / f"{name}.json"
    if not path.is_file():
        return False
    model = next(model for model in plan.models if model.model == name)
    try:
        found = read(path)
    except ValueError:  # no record at all: it is measured again
        return False
    return isinstance(found, Record) and found.fingerprint == fingerprint(model, plan.suite, plan.weights[name])


def _expected_seconds(folder: Path, due: list[str]) -> dict[str, float]:
    """What each contender took in an earlier run, best in this `folder`; nothing where one never ran.

    Papermill writes it into the page; a record's stages leave out the start of the kernel and of its libraries.
    """
    found: dict[str, float] = {}
    for page in sorted(folder.parent.glob("*/*.ipynb"), key=lambda page: page.parent == folder):
        if page.stem in due and page.with_suffix(".json").is_file():
            found[page.stem] = read_notebook(page, as_version=4).metadata.papermill.duration
    return found if found.keys() == set(due) else {}


def _why(folder: Path, name: str) -> str:
    path = folder / f"{name}.failed.json"
    failed = read(path) if path.is_file() else None
    return f"{failed.stage}: {failed.error}" if isinstance(failed, FailedRecord) else "it did not start"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
