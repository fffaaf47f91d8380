"""What one run is to do, checked before anything is written: settings, names, weights."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compactbench import ROOT, classifiers, registry, runtimes
from compactbench.benchmark.attempt import ASIDE, PARTS
from compactbench.benchmark.host import identity
from compactbench.data import readers
from compactbench.errors import shown
from compactbench.foreign import line
from compactbench.instruments.machine import default_machine
from compactbench.instruments.machine import machine as describe
from compactbench.parameters import OLD, check_known, given_in, load_model, load_suite, parts, validate_name
from compactbench.record import Machine, Record, Weights
from compactbench.record.file import ATTEMPTS, FINISHED, RecordError, read, read_run
from compactbench.settings import BY_HAND, DEFAULT_SUITE, Model, SettingsError, Suite

KNOWN = {*Model.model_fields, *Suite.model_fields, "machine", "record"}
"""The parameters of a run."""
HARDWARE = ".hardware"
"""In the folder of an attempt: what it is measured on."""
Hardware = dict[str, object]


@dataclass(frozen=True)
class RunPlan:
    """One run.

    Args:
        model: who runs.
        suite: what is asked.
        machine: name of the machine's folder.
        record: file of the record.
        weights: what the model starts from.
    """

    model: Model
    suite: Suite
    machine: str
    record: Path
    weights: Weights


def plan(
    model: str,
    suite: str = DEFAULT_SUITE,
    machine: str | None = None,
    record: str | Path | None = None,
    **changes: Any,
) -> RunPlan:
    """The run of a model in a suite.

    Args:
        model: name of a file in params/models/, an id on the hub or a folder.
        suite: name of a file in params/suites/.
        machine: name of the machine's folder; None: made from the hardware.
        record: file of the record; None: book/runs/<suite>/<machine>/<model>.json.
        changes: keys of either file with other values for this run; None means: as the file says.

    Raises:
        SettingsError: a key is unknown, a value is not accepted, or the weights cannot be had.
    """
    given = {OLD.get(key, key): value for key, value in changes.items() if value is not None}
    for key in given:
        check_known(key, KNOWN)
    model_settings = load_model(model, {"model": model} | {k: v for k, v in given.items() if k in Model.model_fields})
    of_suite = {"suite": suite} | {k: v for k, v in given.items() if k in Suite.model_fields}
    suite_settings = load_suite(suite, of_suite, model_settings)
    if suite_settings.matrix and parts(suite) != [suite]:
        accepted = " or ".join(parts(suite))
        raise SettingsError(f"{BY_HAND}: key `suite`: got {suite!r}, which is run in parts; accepted: {accepted}.")
    check_suite(suite_settings, BY_HAND if "dataset" in given else "")
    machine = own_machine() if machine is None else machine
    validate_name("machine", machine)
    own = ROOT / "book" / "runs" / suite / machine / f"{model_settings.model}.json"
    path = Path(os.environ.get(ASIDE, own.parent)) / own.name if record is None else _own_file(record)
    if record is None:
        refuse_another(machine)
    weights = classifiers.decide_weights(model_settings, suite_settings)
    if PARTS in os.environ:
        _refuse_other_parts(model_settings, suite_settings, weights)
    return RunPlan(model_settings, suite_settings, machine, path, weights)


def _refuse_other_parts(model: Model, suite: Suite, weights: Weights) -> None:
    """Refuse a run whose fingerprint is not the one that the command decided by: it was typed on another host.

    Raises:
        SettingsError: parts of it differ.
    """
    from compactbench.benchmark.fingerprint import fingerprint  # seconds to import, which other commands need not wait

    here, there = fingerprint(model, suite, weights).parts, json.loads(os.environ[PARTS])
    if other := [part for part in here if here[part] != there.get(part)]:
        raise SettingsError(
            f"{model.model}: this host differs in {' and '.join(other)} from the one where the command was given; "
            "accepted: the same checkout, packages, data and weights on both."
        )


def own_machine() -> str:
    """The name of this host's folder where none is given: its hardware, and what tells hosts of one hardware apart."""
    return f"{default_machine()}-{identity()[:4]}"


