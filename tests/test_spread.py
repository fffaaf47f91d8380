"""Intervals of measured times: over processes, and over the states that the machine was in."""

import numpy as np
import pytest
from helpers.factory import calls, make_record

from compactbench.report.statistics.intervals import between_runs
from compactbench.report.statistics.noise import drift
from compactbench.report.tables.results import results


def test_the_machines_states_widen_the_interval() -> None:
    """Every call takes 10 ms, and in one of three runs the machine took 1.2 times as long as usual."""
    assert between_runs([[10.0], [10.0]], np.median) == (10.0, 10.0)
    assert between_runs([[10.0], [10.0]], np.median, drift=[1.0, 1.0, 1.2]) == pytest.approx((10.0, 12.0))


def test_a_slow_machine_lowers_a_rate() -> None:
    assert between_runs([[120.0], [120.0]], np.median, drift=[1.0, 1.2], rate=True) == pytest.approx((100.0, 120.0))


def test_calls_with_texts_of_their_own_vary_with_the_texts_too() -> None:
    """Two processes alike, 200 texts each, half of them 1 ms and half 3: the mean is 2 -+ 1.96 * 1 / sqrt(400)."""
    alike = [[1.0, 3.0] * 100] * 2
    assert between_runs(alike, np.mean) == (2.0, 2.0)
    assert between_runs(alike, np.mean, drawn=True) == pytest.approx((1.902, 2.098), abs=0.015)


def windows(*samples_ms: float) -> list[dict]:
    return [{"stage": "latency", "samples_ms": [one]} for one in samples_ms]


def test_drift_is_each_runs_median_against_the_machines() -> None:
    """Windows 10 10 30, 10 10 10 and 12 12 12: usually 10, so the runs are at 1, 1 and 1.2."""
    runs = [make_record(name, fixed_work=windows(*times)) for name, times in (("a", (10, 10, 30)), ("b", (10, 10, 10)))]
    slow = make_record("c", fixed_work=windows(12, 12, 12))
    elsewhere = make_record("d", machine="other", fixed_work=windows(99))
    assert drift([*runs, slow, elsewhere]) == {"reference-cpu": [1.0, 1.0, 1.2], "other": [1.0]}


def test_a_row_has_the_drift_of_its_own_machine() -> None:
    """Steady calls of 10 ms: alone on its machine the run has no spread, beside a slower run it has."""
    steady = {"latency": [calls([10.0] * 3), calls([10.0] * 3, process=1)], "fixed_work": windows(10, 10, 10)}
    ends = ["cpu_latency_p50_ms_low", "cpu_latency_p50_ms_high"]
    assert results([make_record(**steady)])[ends].iloc[0].tolist() == [10.0, 10.0]
    both = results([make_record(**steady), make_record("slow", fixed_work=windows(12))]).set_index("model")
    assert both.loc["alpha", ends].tolist() == pytest.approx([10.0, 12.0])
