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


def test_the_starter_takes_the_learning_rates_that_were_chosen_for_it() -> None:
    """Each model's file carries what its record says: from tries on the starter's own training texts."""
    runs, starter = ROOT / "book" / "runs", load_suite("starter")
    records = {str(path.relative_to(runs)): read(path) for path in runs.glob("starter-rates/reference-*/*.json")}
    chosen = {path: best_rate(record.tuning, record.data) for path, record in records.items()}
    tuned = {one.model: one.tuned["starter"] for one in map(load_model, starter.models) if "starter" in one.tuned}
    assert {one.record: one.learning_rate for one in tuned.values()} == chosen
    assert {model: records[one.record].model for model, one in tuned.items()} == {model: model for model in tuned}
    assert set(tuned) == set(load_suite("starter-rates").models)
    assert {record.fingerprint.parts["data"] for record in records.values()} == {
        read(runs / "starter" / "reference-cpu" / f"{model}.json").fingerprint.parts["data"] for model in tuned
    }
