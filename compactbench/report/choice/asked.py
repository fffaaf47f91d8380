"""What a reader asks of the summary notebook, checked before it answers."""

from collections.abc import Mapping
from typing import Any

from compactbench import ROOT
from compactbench.parameters import notebook_parameters
from compactbench.report.choice.recommend import check_limits
from compactbench.report.tables.results import collect, default_group
from compactbench.report.tables.runtimes import CHOICES
from compactbench.settings import SettingsError, nearest

KNOWN = ("suite", "machine", "limits")


def asked(namespace: dict[str, Any]) -> tuple[str, str, dict[str, float], str | None]:
    """The suite and machine to compare, the limits in numbers, and the runtime that is asked for among them, or None.

    Args:
        namespace: a notebook's, with its parameters.

    Raises:
        SettingsError: a parameter is unknown, or cannot be meant.
        ValueError: there is no run at all.
    """
    given = notebook_parameters(namespace)
    runs = collect(ROOT / "book" / "runs")
    for key in given:
        if key not in KNOWN:
            raise SettingsError(
                f"parameters: key `{key}` is not known{nearest(key, KNOWN)}; accepted: {', '.join(KNOWN)}."
            )
    for key in ("suite", "machine"):
        known = sorted({getattr(run, key) for run in runs})
        if runs and given.get(key) not in (None, *known):
            raise SettingsError(f"parameters: key `{key}`: got {given[key]!r}; accepted: {', '.join(known)}.")
    limits = given.get("limits") or {}
    if not isinstance(limits, Mapping):
        raise SettingsError(f"parameters: key `limits`: got {limits!r}; accepted: a mapping of columns to numbers.")
    limits = dict(limits)
    runtime = limits.pop("runtime", None)
    if runtime not in (None, *CHOICES):
        raise SettingsError(f"limits: runtime is {runtime!r}; accepted: {', '.join(CHOICES)}.")
    try:
        check_limits(limits)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    matching = [
        run for run in runs if given.get("suite") in (None, run.suite) and given.get("machine") in (None, run.machine)
    ]
    if runs and not matching:
        raise SettingsError(f"parameters: the suite {given['suite']!r} has no run on the machine {given['machine']!r}.")
    return *default_group(matching), limits, runtime
