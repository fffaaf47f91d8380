"""The record of one point of a matrix: a model that learned from one seed, at one learning rate, and was not timed."""

from typing import Final, Literal

from pydantic import AwareDatetime, Field

from compactbench.record.base import Amount, Name, Strict, Weights
from compactbench.record.conditions import Conditions, Fingerprint, Job
from compactbench.record.training import Repeat

POINT_VERSION: Final = 1
OF_RUNS = {"seeds", "learning_rate", "learning_rates"}
"""Settings of a part of a matrix that hold for its runs alone."""
OF_POINT = {"point.seed", "point.learning_rate"}
"""What each point has in their place."""


class PointRecord(Strict):
    """One finished point."""

    schema_version: Literal[1] = POINT_VERSION
    status: Literal["ok"] = "ok"
    suite: Name = Field(description="name of the part of the suite: `<suite>.<data>`")
    machine: Name = Field(description="name of the machine's folder")
    model: Name = Field(description="short name of the model")
    weights: Weights = Field(description="pretrained, or none (without an encoder)")
    learning_rate: Amount | None = Field(description="peak learning rate; null without a trainer")
    started_at: AwareDatetime = Field(description="when it began, UTC")
    fingerprint: Fingerprint
    conditions: Conditions
    repeat: Repeat = Field(description="what it learned, in the shape in which a run keeps its further seeds")
    job: Job | None = None


def alike(run: Fingerprint, point: Fingerprint) -> bool:
    """Whether a run and a point asked the same of the same model and texts, but for seed and learning rate."""
    own = OF_RUNS | OF_POINT
    asked, of_point = ({k: v for k, v in one.settings.items() if k not in own} for one in (run, point))
    return (asked, run.data, run.weights) == (of_point, point.data, point.weights)
