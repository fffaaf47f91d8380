"""Whether the machine was quiet: the fixed piece of work that every run timed around its measurements."""

import functools
import hashlib
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scipy.stats import norm, t

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.intervals import STEADY
from compactbench.report.statistics.once import once

BOUND = 1.25
"""A window is disturbed when the fixed work took this many times as long as usual in it.

How it was chosen: tests/agreement/noise.py times that work on a quiet machine and beside one busy neighbour; the bound
lies above what quiet windows reach (1.10 at the 99th percentile), below what the neighbour costs (2.1 in the median).
"""
SHARE = 0.1
"""A run is noisy when more than this share of its windows is disturbed: one blip among thirty moves no median."""
LOADED = 0.1
"""A window is disturbed as well when others had more than this share of its cores' time, however usual that is there.

`tests/agreement/noise.py` tells it, too: others take less of a quiet machine, and one busy neighbour takes a core.
"""

HOUR = 3600.0
"""Runs of one network that begin within so many seconds of one another meet the machine in one state."""
ENOUGH = 3
"""So many states must have been met for their variance to count: of two, Student's t makes any interval useless."""
FIRST_SESSION = "first_session"
"""The stage in which the first half of a run's processes time it: the first half of each list of their samples."""


class State(NamedTuple):
    """What one run tells of the state of its machine.

    Args:
        machine: its name.
        started: when the run began, s since 1970.
        medians_ms: the median time of the fixed work in each window around a measurement.
        loaded: whether too many of the windows had too much of the cores' time taken: see LOADED and SHARE.
        apart: for each runtime with two sessions, an estimate of the variance of a run's own state; see `drift_of`.
        timed: for each thing that runs of other suites time as well, the mean logarithm of its processes' medians, and
            the variance of that mean.
    """

    machine: str
    started: float
    medians_ms: list[float]
    loaded: bool
    apart: list[float]
    timed: dict[str, tuple[float, float]]


class Timed(NamedTuple):
    """How long one network took in one run: when that began, s; the mean logarithm of times, and its variance."""

    started: float
    log: float
    noise: float


@once
def state(record: Record) -> State:
    """What `record` tells of the state of its machine."""
    medians_ms = [statistics.median(window.samples_ms) for window in record.fixed_work]
    loaded = _too_many([window.others + window.steal > LOADED for window in record.load])
    return State(
        record.machine, record.started_at.timestamp(), medians_ms, loaded, _between_sessions(record), _timed(record)
    )


def usual_ms(states: Iterable[State]) -> dict[str, float]:
    """What the fixed work usually takes on each machine: the median over the windows of its runs, ms."""
    windows: dict[str, list[float]] = defaultdict(list)
    for one in states:
        windows[one.machine] += one.medians_ms
    return {machine: statistics.median(found) for machine, found in windows.items() if found}


def drift(records: Sequence[Record | FailedRecord]) -> dict[str, float]:
    """How much each machine's state differs from run to run: what the records were told, else what they tell."""
    finished = [record for record in records if isinstance(record, Record)]
    told = {record.machine: record.drift for record in finished if record.drift is not None}
    missing = drift_of(state(record) for record in finished if record.machine not in told)
    return defaultdict(lambda: STEADY, missing | told)


