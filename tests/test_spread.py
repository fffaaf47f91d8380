"""Intervals of measured times: for what another run would give, over processes and states of the machine."""

import math
from datetime import timedelta

import numpy as np
import pytest
from helpers.factory import START, calls, make_record

from compactbench.record import Record
from compactbench.report.statistics.intervals import STEADY, Samples, percentile
from compactbench.report.statistics.noise import State, drift, drift_of
from compactbench.report.tables.results import results

T_OF_ONE, T_OF_SEVEN = 12.7062, 2.36462
"""97.5 % of Student's t with one and with seven degrees of freedom, from a printed table."""
NORMAL = 1.95996
ALLOWANCE_OF_TWO = (4.30265 / NORMAL) ** 2
"""That of Student's t with two degrees of freedom against that of the normal distribution, squared."""


def of_next_run(samples: Samples, drift: float = STEADY) -> tuple[float, float]:
    return samples.estimate(drift).interval


def test_the_interval_is_that_of_the_difference_of_two_runs() -> None:
    """Two processes at 10 and 40 ms: logarithms a factor of 4 apart, so s = ln 4 / sqrt 2; about the pooled median."""
    low, high = of_next_run(Samples([[10.0], [40.0]], np.median))
    factor = math.exp(T_OF_ONE * math.log(4) / math.sqrt(2))
    assert (low, high) == pytest.approx((25 / factor, 25 * factor), rel=1e-4)


def test_the_machines_states_widen_the_interval() -> None:
    """Every call takes 10 ms in eight processes, and the speed varies by 5 % between runs: in this one and the next."""
    steady = Samples([[10.0]] * 8, np.median)
    assert of_next_run(steady) == (10.0, 10.0)
    factor = math.exp(T_OF_SEVEN * 0.05 * math.sqrt(2))
    assert of_next_run(steady, drift=0.05) == pytest.approx((10 / factor, 10 * factor), rel=1e-4)


@pytest.mark.parametrize("count", [1, 2, 7, 100, 333])
def test_a_percentile_is_that_of_numpy(count: int) -> None:
    samples = np.random.default_rng(count).lognormal(size=count).tolist()
    for q in (0, 5, 50, 90, 95, 99, 100):
        assert percentile(q)(samples) == pytest.approx(np.percentile(samples, q), rel=1e-12)


def test_many_calls_of_one_process_count_once() -> None:
    assert of_next_run(Samples([[10.0], [11.0]], np.median)) == pytest.approx(
        of_next_run(Samples([[10.0] * 500, [11.0] * 500], np.median))
    )


@pytest.mark.parametrize("statistic", [np.median, np.mean])
def test_the_interval_holds_for_the_next_run(statistic: object) -> None:
    """400 pairs of runs of 8 processes, which differ by 10 %, on a machine that differs by 8 % between runs.

    Of 400, 95 % is 380; less than 366 would come once in a thousand times.
    """
    rng = np.random.default_rng(1)

    def run() -> Samples:
        speeds = rng.normal(0, 0.08) + rng.normal(0, 0.1, 8)
        return Samples([list(np.exp(speed + rng.normal(0, 0.05, 20))) for speed in speeds], statistic)

    pairs = [(of_next_run(run(), drift=0.08), run().value) for _ in range(400)]
    assert sum(low <= value <= high for (low, high), value in pairs) >= 366


def windows(*samples_ms: float) -> list[dict]:
    return [{"stage": "latency", "samples_ms": [one]} for one in samples_ms]


def test_drift_is_how_far_the_medians_of_runs_spread() -> None:
    """Windows 10 10 30, 10 10 10 and 12 12 12: the runs are at 10, 10 and 12 ms; a single run tells no drift."""
    runs = [make_record(name, fixed_work=windows(*times)) for name, times in (("a", (10, 10, 30)), ("b", (10, 10, 10)))]
    slow = make_record("c", fixed_work=windows(12, 12, 12))
    elsewhere = make_record("d", machine="other", fixed_work=windows(99))
    found = drift([*runs, slow, elsewhere])
    assert found["reference-cpu"] == pytest.approx(math.log(1.2) / math.sqrt(3))
    assert found["other"] == 0


def sessions(*medians_ms: float) -> dict:
    """A run whose processes have these medians: the first half in a first session, the others in a second."""
    timed = [calls([one] * 3, process=number) for number, one in enumerate(medians_ms)]
    return {"latency": timed, "stage_seconds": {"first_session": 1.0}, "fixed_work": windows(10)}


def test_drift_is_how_far_two_sessions_lie_apart_beyond_the_spread_of_their_processes() -> None:
    """Steady sessions at 10 and 12 ms differ by ln 1.2. Those of the other run are equal, with processes at 8 and 10.

    There each session's mean has the variance (ln 1.25)^2 / 4, which would have made them differ.
    """
    apart, equal = make_record("a", **sessions(10, 10, 12, 12)), make_record("b", **sessions(8, 10, 8, 10))
    expected = (math.log(1.2) ** 2 - 2 * math.log(1.25) ** 2 / 4) / 4 / 2
    assert expected > 0
    assert drift([apart, equal])["reference-cpu"] == pytest.approx(math.sqrt(expected))
    assert drift([equal])["reference-cpu"] == 0


