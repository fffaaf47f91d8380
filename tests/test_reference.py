"""The committed reference runs are those that today's settings, data, weights and code would give, and alone."""

from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark.due import changes
from compactbench.benchmark.fingerprint import fingerprint
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
        suite = load_suite(str(record.suite), {"suite": record.suite, **asked})
        now = fingerprint(load_model(str(record.model)), suite, record.weights)
        now = now.model_copy(update={"versions": record.fingerprint.versions})
        if reasons := changes(record.fingerprint, now):
            stale[name] = ", ".join(reasons.values())
    told = "\n".join(f"{name}: {reason}" for name, reason in stale.items())
    assert not stale, f"measure these again:\n{told}"


def test_no_file_beside_the_reference_runs_is_left_over(tmp_path: Path) -> None:
    """Such as the samples of an earlier run, which its record named."""
    found = index(ROOT / "book" / "runs", tmp_path / "index")
    assert found.runs and not [problem for problem in found.problems if "/reference-" in problem.file]