def drift_of(states: Iterable[State]) -> dict[str, float]:
    """How much each machine's state differs from run to run: the standard deviation of the logarithm of its speed.

    It is the larger of two estimates by the method of moments, from which what the spread between processes explains is
    taken away. Over minutes: a run meets two states, one a session, so its own, their mean, varies half as much as they
    do. Over hours and days: by the same network, with the same sentence, in runs of several suites, from ENOUGH states
    on; it is enlarged as Student's t is for a deviation that is known from so few. Where neither can be had, as of an
    earlier version, it is that of the fixed work between runs; 0 where that does not tell either.
    """
    sessions: dict[str, list[float]] = defaultdict(list)
    speeds: dict[str, list[float]] = defaultdict(list)
    times: dict[str, dict[str, list[Timed]]] = defaultdict(lambda: defaultdict(list))
    for one in states:
        sessions[one.machine] += one.apart
        if one.medians_ms:
            speeds[one.machine].append(math.log(statistics.median(one.medians_ms)))
        for what, (log, noise) in one.timed.items():
            times[one.machine][what].append(Timed(one.started, log, noise))
    known = {machine: statistics.stdev(found) for machine, found in speeds.items() if len(found) > 1}
    for machine in {**sessions, **times}:
        of_hours = [met for found in times[machine].values() if len(met := _states(found)) >= ENOUGH]
        estimates = sessions[machine], list(map(_between_states, of_hours))
        variances = [statistics.fmean(found) for found in estimates if found]
        if variances:
            known[machine] = math.sqrt(max(0.0, *variances))
    return defaultdict(lambda: STEADY, known)


def _states(runs: list[Timed]) -> list[Timed]:
    """The states of the machine in which one network was timed: the mean of the runs of one hour."""
    groups: list[list[Timed]] = []
    for run in sorted(runs):
        if not groups or run.started - groups[-1][-1].started > HOUR:
            groups.append([])
        groups[-1].append(run)
    means = [map(statistics.fmean, zip(*group, strict=True)) for group in groups]
    return [Timed(started, log, noise / len(group)) for group, (started, log, noise) in zip(groups, means, strict=True)]


def _between_states(states: list[Timed]) -> float:
    """An estimate of the variance of a run's own state.

    Networks meet the same few states, so the mean over networks is no better known than one of these estimates.
    """
    variance = statistics.variance(state.log for state in states)
    return variance * _allowance(len(states) - 1) - statistics.fmean(state.noise for state in states)


@functools.cache
def _allowance(degrees: int) -> float:
    """What a variance of few degrees of freedom is multiplied by, so that 95 % intervals made with it hold."""
    return float(t.ppf(0.975, degrees) / norm.ppf(0.975)) ** 2


def _timed(record: Record) -> dict[str, tuple[float, float]]:
    """What `State.timed` says: fine-tuned transformers alone, of which no suite changes more than the last layer."""
    if not record.classifier.fine_tuned:
        return {}
    found = {}
    for result in record.runtimes:
        logs = _logs(result)
        if len(logs) > 1:
            asked = [record.fingerprint.settings.get("sentence", ""), *sorted(record.fingerprint.versions.items())]
            what = "/".join(map(str, (record.model, result.runtime, result.precision, result.device, *asked)))
            name = hashlib.sha256(what.encode()).hexdigest()
            found[name] = statistics.fmean(logs), statistics.variance(logs) / len(logs)
    return found


def _logs(result: RuntimeResult) -> list[float]:
    """The logarithm of the median of each process that called on all cores, in their order."""
    threads = max((one.threads for one in result.latency), default=None)
    return [math.log(statistics.median(one.samples_ms)) for one in result.latency if one.threads == threads]


def _between_sessions(record: Record) -> list[float]:
    """For each runtime with two sessions of at least two processes, an estimate of the variance of a run's own state.

    The difference of two sessions has twice the variance of a state and the noise of their processes; see `drift_of`.
    """
    found = []
    for logs in map(_logs, record.runtimes):
        first, second = logs[: math.ceil(len(logs) / 2)], logs[math.ceil(len(logs) / 2) :]
        if FIRST_SESSION in record.stage_seconds and len(second) > 1:
            noise = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
            found.append(((statistics.fmean(first) - statistics.fmean(second)) ** 2 - noise) / 4)
    return found


def noisy(one: State, usual: dict[str, float]) -> bool | None:
    """Whether something disturbed the run: see BOUND, LOADED and SHARE; None where it did not time the fixed work."""
    if not one.medians_ms:
        return None
    return one.loaded or _too_many([window > BOUND * usual[one.machine] for window in one.medians_ms])


def _too_many(disturbed: list[bool]) -> bool:
    return sum(disturbed) > SHARE * len(disturbed)
