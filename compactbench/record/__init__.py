"""The record of one run: declared once here, written by `benchmark`, the only thing that `report` reads.

Units stand in the names: `_s` seconds, `_ms` milliseconds, `_mb` 10^6 bytes. Raw samples are kept and statistics are
derived from them later. What was not measured is null.
"""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator, with_config
from typing_extensions import TypedDict

from compactbench.record.base import (
    Amount,
    Device,
    Interval,
    Name,
    Numbers,
    Positive,
    Precision,
    Raw,
    Share,
    Strict,
    Weights,
    joined,
    parted,
    signs,
)
from compactbench.record.conditions import Classifier, Conditions, Data, Fingerprint, Job, Machine
from compactbench.record.runtime import (
    Artefact,
    LatencySamples,
    LengthSamples,
    Memory,
    Mistake,
    Quality,
    RuntimeResult,
    Throughput,
    ThroughputPoint,
)
from compactbench.record.samples import SamplesFile
from compactbench.record.training import (
    Finetune,
    GpuMemory,
    GpuState,
    LossPoint,
    MemoryPoint,
    Parameters,
    Procedure,
    Repeat,
    Trial,
)

SCHEMA_VERSION: Final = 7


class FixedWork(Strict):
    """A fixed piece of work, timed around a measurement: on a quiet machine it always takes the same time."""

    stage: str = Field(description="stage of the run")
    samples_ms: Raw[list[Positive]] = Field(min_length=1, description="time of each pass, ms")


class Load(Strict):
    """What kept the machine busy beside one measurement, as shares of what the cores that it may use can do."""

    stage: str = Field(description="stage of the run")
    seconds: Positive = Field(description="length of the window, s")
    others: Share = Field(description="time in which processes outside the run computed")
    steal: Share = Field(description="time in which a hypervisor let other machines have the cores")
    clock_mhz: Amount | None = Field(description="clock of the cores at its end, MHz; null where it is not told")


@with_config(extra="allow")
class Settings(TypedDict):
    """The keys of a suite's and a model's file with the values that held for a run."""

    suite: dict[str, Any]
    model: dict[str, Any]


class Record(Strict):
    """One finished run."""

    schema_version: Literal[7] = SCHEMA_VERSION
    status: Literal["ok"] = "ok"
    suite: Name = Field(description="name of the suite: what was asked of the model")
    machine: Name = Field(description="name of the machine's folder")
    model: Name = Field(description="short name of the model")
    title: str = Field(description="name of the model as readers know it")
    classifier: Classifier
    model_name: str = Field(description="where its weights come from: hub id, or what stands in its place")
    revision: str | None = Field(description="commit of the weights; null where there is none")
    weights: Weights = Field(description="pretrained, random, or none (without an encoder)")
    weights_sha256: str | None = Field(
        description="SHA-256 of the pre-trained weights' file, or of `sha256sum FILES | sort` for several; or null"
    )
    started_at: AwareDatetime = Field(description="when the run began, UTC")
    fingerprint: Fingerprint
    settings: Settings = Field(description="suite and model settings as they held for this run")
    conditions: Conditions
    data: Data
    parameters: Parameters
    tuning: list[Trial] = Field(description="learning rates tried before; empty where the suite asks for none")
    finetune: Finetune
    memory_points: list[MemoryPoint] = Field(
        default=[],
        description="memory of the fine-tune by batch size, ascending; empty without a trainer, and where an earlier "
        "version did not measure it",
    )
    repeats: list[Repeat] = Field(description="further seeds and fewer labels; empty where the suite asks for none")
    mistakes: list[Mistake] | None = Field(
        description="test texts classified wrong with most confidence; null with random weights, and where an earlier "
        "version did not keep them"
    )
    probabilities: Raw[list[Numbers] | None] = Field(
        default=None,
        description="those of each test text, by the first runtime: a number for each class, in ten-thousandths; null "
        "where they were not kept",
    )
    runtimes: list[RuntimeResult] = Field(min_length=1, description="as trained first, then every other runtime")
    fixed_work: list[FixedWork] = Field(description="the fixed piece of work, in the order of the run")
    load: list[Load] = Field(
        default=[], description="the load of each measurement; empty where an earlier version did not look"
    )
    stage_seconds: dict[str, Amount] = Field(description="wall-clock time of each stage of the run, s")
    job: Job | None = None
    migrated_from: int | None = Field(
        default=None, exclude=True, description="the schema of its file, where that held less; not written"
    )
    drift: Amount | None = Field(
        default=None,
        exclude=True,
        description="how much the state of its machine moves, as far as the runs beside it tell; not written",
    )

    @model_validator(mode="after")
    def _quality_is_of_these_classes(self) -> "Record":
        classes = len(self.data.classes)
        if any(one.quality and len(one.quality.class_f1) != classes for one in self.runtimes):
            raise ValueError("`class_f1` has a number for each of the `classes`")
        labels, answers = self.data.test_labels, [one.quality for one in self.runtimes if one.quality]
        if self.probabilities is not None:
            shape = {(len(self.probabilities), len(row.split())) for row in self.probabilities}
            if not answers or shape != {(sum(map(sum, answers[0].confusion)), classes)}:
                raise ValueError("`probabilities` has a row for each text of `confusion`, and in it one for each class")
        if labels and any(one.predicted and signs(labels, one.predicted) != one.right for one in answers):
            raise ValueError("`right` has a 1 for each text whose class `predicted` and `test_labels` agree on")
        if any(max(one.true, one.predicted) >= classes for one in self.mistakes or []):
            raise ValueError("`mistakes` names a number beyond the `classes`")
        return self

    @property
    def trained(self) -> RuntimeResult:
        """The model in the runtime that it was trained with."""
        return self.runtimes[0]


class FailedRecord(Strict):
    """A run that did not finish: the stage it reached and why it ended there."""

    schema_version: Literal[7] = SCHEMA_VERSION
    status: Literal["failed"] = "failed"
    suite: Name
    machine: Name
    model: Name
    title: str
    model_name: str
    started_at: AwareDatetime
    stage: str = Field(description="stage that did not finish")
    error: str = Field(description="what ended it, in one sentence")
    job: Job | None = None


AnyRecord = Annotated[Record | FailedRecord, Field(discriminator="status")]
ANY_RECORD: TypeAdapter[Record | FailedRecord] = TypeAdapter(AnyRecord)
"""Checks what a file holds."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a record's own file, finished or failed: raw samples may stand in it, or lie beside it."""
    schema = ANY_RECORD.json_schema()
    schema["$defs"]["Record"]["properties"]["samples"] = SamplesFile.model_json_schema()
    return json.loads(json.dumps(schema))
