"""What is due: the one place that decides which models of a report must run, and says why."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from compactbench import ROOT
from compactbench.benchmark.fingerprint import fingerprint, measures
from compactbench.foreign import line
from compactbench.record import FailedRecord, Fingerprint, Weights
from compactbench.record.file import FAILED, FINISHED, RecordError, read_run
from compactbench.record.page import check_page
from compactbench.settings import Model, Suite

LISTED = 3
"""So many names stand in a reason; further ones are counted."""


@dataclass(frozen=True)
class Plan:
    """What a report would run, where all of it is due."""

    suite: Suite
    machine: str
    models: list[Model]
    weights: dict[str, Weights]

    def page(self, model: str) -> str:
        """The page of `model`, beside which its record lies, as a path in the project's folder."""
        return f"book/runs/{self.suite.suite}/{self.machine}/{model}.ipynb"

    @property
    def given(self) -> dict[str, dict[str, str]]:
        """What is said of each model that no file describes, by its name."""
        return {model.model: model.model_dump(exclude_defaults=True) for model in self.models if not model.has_file}


def due(plan: Plan) -> dict[str, str]:
    """The models of `plan` that must run, each with the reason why.

    Raises:
        SettingsError: the texts or the weights cannot be had.
    """
    reasons = {model.model: _reason(plan, model) for model in plan.models}
    return {name: reason for name, reason in reasons.items() if reason}


def parts(plan: Plan, names: Collection[str]) -> dict[str, dict[str, str]]:
    """What the runs of these models of `plan` are to be made from: the parts of their fingerprints, by name.

    Raises:
        SettingsError: the texts or the weights cannot be had.
    """
    return {model.model: _now(plan, model).parts for model in plan.models if model.model in names}


def changes(then: Fingerprint, now: Fingerprint) -> dict[str, str]:
    """The parts of a fingerprint that changed, each with a few words that say how.

    Earlier versions counted files among the code that measures which change no number: these are left out.
    """
    found = {}
    for part in Fingerprint.model_fields:
        before, after = getattr(then, part), getattr(now, part)
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if part == "code":
            names = list(filter(measures, names))
        if part == "versions":
            names = [name + " " + before.get(name, "none") + " -> " + after.get(name, "none") for name in names]
        if names:
            found[part] = f"{part} changed" + (f" ({_listed(names)})" if part not in ("data", "weights") else "")
    return found


def _reason(plan: Plan, model: Model) -> str | None:
    """Why `model` must run; None where its run is there and would give the same again."""
    page = ROOT / plan.page(model.model)
    path = next(filter(os.path.lexists, map(page.with_suffix, (FINISHED, FAILED))), None)
    if path is None:
        return "not measured yet"
    try:
        record = read_run(path)
    except RecordError:
        return "its record cannot be read"
    if isinstance(record, FailedRecord):
        return f"failed before ({line(record.stage)})"
    if record.migrated_from:
        return f"its record is of schema {record.migrated_from}"
    try:
        check_page(page, record)
    except ValueError:
        return "its page is not whole"
    return ", ".join(changes(record.fingerprint, _now(plan, model)).values()) or None


def _now(plan: Plan, model: Model) -> Fingerprint:
    """That of a run of `model` by `plan`."""
    return fingerprint(model, model.asked(plan.suite), plan.weights[model.model])


def _listed(names: list[str]) -> str:
    further = len(names) - LISTED
    return line(", ".join(names[:LISTED])) + (f" and {further} more" if further > 0 else "")
