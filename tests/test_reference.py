"""The committed reference runs are those that today's settings, data, weights and code would give, and alone."""

from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.due import changes
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.benchmark.learning import best_rate
from compactbench.parameters import load_model, load_suite
from compactbench.record import Record
from compactbench.record.file import read
from compactbench.report.tables.index import index

MORE = ("runtimes", "random_weights_runtimes")
"""Settings in which reference runs may ask for more than their suite: they change no other number."""


def test_the_reference_runs_are_current() -> None:
    """Versions are left out: they differ by machine."""
    paths = sorted((ROOT / "book" / "runs").glob("*/reference-*/*.json"))
    assert paths
    stale = {}
    for path in paths:
        name, record = str(path.relative_to(ROOT / "book" / "runs").with_suffix("")), read(path)
        if not isinstance(record, Record):
            stale[name] = record.error
            continue
        asked = {key: record.settings["suite"][key] for key in MORE}
        model = load_model(str(record.model))
        suite = load_suite(str(record.suite), {"suite": record.suite, **asked}, model)
        now = fingerprint(model, suite, record.weights)
        now = now.model_copy(update={"versions": record.fingerprint.versions})
        if reasons := changes(record.fingerprint, now):
            stale[name] = ", ".join(reasons.values())
    told = "\n".join(f"{name}: {reason}" for name, reason in stale.items())
    assert not stale, f"measure these again:\n{told}"


def test_no_file_beside_the_reference_runs_is_left_over(tmp_path: Path) -> None:
    """Such as the samples of an earlier run, which its record named."""
    found = index(ROOT / "book" / "runs", tmp_path / "index")
    assert found.runs and not [problem for problem in found.problems if "/reference-" in problem.file]


def test_a_model_carries_the_learning_rate_that_tries_show_to_do_better() -> None:
    """And none where chance may explain it: beyond the intervals of the tries."""
    runs, own = ROOT / "book" / "runs", load_suite("starter").learning_rate
    records = sorted(runs.glob("starter-rates/reference-*/*.json"))
    assert records
    for path in records:
        record = read(path)
        floor = next(one.accuracy_interval[1] for one in record.tuning if one.learning_rate == own)
        better = [one for one in record.tuning if one.accuracy_interval[0] > floor]
        expected = {"starter": best_rate(better, record.data)} if better else {}
        carried = load_model(str(record.model)).tuned
        assert {suite: one.learning_rate for suite, one in carried.items()} == expected, path
        assert all(runs / one.record == path for one in carried.values())