def refuse_another(machine: str) -> None:
    """Refuse to measure as `machine` what another machine has measured as, or has begun to: one name is one machine.

    Raises:
        SettingsError: a run of that name was measured on another CPU, number of cores or GPU, or is going on there.
    """
    here, runs = hardware(describe()), ROOT / "book" / "runs"
    for when, there in (*_begun(runs, machine, here), *_measured(runs, machine)):  # one that ends meanwhile is a record
        if any(here[key] != there[key] for key in here.keys() & there.keys()):
            raise SettingsError(
                f"key `machine`: {machine!r} was {named(there)} when {when}, and this is {named(here)}; accepted: a "
                "name of its own."
            )


def _measured(runs: Path, machine: str) -> Iterator[tuple[str, Hardware]]:
    """The hardware of a run that `machine` finished, and what is said of when that was; nothing where none did."""
    for path in sorted(runs.glob(f"*/{machine}/*{FINISHED}")):
        with contextlib.suppress(RecordError):
            record = read_run(path)
            if isinstance(record, Record):
                yield f"{path.relative_to(ROOT)} was measured", hardware(record.conditions.machine)
                return


def _begun(runs: Path, machine: str, here: Hardware) -> Iterator[tuple[str, Hardware]]:
    """The same of the attempts at runs of `machine` that began before this one, which tells later ones its own."""
    if ASIDE not in os.environ:
        return
    own = Path(os.environ[ASIDE], HARDWARE)
    partial = own.with_name(f"{HARDWARE}.partial")
    partial.write_text(json.dumps(here), "utf-8")
    os.replace(partial, own)
    began = _began(own)
    for path in sorted(runs.glob(f"*/{machine}/{ATTEMPTS}/*/{HARDWARE}")):
        with contextlib.suppress(FileNotFoundError):  # it ended just now
            if _began(path) < began:
                yield "a run that is going on was begun", json.loads(path.read_text("utf-8"))


def _began(path: Path) -> tuple[int, str]:
    """What puts attempts in an order that all hosts agree on."""
    return path.stat().st_mtime_ns, path.parent.name


def hardware(machine: Machine) -> Hardware:
    """What tells one machine from another; an earlier version did not ask for the CPU's identity."""
    known = {"cpu": machine.cpu, "identity": machine.cpu_identity, "cores": machine.cores, "gpu": machine.gpu or "none"}
    return {key: value for key, value in known.items() if value is not None}


def named(found: Hardware) -> str:
    """What `hardware` found, in words."""
    return ", ".join(f"{key} {line(str(value))}" for key, value in found.items())


def _own_file(given: object) -> Path:
    """The file for the record that was `given` by hand: a new one, or that of an earlier run, which it replaces.

    Raises:
        SettingsError: it is another file.
    """
    path = Path(given) if isinstance(given, str | Path) else Path()
    failed = path.with_suffix(".failed.json") if path.name else path
    try:
        if path.suffix != ".json" or path.name.endswith(".failed.json"):
            raise ValueError
        earlier = [one for one in (path, failed) if one.exists()]
        for one in earlier:
            read(one)
        if path.with_suffix(".log").exists() and not earlier:  # a run empties the log beside its record
            raise ValueError
    except (OSError, ValueError) as error:
        accepted = "a file that ends in .json, new and beside no .log of that name, or the record of an earlier run"
        raise SettingsError(f"{BY_HAND}: key `record`: got {shown(given)}; accepted: {accepted}.") from error
    return path


def settings_of(namespace: dict[str, Any]) -> dict[str, Any]:
    """What `plan` takes, from the variables of a notebook.

    Raises:
        SettingsError: papermill injected a parameter that is none of them.
    """
    return given_in(namespace, KNOWN)


def check_suite(suite: Suite, where: str = "") -> None:
    """Check what the suite says of runtimes and of its data set; an error names its file, or `where` in its place.

    Raises:
        SettingsError: there is no such runtime, or the data set's keys are not accepted.
    """
    where = where or f"params/suites/{suite.suite}.yaml"
    for key in ("runtimes", "random_weights_runtimes"):
        for name in getattr(suite, key):
            registry.check(runtimes, name, f"{where}: key `{key}`")
    readers.of_suite(suite, where)
