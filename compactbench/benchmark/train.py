"""Learn one point of a matrix, as a process of the sweep: a fine-tune and its accuracy, and nothing timed.

python -m compactbench.benchmark.train FILE [--parts JSON]

FILE is that of its record, book/runs/<suite>/<machine>/<model>/<point>.json.
"""

import contextlib
import os
import runpy
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from compactbench.benchmark.attempt import PARTS
from compactbench.benchmark.fingerprint import fingerprint, refuse_changed
from compactbench.benchmark.host import a_gpu, job, on_host
from compactbench.benchmark.learning import Learning
from compactbench.benchmark.plan import plan
from compactbench.benchmark.points import Point, of_point, points
from compactbench.benchmark.sweep import join
from compactbench.benchmark.training import Train, cell
from compactbench.classifiers import of_model
from compactbench.data.load import load
from compactbench.instruments import gpu
from compactbench.instruments.machine import conditions
from compactbench.record import Fingerprint
from compactbench.record.file import RecordError, read_point, write
from compactbench.record.point import PointRecord
from compactbench.runtimes import installed
from compactbench.settings import SettingsError


def learn(file: Path) -> None:
    """Learn the point of `file`, and write its record there.

    Raises:
        SettingsError: it is no point of its suite, or cannot be learned here.
        ProcessError: the process in which it learned ended, or raised.
    """
    suite, machine, model = file.parts[-4:-1]
    run = plan(model, suite, machine)
    point = _point(file, points(run.suite, run.model, run.weights))
    file.parent.mkdir(parents=True, exist_ok=True)  # for the log
    started_at = datetime.now(UTC)
    _, data = load(run.suite)
    found = conditions(point.seed, installed(of_model(run.model).runtime).precisions)
    if found.device == "cuda":
        gpu.claim()
    now = of_point(point, fingerprint(run.model, run.suite, run.weights, data.source))
    if _finished(file, now):
        print(f"{file.stem}: another attempt has finished this point")
        return
    with tempfile.TemporaryDirectory(prefix="compactbench-") as name:
        folder = Path(name)
        learning = Learning(run, found, data, folder / "splits", file.with_suffix(".log"))
        repeat = learning.repeat(point.seed, None, point.learning_rate, _training(folder))
    refuse_changed(run.model, now)
    record = PointRecord(
        suite=suite,
        machine=machine,
        model=model,
        weights=run.weights,
        learning_rate=point.learning_rate,
        started_at=started_at,
        fingerprint=now,
        conditions=found,
        repeat=repeat,
        job=job(),
    )
    write(record, file)


def _point(file: Path, known: list[Point]) -> Point:
    """The one of the `known` points that `file` is called after."""
    for point in known:
        if file.name == f"{point.name}.json":
            return point
    accepted = ", ".join(f"{point.name}.json" for point in known) or "none, as its suite has no matrix"
    raise SettingsError(f"{file}: it is no point of its suite; accepted: {accepted}.")


def _finished(file: Path, now: Fingerprint) -> bool:
    """Whether the point is there as it would be learned now."""
    with contextlib.suppress(RecordError):
        return read_point(file).fingerprint == now
    return False


def _training(folder: Path) -> Train:
    """The function of the template's training cell, from a file in `folder`: its source is to be found."""
    file = folder / "training_cell.py"
    file.write_text(cell(), "utf-8")
    train: Train = runpy.run_path(str(file), run_name=file.stem)["train"]
    return train


if __name__ == "__main__":
    join("making a report")
    file = Path(sys.argv[1]).absolute()
    if sys.argv[2:3] == ["--parts"]:
        os.environ[PARTS] = sys.argv[3]
    with on_host(exclusive=False, waiting=file.with_suffix(".log").touch):
        a_gpu()
        learn(file)