def test_drift_is_found_from_the_sessions_of_many_runs() -> None:
    """1,000 runs of 4 + 4 processes, which differ by 10 %, in sessions that differ by 14 %: runs' states by 9.9 %."""
    rng = np.random.default_rng(1)
    states = [rng.normal(0, 0.14, 2).repeat(4) + rng.normal(0, 0.1, 8) for _ in range(1000)]
    runs = [make_record(f"run-{number}", **sessions(*np.exp(one))) for number, one in enumerate(states)]
    assert drift(runs)["reference-cpu"] == pytest.approx(0.14 / math.sqrt(2), rel=0.1)


def in_suites(*hours_and_medians_ms: tuple[float, tuple[float, ...]]) -> list[Record]:
    """Runs of one network in suites that began so many hours after the first."""
    return [
        make_record(suite=f"suite-{number}", started_at=START + timedelta(hours=hours), **sessions(*medians_ms))
        for number, (hours, medians_ms) in enumerate(hours_and_medians_ms)
    ]


def steady(*hours_and_ms: tuple[float, float]) -> list[Record]:
    """The same, of processes that all take one time: within a run nothing moved."""
    return in_suites(*((hours, (time_ms,) * 4) for hours, time_ms in hours_and_ms))


def test_drift_is_how_far_runs_of_several_suites_lie_apart_that_timed_the_same_network() -> None:
    """Hours apart at 10, 10 and 13 ms; what is not the same, as another model or sentence, says nothing of it."""
    runs = steady((0, 10), (2, 10), (4, 13))
    expected = math.sqrt(math.log(1.3) ** 2 / 3 * ALLOWANCE_OF_TWO)
    assert drift(runs)["reference-cpu"] == pytest.approx(expected, rel=1e-4)
    unlike = make_record("b", suite="suite-2", started_at=runs[2].started_at, **sessions(13, 13, 13, 13))
    assert drift([*runs[:2], unlike])["reference-cpu"] == 0
    settings = runs[2].fingerprint.settings | {"sentence": "another"}
    longer = runs[2].model_copy(update={"fingerprint": runs[2].fingerprint.model_copy(update={"settings": settings})})
    assert drift([*runs[:2], longer])["reference-cpu"] == 0


def test_runs_of_one_hour_meet_the_machine_in_one_state() -> None:
    """Two runs at 9 and 10 ms within the hour are one at their mean; and of two states no drift can be told."""
    runs = steady((0, 10), (3, 9), (3.9, 10), (6, 13))
    logs = np.log([10, math.sqrt(90), 13])
    assert drift(runs)["reference-cpu"] == pytest.approx(math.sqrt(logs.var(ddof=1) * ALLOWANCE_OF_TWO), rel=1e-4)
    assert drift(runs[:3])["reference-cpu"] == 0


def test_the_spread_of_processes_explains_a_part_of_how_far_runs_lie_apart() -> None:
    """Sessions of 8 and 10 ms, and of 10 and 12.5: runs differ by ln 1.25, each mean varies by (ln 1.25)^2 / 12."""
    runs = in_suites((0, (8, 10, 8, 10)), (2, (8, 10, 8, 10)), (4, (10, 12.5, 10, 12.5)))
    expected = math.log(1.25) ** 2 * (ALLOWANCE_OF_TWO / 3 - 1 / 12)
    assert drift(runs)["reference-cpu"] == pytest.approx(math.sqrt(expected), rel=1e-4)


@pytest.mark.parametrize("count", [3, 4, 8])
def test_drift_of_few_suites_is_large_enough_for_intervals_to_hold(count: int) -> None:
    """2,000 machines whose states differ by 10 %: of so many intervals between two states 95 % is 1,900.

    Fewer than 1,870 or more than 1,930 would come about once in five hundred times.
    """
    rng, held = np.random.default_rng(count), 0
    for states in rng.normal(0, 0.1, (2000, count)):
        hours = [State("m", 7200.0 * n, [], False, [], {"it": (state, 0.0)}) for n, state in enumerate(states)]
        one, another = rng.normal(0, 0.1, 2)
        held += abs(one - another) <= NORMAL * math.sqrt(2) * drift_of(hours)["m"]
    assert 1870 <= held <= 1930


def test_a_record_that_was_told_its_drift_keeps_it_in_any_company() -> None:
    """A group alone told another drift than the book, and one value had two intervals."""
    told = make_record(**sessions(10, 10, 12, 12)).model_copy(update={"drift": 0.3})
    assert drift([told])["reference-cpu"] == drift([told, make_record("b")])["reference-cpu"] == 0.3
    assert "drift" not in told.model_dump()


def test_a_row_has_the_drift_of_its_own_machine() -> None:
    """Steady calls of 10 ms: alone on its machine the run has no spread, beside a slower run it has."""
    steady = {"latency": [calls([10.0] * 3), calls([10.0] * 3, process=1)], "fixed_work": windows(10, 10, 10)}
    ends = ["cpu_latency_p50_ms_low", "cpu_latency_p50_ms_high"]
    assert results([make_record(**steady)])[ends].iloc[0].tolist() == [10.0, 10.0]
    both = results([make_record(**steady), make_record("slow", fixed_work=windows(12))]).set_index("model")
    factor = math.exp(T_OF_ONE * math.log(1.2))  # of two runs the deviation is ln 1.2 / sqrt 2, in both of them
    assert both.loc["alpha", ends].tolist() == pytest.approx([10 / factor, 10 * factor], rel=1e-4)
