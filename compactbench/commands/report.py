"""Measure what is due on this machine, then build the site."""

import argparse
import contextlib
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import yaml

from compactbench import ROOT
from compactbench.benchmark.attempt import finished, measured, settle
from compactbench.benchmark.capacity import disks
from compactbench.benchmark.due import Plan, parts
from compactbench.benchmark.due import due as due_of
from compactbench.benchmark.progress import Progress, minutes, repeated
from compactbench.benchmark.queue import refuse_queued
from compactbench.benchmark.sweep import alone
from compactbench.benchmark.watchdog import Watchdog
from compactbench.commands import check
from compactbench.commands.site import LOCAL, build, snakemake
from compactbench.errors import shown
from compactbench.foreign import line
from compactbench.record import FailedRecord
from compactbench.record.file import FAILED, RecordError, read_run
from compactbench.record.page import seconds
from compactbench.settings import SettingsError

PROFILES = ROOT / "profiles"
REFUSED = "SettingsError: "
"""Start of the last line in the log of a run that was refused."""
GRACE_S = 120.0
"""Beyond the time that a process has for an answer: the run itself had to see to that."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of `check`, and where the runs are to be."""
    check.add_options(parser)
    parser.add_argument(
        "--profile", default=LOCAL, help="a folder in profiles/: where it measures (default: %(default)s)"
    )


def run(given: argparse.Namespace) -> int:
    """Measure what is due, with progress, and build the site.

    Returns:
        The exit code: 0, or 1 when a model failed or the site could not be built.

    Raises:
        SettingsError: something cannot work, and nothing was written; or another report is being made in this folder.
    """
    _check_profile(given.profile, given.machine)
    plan = check.check(given.suite, given.models, given.machine, here=given.profile == LOCAL)
    disks()
    with alone("making a report"):
        refuse_queued()
        settle()
        return _report(plan, given.profile)


def _check_profile(profile: str, machine: str | None) -> None:
    """Check that there is such a profile, that it can be used, and that a machine other than this one has a name.

    Raises:
        SettingsError: one of these is not so.
    """
    known = sorted(path.parent.name for path in PROFILES.glob("*/config.yaml"))
    if profile not in known:
        raise SettingsError(f"parameters: key `profile`: got {shown(profile)}; accepted: {', '.join(known)}.")
    if profile != LOCAL and not machine:
        accepted = f"a name, as the profile {profile} measures on other hosts than this one"
        raise SettingsError(f"parameters: key `machine`: not given; accepted: {accepted}.")
    executor = yaml.safe_load((PROFILES / profile / "config.yaml").read_text(encoding="utf-8")).get("executor")
    plugin = f"snakemake-executor-plugin-{executor}"
    if executor and find_spec(plugin.replace("-", "_")) is None:
        raise SettingsError(
            f"profiles/{profile}/config.yaml: key `executor`: got {shown(executor)}; accepted: one whose package is "
            f"installed, and {plugin} is not."
        )


def _report(plan: Plan, profile: str) -> int:
    due = due_of(plan)
    folder = (ROOT / plan.page("any")).parent
    asked = parts(plan, due)
    local = profile == LOCAL
    expected = _expected_seconds(folder, list(due)) if local else {}  # elsewhere many run at a time
    about = f", about {minutes(sum(expected.values()))}" if expected else ""
    counted = f"{len(due)} of {len(plan.models)} models"
    print(f"{plan.suite.suite} on {plan.machine}: {counted} to measure{about}", flush=True)
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
        pages = [plan.page(name) for name in due]
        with snakemake("models", pages, plan.given, asked, profile) as measuring, contextlib.ExitStack() as looking:
            looking.enter_context(repeated(Progress(folder, list(due), expected).look))
            if local:  # elsewhere runs may wait for hours, and the scheduler ends what hangs
                logs = [folder / f"{name}.log" for name in due]
                looking.enter_context(repeated(Watchdog(measuring.pid, logs, limit_s).look))
            said, _ = measuring.communicate()
        exit_code = 1 if measuring.returncode else 0
        if measuring.returncode and not any((folder / f"{name}.failed.json").is_file() for name in due):
            print(said)  # no model tells why, so the orchestrator must
    exit_code = build() or exit_code
    for name in due:
        page = folder / f"{name}.ipynb"
        if not finished(page, asked[name]):
            print(f"FAILED {name}: {_why(page, asked[name])} (log: {page.with_suffix('.log').relative_to(ROOT)})")
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


def _why(page: Path, asked: Mapping[str, str]) -> str:
    try:
        failed = read_run(page.with_suffix(FAILED))
        if isinstance(failed, FailedRecord):
            return line(failed.stage + ": " + failed.error)
    except RecordError:
        pass  # it left none
    if measured(page, asked):
        return "it was measured, but its page failed"
    return f"it did not start{_refusal(page.with_suffix('.log'))}"


def _refusal(log: Path) -> str:
    """The sentence by which the run was refused, after a colon, where one ends its log."""
    try:
        said = log.read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]
    except OSError:
        return ""
    return f": {line(said.removeprefix(REFUSED))}" if said.startswith(REFUSED) else ""
