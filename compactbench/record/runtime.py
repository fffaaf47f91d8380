"""What one runtime takes and gives when it answers with the saved model."""

from typing import Literal

from pydantic import Field

from compactbench.record.base import Device, Interval, Precision, Strict
from compactbench.record.training import GpuMemory


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


class Memory(Strict):
    """Memory of classifying, in a fresh process of its own."""

    batch_size: int = Field(description="texts per batch")
    baseline_ram_mb: float = Field(description="resident memory of the process with its libraries loaded, MB")
    peak_ram_mb: float = Field(description="highest resident memory beyond that, MB")
    gpu: GpuMemory | None = Field(description="memory on the GPU; null without one")


class Artefact(Strict):
    """What a user deploys: of the saved folder, the files that one runtime reads."""

    files: dict[str, int] = Field(description="size of each file, bytes, by its path in the folder")
    weights_files: list[str] = Field(description="those of them that hold weights")


class LatencySamples(Strict):
    """Calls with one sentence each, one after the other, in one fresh process; warm-up calls are not in it."""

    threads: int = Field(description="threads that the runtime used")
    process: int = Field(description="number of the fresh process, from 0")
    warmup_calls: int = Field(description="calls made before the first one kept")
    samples_ms: list[float] = Field(description="time of each call, tokenizing included, ms")
    tokenizer_ms: list[float] = Field(description="time of tokenizing the sentence alone, in calls of their own, ms")


class LengthSamples(Strict):
    """One call for each of some test texts, drawn at random, in one fresh process."""

    process: int = Field(description="number of the fresh process, from 0")
    tokens: list[int] = Field(description="tokens of each text as the model sees it (words without a tokenizer)")
    samples_ms: list[float] = Field(description="time of the call with that text, tokenizing included, ms")


class ThroughputPoint(Strict):
    """One batch size that was tried."""

    batch_size: int
    samples_s: list[float] = Field(description="time of each pass over one batch, tokenizing included, s")
    sentences_per_s: float = Field(description="batch size over the median of those times")


class Throughput(Strict):
    """Batches of test texts: the batch is doubled until memory runs out, the gain ends, or the cap is reached."""

    points: list[ThroughputPoint] = Field(min_length=1)
    stopped_by: Literal["oom", "plateau", "cap"] = Field(description="why no larger batch was tried")
    cap: int = Field(description="the largest batch that the suite allows")
    again: list[ThroughputPoint] = Field(description="the best batch size in further fresh processes")


class RuntimeResult(Strict):
    """The saved model as one runtime answers with it, on one device in one precision; a list is empty, and all else
    null, where nothing was measured.
    """

    runtime: str = Field(description="name of the runtime")
    label: str = Field(description="the runtime with its precision, as tables name it")
    precision: Precision = Field(description="numeric format of weights or arithmetic")
    device: Device = Field(description="where it computes")
    threads: int = Field(description="threads on the CPU, unless a field says otherwise")
    artefact: Artefact | None = Field(description="the files that it reads")
    load_time_s: float | None = Field(description="from the start of a fresh interpreter to its first answer, s")
    memory: Memory | None
    quality: Quality | None = Field(description="the test texts classified by it")
    agreement: float | None = Field(
        description="share of test texts given the same class as by the first of the list; null for that one"
    )
    latency: list[LatencySamples] = Field(description="calls with the fixed sentence, on all cores and on one")
    latency_by_length: list[LengthSamples] = Field(description="calls with real texts, on all cores")
    throughput: Throughput | None
    error: str | None = Field(description="why it cannot answer with this model; null where it can")
