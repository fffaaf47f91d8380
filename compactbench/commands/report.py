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
from compactbench.benchmark.due import Plan
from compactbench.benchmark.due import due as due_of
from compactbench.benchmark.due import parts as parts_of
from compactbench.benchmark.host import choice
from compactbench.benchmark.points import due_points
from compactbench.benchmark.progress import Progress, minutes, repeated
from compactbench.benchmark.queue import refuse_queued
from compactbench.benchmark.sweep import alone
from compactbench.benchmark.watchdog import Watchdog
from compactbench.commands import check
from compactbench.commands.site import LOCAL, Work, build, snakemake
from compactbench.errors import shown
from compactbench.foreign import line
from compactbench.parameters import parts
from compactbench.record import FailedRecord
from compactbench.record.file import FAILED, RecordError, read_run
from compactbench.record.page import seconds
from compactbench.settings import Model, SettingsError

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
    here = given.profile == LOCAL
    plans = [check.check(part, given.models, given.machine, here) for part in parts(given.suite)]
    disks()
    with alone("making a report"):
        refuse_queued()
        settle()
        return _report(plans, given.profile)


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


def _report(plans: list[Plan], profile: str) -> int:
    begun = time.monotonic()
    pages, points, asked = dict[str, Plan](), dict[str, Plan](), dict[str, dict[str, str]]()
    for plan in plans:
        due, to_learn = due_of(plan), due_points(plan)
        pages |= {plan.page(name): plan for name in due}
        points |= dict.fromkeys(to_learn, plan)
        learning = {Path(file).parent.name for file in to_learn}
        asked |= {plan.page(name): parts for name, parts in parts_of(plan, {*due, *learning}).items()}
        _announce(plan, due, to_learn, profile)
    for model in {model.model: model for plan in plans for model in plan.models}.values():
        _warn(model)
    exit_code = _measure(pages, points, asked, profile) if pages or points else 0
    exit_code = build() or exit_code
    for file in pages | points:
        if not (finished(ROOT / file, asked[file]) if file in pages else (ROOT / file).is_file()):
            why = _why(ROOT / file, asked[file]) if file in pages else "it was not learned"
            print(f"FAILED {_label(file, pages | points)}: {why} (log: {_log(file)})")
    try:
        disks()
    except SettingsError as fault:  # which may be why, and the failed record could not tell
        print(fault)
    print(f"In all {minutes(time.monotonic() - begun)}.")
    return exit_code


def _announce(plan: Plan, due: dict[str, str], points: dict[str, str], profile: str) -> None:
    """Say what of a plan will be measured, and why."""
    expected = _expected_seconds((ROOT / plan.page("any")).parent, list(due))
    about = f", about {minutes(sum(expected.values()))}" if expected and profile == LOCAL else ""
    further = f", and {len(points)} further seeds and learning rates to learn" if points else ""
    counted = f"{len(due)} of {len(plan.models)} models"
    print(f"{plan.suite.suite} on {plan.machine}: {counted} to measure{about}{further}", flush=True)
    for reason in dict.fromkeys(due.values()):
        print(f"{', '.join(name for name in due if due[name] == reason)}: due, {reason}", flush=True)


def _warn(model: Model) -> None:
    """Say what a reader would not expect of a model."""
    if not model.has_file:
        print(f"{model.model}: {line(model.path or model.model_name)}, which no file in params/models/ describes")
    if model.trust_remote_code:
        print(f"{model.model}: its file sets trust_remote_code, so code of its publisher will run here", flush=True)


def _measure(
    pages: dict[str, Plan], points: dict[str, Plan], asked: Mapping[str, Mapping[str, str]], profile: str
) -> int:
    """Have Snakemake execute the runs and learn the points, each with the plan that it belongs to, and show progress.

    Returns:
        The exit code: 0, or 1 when one of them failed.
    """
    work, local = pages | points, profile == LOCAL
    given = {name: keys for plan in work.values() for name, keys in plan.given.items()}
    logs = {_label(file, work): ROOT / _log(file) for file in work}
    to_do = Work(list(pages), list(points), given, asked, len(choice()))
    with snakemake("models", to_do, profile) as measuring, contextlib.ExitStack() as looking:
        looking.enter_context(repeated(Progress(logs, _expected(pages, work) if local else {}).look))
        if local:  # elsewhere runs may wait for hours, and the scheduler ends what hangs
            limit_s = 60 * max(plan.suite.answer_limit_min for plan in work.values()) + GRACE_S
            looking.enter_context(repeated(Watchdog(measuring.pid, list(logs.values()), limit_s).look))
        said, _ = measuring.communicate()
    if measuring.returncode and not any((ROOT / page).with_suffix(FAILED).is_file() for page in pages):
        print(said)  # no model tells why, so the orchestrator must
    return 1 if measuring.returncode else 0


def _expected(pages: dict[str, Plan], work: dict[str, Plan]) -> dict[str, float]:
    """What each run took earlier, by what it is called in this report; nothing where one of its folder never ran."""
    found = dict[str, float]()
    for folder in dict.fromkeys(Path(page).parent for page in pages):
        here = {Path(page).stem: _label(page, work) for page in pages if Path(page).parent == folder}
        found |= {here[name]: took for name, took in _expected_seconds(ROOT / folder, list(here)).items()}
    return found


def _label(file: str, work: dict[str, Plan]) -> str:
    """What a page or a point is called in this report: its path, without what is the same for all."""
    place = Path(file).relative_to("book/runs").with_suffix("")
    suite, _, *own = place.parts
    several = len({plan.suite.suite for plan in work.values()}) > 1
    return "/".join([suite, *own] if several else own)


def _log(file: str) -> Path:
    """The log beside a page or the record of a point, from the project's folder on."""
    return Path(file).with_suffix(".log")


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
