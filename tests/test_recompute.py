"""The tables follow from the records, by a program that shares nothing with the package."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.factory import make_failed, make_record, runtime

from compactbench import ROOT
from compactbench.instruments.quality import kept, quality
from compactbench.record import Record, joined
from compactbench.record.file import write
from compactbench.report.tables.results import results, runtimes, write_table

SCRIPT = ROOT / "tests" / "agreement" / "recompute.py"
TRUE = np.repeat([0, 1], 30)


def answered(seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Probabilities that a classifier gave, shape (60, 2), and the record's part on them."""
    first = np.random.default_rng(seed).beta(5, 2, 60)
    found = np.where(TRUE[:, None] == [0, 1], first[:, None], 1 - first[:, None])
    return found, quality(found, TRUE.tolist(), 1.0).model_dump()


def record(**changes: Any) -> Record:
    """A record whose every number follows from what lies below it."""
    (found, first), (_, second), (_, third) = map(answered, (1, 2, 3))
    agreed = np.mean([one == other for one, other in zip(first["predicted"], second["predicted"], strict=True)][::2])
    again = {name: third[name] for name in ("accuracy", "accuracy_interval", "macro_f1", "predicted")}
    settings = {"suite": {"price_per_hour": 2.0, "sentence": "One.", "eval_batch_size": 64}, "model": {}}
    energy = {"batch_size": 2, "samples_s": [0.01, 0.01], "sentences_per_s": 200.0, "energy_j": 3.0}
    return make_record(
        finetune={"energy_j": 500.0},
        throughput={"points": [energy], "stopped_by": "cap", "cap": 2, "again": [energy, energy | {"energy_j": 4.5}]},
        data={"test_labels": joined(TRUE)},
        settings=settings,
        quality=first,
        probabilities=[joined(row) for row in kept(found)],
        repeats=[{"seed": 43, "labels": 140, "time_s": 1.0, "split": "4" * 64, "true": joined(TRUE), **again}],
        runtimes=[runtime(runtime="onnxruntime", label="ONNX", precision="int8", quality=second, agreement=agreed)],
        **changes,
    )


def recomputed(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the script says of `folder`, which holds the tables and the records."""
    command = [sys.executable, str(SCRIPT), "--tables", str(folder), str(folder / "records")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The tables of a run that finished and of one that failed, and their records."""
    runs = [record(), make_failed()]
    for run in runs:
        write(run, tmp_path / "records" / f"{run.model}.json")
    write_table(results(runs), tmp_path, "results")
    write_table(runtimes(runs), tmp_path, "runtimes")
    return tmp_path


def test_every_cell_of_a_fresh_record_is_worked_out(published: Path) -> None:
    """A column that only the package knows how to compute is one that nobody checks."""
    done = recomputed(published)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 faults, 0 cells were not kept\n") and len(done.stdout.splitlines()) == 1


def test_a_wrong_cell_and_an_unknown_column_are_named(published: Path) -> None:
    file = published / "results.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    rows = [row | {"eval_new": "0.5"} for row in rows]
    rows[0]["eval_loss"] = str(float(rows[0]["eval_loss"]) + 1e-8)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = recomputed(published)
    assert done.returncode == 1
    assert "nothing here works out eval_new" in done.stdout
    assert "eval_loss: published" in done.stdout and "2 faults" in done.stdout


def test_it_imports_nothing_of_the_package() -> None:
    """A mistake in a shared function would be made twice, and agree."""
    sources = [SCRIPT, *(SCRIPT.parent / "recomputed").glob("*.py")]
    assert len(sources) == 5 and not [one.name for one in sources if "compactbench" in one.read_text("utf-8")]
