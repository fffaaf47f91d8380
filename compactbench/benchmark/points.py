"""The points of a suite with a matrix: a fine-tune each, from a further seed or at a further learning rate.

A point is a job of its own, so a crash loses one; it only learns, so it may run beside other points.
"""

import hashlib
from dataclasses import astuple, dataclass

from compactbench import ROOT
from compactbench.benchmark.due import Plan, changes
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.classifiers import of_model
from compactbench.record import Fingerprint, Weights
from compactbench.record.file import RecordError, read_point
from compactbench.record.point import OF_RUNS
from compactbench.settings import Model, Suite


@dataclass(frozen=True)
class Point:
    """One point.

    Args:
        suite: name of the part of the suite.
        model: name of the model.
        seed: of split, initial weights and order of batches.
        learning_rate: at its peak; None where a model has none.
    """

    suite: str
    model: str
    seed: int
    learning_rate: float | None

    @property
    def name(self) -> str:
        """Name of its file: what it is, and six digits of a hash of all that tells it from others."""
        rate = "" if self.learning_rate is None else f".rate-{self.learning_rate:g}"
        return f"seed-{self.seed}{rate}.{hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:6]}"


def points(suite: Suite, model: Model, weights: Weights) -> list[Point]:
    """What the run of `model` in a part of a suite with a matrix leaves to be learned.

    The run itself learns from the first seed, at the only learning rate; of several it tries each on a part of the
    training texts. Random weights have nothing to learn.
    """
    axes = suite.matrix
    if axes is None or weights == "random":
        return []
    rates = [*(axes.learning_rate or [])] if of_model(model).trainer else [None]
    every = [Point(suite.suite, model.model, seed, rate) for seed in axes.seed or [] for rate in rates]
    return every if len(rates) > 1 else every[1:]


def of_point(point: Point, run: Fingerprint) -> Fingerprint:
    """The fingerprint of `point`, from that of the `run` of its model."""
    kept = {key: value for key, value in run.settings.items() if key not in OF_RUNS}
    own = {"point.seed": str(point.seed), "point.learning_rate": str(point.learning_rate)}
    return run.model_copy(update={"settings": kept | own})


def due_points(plan: Plan) -> dict[str, str]:
    """The files of the points of `plan` that must be learned, from the project's folder on, each with the reason why.

    Raises:
        SettingsError: the texts or the weights cannot be had.
    """
    reasons = {}
    for model in plan.models:
        found = points(plan.suite, model, plan.weights[model.model])
        if found:
            run = fingerprint(model, plan.suite, plan.weights[model.model])
            for point in found:
                file = plan.page(model.model).removesuffix(".ipynb") + f"/{point.name}.json"
                reasons[file] = _reason(file, of_point(point, run))
    return {file: reason for file, reason in reasons.items() if reason}


def _reason(file: str, now: Fingerprint) -> str | None:
    """Why the point of `file` must be learned; None where it is there and would be the same again."""
    path = ROOT / file
    if not path.exists():
        return "not measured yet"
    try:
        then = read_point(path).fingerprint
    except RecordError:
        return "its record cannot be read"
    return ", ".join(changes(then, now).values()) or None
