"""The record of one run: declared once here, written by `measure`, the only thing that `report` reads.

Units stand in the names: `_s` seconds, `_ms` milliseconds, `_mb` 10^6 bytes. Raw samples are kept and statistics are
derived from them later. What was not measured is null.
"""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SCHEMA_VERSION = 4

Weights = Literal["pretrained", "random", "none"]
Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]
RuntimeName = Literal["torch", "torch-compile", "onnxruntime", "openvino", "scikit-learn"]


class Strict(BaseModel):
    """A part of the record: unknown keys are refused, and nothing changes after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Interval = tuple[float, float]
"""Lower and upper end."""


class Machine(Strict):
    """What the run was measured on."""

    cpu: str = Field(description="name of the CPU model")
    cores: int = Field(description="cores this process may use")
    ram_mb: float = Field(description="main memory of the machine, MB")
    os: str = Field(description="operating system and its version")
    gpu: str | None = Field(description="name of the GPU model; null without one")
    gpu_memory_mb: float | None = Field(description="memory of the GPU, MB")
    gpu_driver: str | None = Field(description="version of the GPU's driver")
    gpu_clock_mhz: float | None = Field(description="highest clock of the GPU's cores, MHz")
    governor: str | None = Field(description="frequency governor of the first core; null where it cannot be read")
    cpu_limit: float | None = Field(description="cores that the container grants; null without a limit")
    ram_limit_mb: float | None = Field(description="memory that the container grants, MB; null without a limit")


class Conditions(Strict):
    """Everything else that a number depends on."""

    machine: Machine
    device: Device = Field(description="where the fine-tune ran")
    threads: int = Field(description="threads that torch used, unless a field says otherwise")
    precision: str = Field(description="numeric format of weights and arithmetic when classifying")
    seed: int = Field(description="seed of initial weights and order of batches of the run's artefact")
    versions: dict[str, str] = Field(description="version of each package that can change a number")
    git_commit: str | None = Field(description="commit of the measuring code; null outside a checkout")
    git_dirty: bool | None = Field(description="whether the checkout had changes of its own")


class Data(Strict):
    """The data set as it was used."""

    name: str = Field(description="name of the data set")
    source: str = Field(description="where it came from, with its version or revision")
    fingerprint: str = Field(description="SHA-256 of every text, label and split, in order")
    classes: list[str] = Field(description="names of the classes, in the order of their numbers")
    train_counts: list[int] = Field(description="training texts per class")
    test_counts: list[int] = Field(description="test texts per class")
    duplicates_dropped: int = Field(description="texts left out because an earlier text is exactly the same")
    leaked_dropped: int = Field(description="training texts left out because they are test texts too")
    empty_dropped: int = Field(description="rows left out because their text is empty")
    unlabelled_dropped: int = Field(description="rows left out because their label is empty")
    undecodable: int = Field(description="texts with bytes that are no UTF-8, which were replaced")
    words_p50: float = Field(description="median words per text")
    words_p95: float = Field(description="words that 95 % of the texts do not exceed")
    words_max: int = Field(description="words of the longest text")


class Parameters(Strict):
    """What the classifier learns."""

    parameters: int = Field(description="parameters (for the floor: coefficients, intercepts and IDF weights)")
    active_parameters: int = Field(description="parameters without the embedding tables")


class GpuMemory(Strict):
    """Peaks of one process on the GPU."""

    allocated_mb: float = Field(description="highest memory that torch's tensors took, MB")
    reserved_mb: float = Field(description="highest memory that torch held for them, MB")
    process_mb: float | None = Field(
        description="memory of the whole process as NVML reports it, MB; null where it does not"
    )


class LossPoint(Strict):
    """One point of the learning curve."""

    step: int = Field(description="optimizer steps taken so far")
    loss: float = Field(description="mean training loss since the point before")


class Procedure(Strict):
    """How the fine-tune was carried out."""

    padding: Literal["batch", "longest"] = Field(
        description="each batch to its own longest text, or all to the split's"
    )
    group_by_length: bool = Field(description="whether texts of similar length are batched together")
    optimizer: str = Field(description="AdamW as one fused kernel, or as separate ones")
    precision: Literal["fp32", "bf16"] = Field(description="arithmetic of the forward pass; weights stay fp32")
    attention: str = Field(description="implementation of attention: sdpa or eager")
    tf32: bool = Field(description="whether a GPU may multiply fp32 matrices in TF32")
    pin_memory: bool = Field(description="whether batches wait for the GPU in pinned memory")
    compiled: bool = Field(description="whether torch.compile was used")


class Trial(Strict):
    """A fine-tune with one of the suite's learning rates, judged on training texts that it did not learn from."""

    learning_rate: float = Field(description="peak learning rate")
    steps: int = Field(description="optimizer steps")
    time_s: float = Field(description="time of the training loop, s")
    texts: int = Field(description="training texts that it was judged on")
    accuracy: float = Field(description="share of them classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    loss: float = Field(description="their mean cross-entropy, nats")


class Finetune(Strict):
    """The fine-tune, in a fresh process of its own."""

    time_s: float = Field(description="time of the training loop, without loading and tokenizing, s")
    steps: int = Field(description="optimizer steps")
    samples: int = Field(description="texts seen, repeats counted")
    epochs: float = Field(description="passes over the training texts")
    epoch_time_s: float = Field(description="time of one pass over the training texts, s")
    epoch_derived: bool = Field(description="whether that time is extrapolated from less than one pass")
    samples_per_s: float = Field(description="texts per second, first steps left out")
    batch_size: int | None = Field(description="texts per step; null for the floor")
    learning_rate: float | None = Field(description="peak learning rate; null for the floor")
    procedure: Procedure | None = Field(description="how it was carried out; null for the floor")
    cut: int | None = Field(description="training texts cut at the suite's `max_length`; null for the floor")
    loss_curve: list[LossPoint] = Field(description="the learning curve; empty for the floor")
    step_s: list[float] = Field(description="time of each optimizer step, s; empty for the floor")
    baseline_ram_mb: float = Field(description="resident memory of the process with its libraries loaded, MB")
    peak_ram_mb: float = Field(description="highest resident memory beyond that, MB")
    gpu: GpuMemory | None = Field(description="memory on the GPU; null without one")


class Quality(Strict):
    """How well the test texts are classified; with random weights only the first of them, to document the run."""

    accuracy: float = Field(description="share of test texts classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    macro_f1: float = Field(description="F1, mean over the classes")
    macro_f1_interval: Interval = Field(description="95 % bootstrap interval over test texts")
    class_f1: list[float] = Field(description="F1 of each class, in the order of their numbers")
    loss: float = Field(description="mean cross-entropy of the test texts, nats")
    loss_interval: Interval = Field(description="95 % bootstrap interval over test texts")
    ece: float = Field(description="expected calibration error, 15 equal bins of confidence")
    ece_interval: Interval = Field(description="95 % bootstrap interval over test texts")
    confusion: list[list[int]] = Field(description="test texts by true class (rows) and predicted class (columns)")
    right: str = Field(pattern="^[01]+$", description="1 for each test text classified right, else 0, in their order")
    eval_time_s: float = Field(description="time to classify these texts, s")


class Repeat(Strict):
    """The fine-tune once more, from another seed or with fewer labels."""

    seed: int = Field(description="seed of initial weights and order of batches")
    labels: int = Field(description="training texts that it learned from")
    time_s: float = Field(description="time of the training loop, s")
    accuracy: float = Field(description="share of test texts classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    macro_f1: float = Field(description="F1, mean over the classes")


class Memory(Strict):
    """Memory of classifying, in a fresh process of its own."""

    batch_size: int = Field(description="texts per batch")
    baseline_ram_mb: float = Field(description="resident memory of the process with its libraries loaded, MB")
    peak_ram_mb: float = Field(description="highest resident memory beyond that, MB")
    gpu: GpuMemory | None = Field(description="memory on the GPU; null without one")


class Artefact(Strict):
    """What a user deploys: of the saved folder, the files that one way to serve it reads."""

    files: dict[str, int] = Field(description="size of each file, bytes, by its path in the folder")
    weights_files: list[str] = Field(description="those of them that hold weights")


class LatencySamples(Strict):
    """Calls with one sentence each, one after the other, in one fresh process; warm-up calls are not in it."""

    device: Device
    precision: Precision
    threads: int = Field(description="threads that torch used")
    process: int = Field(description="number of the fresh process, from 0")
    warmup_calls: int = Field(description="calls made before the first one kept")
    samples_ms: list[float] = Field(description="time of each call, tokenizing included, ms")
    tokenizer_ms: list[float] = Field(description="time of tokenizing the sentence alone, in calls of their own, ms")


class LengthSamples(Strict):
    """One call for each of some test texts, drawn at random, in one fresh process."""

    device: Device
    process: int = Field(description="number of the fresh process, from 0")
    tokens: list[int] = Field(description="tokens of each text as the contender sees it (for the floor: words)")
    samples_ms: list[float] = Field(description="time of the call with that text, tokenizing included, ms")


class ThroughputPoint(Strict):
    """One batch size that was tried."""

    batch_size: int
    samples_s: list[float] = Field(description="time of each pass over one batch, tokenizing included, s")
    sentences_per_s: float = Field(description="batch size over the median of those times")


class Throughput(Strict):
    """Batches of test texts: the batch is doubled until memory runs out, the gain ends, or the cap is reached."""

    device: Device
    precision: Precision
    points: list[ThroughputPoint] = Field(min_length=1)
    stopped_by: Literal["oom", "plateau", "cap"] = Field(description="why no larger batch was tried")
    cap: int = Field(description="the largest batch that the suite allows")
    again: list[ThroughputPoint] = Field(description="the best batch size in further fresh processes")


class Serving(Strict):
    """The artefact at work, by one way to serve it."""

    artefact: Artefact
    load_time_s: float = Field(description="from the start of a fresh interpreter to its first answer, s")
    inference_memory: Memory
    quality: Quality = Field(description="the test texts classified by this way")
    latency: list[LatencySamples]
    latency_by_length: list[LengthSamples]
    throughput: Throughput


class Runtime(Strict):
    """One further way to serve the artefact: another runtime, or another arithmetic."""

    runtime: RuntimeName
    precision: Precision = Field(description="numeric format of weights or arithmetic")
    device: Device
    served: Serving | None = Field(description="what was measured; null where the contender cannot be served so")
    agreement: float | None = Field(description="share of test texts given the same class as by torch in fp32")
    error: str | None = Field(description="why the contender cannot be served so; null where it can")


class ReferenceSamples(Strict):
    """A fixed piece of work, timed around a measurement: on a quiet machine it always takes the same time."""

    stage: str = Field(description="stage of the run")
    samples_ms: list[float] = Field(description="time of each pass, ms")


class Record(Strict):
    """One finished run."""

    schema_version: Literal[4] = SCHEMA_VERSION
    status: Literal["ok"] = "ok"
    suite: str = Field(description="name of the suite: what was asked of the contender")
    machine: str = Field(description="name of the machine's folder")
    model: str = Field(description="short name of the contender")
    title: str = Field(description="name of the contender as readers know it")
    model_name: str = Field(description="where its weights come from: hub id, or what stands in its place")
    revision: str | None = Field(description="commit of the weights; null where there is none")
    weights: Weights = Field(description="pretrained, random, or none (the floor learns from nothing)")
    weights_sha256: str | None = Field(description="SHA-256 of the pre-trained weights' file; null where there is none")
    started_at: datetime = Field(description="when the run began, UTC")
    fingerprint: str = Field(description="SHA-256 of settings, data, weights, measuring code and versions")
    settings: dict[str, Any] = Field(description="suite and model settings as they held for this run")
    conditions: Conditions
    data: Data
    size: Parameters
    tuning: list[Trial] = Field(description="learning rates tried before; empty where the suite asks for none")
    finetune: Finetune
    quality: Quality
    repeats: list[Repeat] = Field(description="further seeds and fewer labels; empty where the suite asks for none")
    runtime: RuntimeName = Field(description="what served it for the fields from here to `throughput`")
    artefact: Artefact
    load_time_s: float = Field(description="from the start of a fresh interpreter to its first answer, s")
    inference_memory: Memory
    latency: list[LatencySamples]
    latency_by_length: list[LengthSamples]
    throughput: Throughput
    runtimes: list[Runtime] = Field(description="further ways to serve it; empty for the floor")
    reference: list[ReferenceSamples] = Field(description="the fixed piece of work, in the order of the run")
    stage_seconds: dict[str, float] = Field(description="wall-clock time of each stage of the run, s")


class FailedRecord(Strict):
    """A run that did not finish: the stage it reached and why it ended there."""

    schema_version: Literal[4] = SCHEMA_VERSION
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
