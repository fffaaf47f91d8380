"""The record of one run: declared once here, written by `benchmark`, the only thing that `report` reads.

Units stand in the names: `_s` seconds, `_ms` milliseconds, `_mb` 10^6 bytes. Raw samples are kept and statistics are
derived from them later. What was not measured is null.
"""

import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from compactbench.record.base import Device, Interval, Precision, Strict, Weights
from compactbench.record.conditions import Classifier, Conditions, Data, Fingerprint, Machine
from compactbench.record.runtime import (
    Artefact,
    LatencySamples,
    LengthSamples,
    Memory,
    Quality,
    RuntimeResult,
    Throughput,
    ThroughputPoint,
)
from compactbench.record.training import Finetune, GpuMemory, LossPoint, Parameters, Procedure, Repeat, Trial

SCHEMA_VERSION: Final = 5


class FixedWork(Strict):
    """A fixed piece of work, timed around a measurement: on a quiet machine it always takes the same time."""

    stage: str = Field(description="stage of the run")
    samples_ms: list[float] = Field(description="time of each pass, ms")


class Record(Strict):
    """One finished run."""

    schema_version: Literal[5] = SCHEMA_VERSION
    status: Literal["ok"] = "ok"
    suite: str = Field(description="name of the suite: what was asked of the model")
    machine: str = Field(description="name of the machine's folder")
    model: str = Field(description="short name of the model")
    title: str = Field(description="name of the model as readers know it")
    classifier: Classifier
    model_name: str = Field(description="where its weights come from: hub id, or what stands in its place")
    revision: str | None = Field(description="commit of the weights; null where there is none")
    weights: Weights = Field(description="pretrained, random, or none (without an encoder)")
    weights_sha256: str | None = Field(
        description="SHA-256 of the pre-trained weights' file, or of `sha256sum FILES | sort` for several; or null"
    )
    started_at: datetime = Field(description="when the run began, UTC")
    fingerprint: Fingerprint
    settings: dict[str, Any] = Field(description="suite and model settings as they held for this run")
    conditions: Conditions
    data: Data
    parameters: Parameters
    tuning: list[Trial] = Field(description="learning rates tried before; empty where the suite asks for none")
    finetune: Finetune
    repeats: list[Repeat] = Field(description="further seeds and fewer labels; empty where the suite asks for none")
    runtimes: list[RuntimeResult] = Field(min_length=1, description="as trained first, then every other runtime")
    fixed_work: list[FixedWork] = Field(description="the fixed piece of work, in the order of the run")
    stage_seconds: dict[str, float] = Field(description="wall-clock time of each stage of the run, s")

    @property
    def trained(self) -> RuntimeResult:
        """The model in the runtime that it was trained with."""
        return self.runtimes[0]


class FailedRecord(Strict):
    """A run that did not finish: the stage it reached and why it ended there."""

    schema_version: Literal[5] = SCHEMA_VERSION
    status: Literal["failed"] = "failed"
    suite: str
    machine: str
    model: str
    title: str
    model_name: str
    started_at: datetime
    stage: str = Field(description="stage that did not finish")
    error: str = Field(description="what ended it, in one sentence")


AnyRecord = Annotated[Record | FailedRecord, Field(discriminator="status")]
ANY_RECORD: TypeAdapter[Record | FailedRecord] = TypeAdapter(AnyRecord)
"""Checks what a file holds."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a record file, finished or failed."""
    return json.loads(json.dumps(ANY_RECORD.json_schema()))
