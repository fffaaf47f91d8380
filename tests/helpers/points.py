"""Points of a matrix made up for tests."""

from typing import Any

from compactbench.record import Repeat
from compactbench.record.point import PointRecord
from helpers.factory import START, make_record


def point(seed: int, rate: float | None = 5e-5, accuracy: float = 0.9, **changes: Any) -> PointRecord:
    """A point of the factory's run `alpha`."""
    run = make_record("alpha")
    fields: dict[str, Any] = {
        "suite": "starter",
        "machine": "reference-cpu",
        "model": "alpha",
        "weights": "pretrained",
        "learning_rate": rate,
        "started_at": START,
        "fingerprint": run.fingerprint,
        "conditions": run.conditions,
        "repeat": repeat(seed, accuracy),
    }
    return PointRecord.model_validate(fields | changes)


def repeat(seed: int, accuracy: float = 0.9) -> Repeat:
    return Repeat(
        seed=seed, labels=140, time_s=3.0, accuracy=accuracy, accuracy_interval=(0.8, 0.95), macro_f1=accuracy
    )
