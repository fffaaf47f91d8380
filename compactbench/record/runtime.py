"""What one runtime takes and gives when it answers with the saved model."""

from collections import Counter
from typing import Literal

from pydantic import Field, model_validator

from compactbench.record.base import (
    Amount,
    Count,
    Device,
    Finite,
    Interval,
    Number,
    Numbers,
    Positive,
    Precision,
    Raw,
    Share,
    Strict,
    parted,
)
from compactbench.record.training import GpuMemory, GpuState

NEARLY = 0.97
"""A batch size with so much of the fastest one's speed is as fast: so small a difference is another in the next run."""


class Mistake(Strict):
    """A test text that was classified wrong."""

    row: Count = Field(description="number of the test text, from 0")
    true: Count = Field(description="number of its class")
    predicted: Count = Field(description="number of the class that it was given")
    confidence: Share = Field(description="probability of that class")
    doubted: bool = Field(description="whether confident learning takes the label for a likely error")
    text: str | None = Field(description="its beginning; null where the texts are not to be shown")


class Quality(Strict):
    """How well the test texts are classified; with random weights only the first of them, to document the run.

    Null is what an earlier version did not keep.
    """

    accuracy: Share = Field(description="share of test texts classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    macro_f1: Share = Field(description="F1, mean over the classes")
    macro_f1_interval: Interval | None = Field(description="95 % bootstrap interval over test texts")
    class_f1: list[Share] = Field(description="F1 of each class, in the order of their numbers")
    loss: Amount = Field(
        description="mean cross-entropy of the test texts, nats; a kept probability of 0 counts as 0.00005"
    )
    loss_interval: Interval | None = Field(description="95 % bootstrap interval over test texts")
    ece: Share = Field(description="expected calibration error, 15 equal bins of confidence")
    ece_interval: Interval | None = Field(description="95 % bootstrap interval over test texts")
    confusion: list[list[Count]] = Field(
        min_length=1, description="test texts by true class (rows) and predicted class (columns)"
    )
    predicted: Raw[Numbers | None] = Field(
        default=None, description="class that each test text was given, in their order; null where it was not kept"
    )
    right: Raw[str | None] = Field(
        pattern="^[01]+$", description="1 for each test text classified right, else 0, in their order"
    )
    eval_time_s: Positive = Field(description="time to classify these texts, s")

    @model_validator(mode="after")
    def _tells_of_the_same_texts(self) -> "Quality":
        if {len(self.confusion), *map(len, self.confusion)} != {len(self.class_f1)}:
            raise ValueError("`confusion` has a row and a column for each class of `class_f1`")
        if self.right is not None and len(self.right) != sum(map(sum, self.confusion)):
            raise ValueError("`right` has a sign for each text of `confusion`")
        if self.predicted is not None:
            columns = [sum(column) for column in zip(*self.confusion, strict=True)]
            if Counter(parted(self.predicted)) != Counter(dict(enumerate(columns))):
                raise ValueError("`predicted` has as many texts of each class as the columns of `confusion`")
        return self


class Memory(Strict):
    """Memory of classifying, in fresh processes of its own."""

    batch_size: Number = Field(description="texts per batch")
    baseline_ram_mb: Amount = Field(
        description="resident memory of the process with its libraries loaded, and of what it touches of them later, MB"
    )
    peak_ram_mb: Finite = Field(
        description="highest resident memory beyond that, the weights' file as a whole; median of the processes, MB"
    )
    untouched_mb: Amount | None = Field(
        default=None,
        description="of that, the part of a mapped weights' file that no text touched, MB; null where an earlier "
        "version left it out, and counted pages of libraries that the model touched first",
    )
    peaks_ram_mb: list[Finite] | None = Field(
        default=None, description="the same of each process; null where an earlier version had one process"
    )
    gpu: GpuMemory | None = Field(description="memory on the GPU; null without one")


class Artefact(Strict):
    """What a user deploys: of the saved folder, the files that one runtime reads."""

    files: dict[str, Count] = Field(min_length=1, description="size of each file, bytes, by its path in the folder")
    weights_files: list[str] = Field(description="those of them that hold weights")

    @model_validator(mode="after")
    def _weights_are_some_of_the_files(self) -> "Artefact":
        if not set(self.weights_files) <= self.files.keys():
            raise ValueError("`weights_files` names a file that `files` does not")
        return self


class LatencySamples(Strict):
    """Calls with one sentence each, one after the other, in one fresh process; warm-up calls are not in it."""

    threads: Number = Field(description="threads that the runtime used")
    process: Count = Field(description="number of the fresh process, from 0")
    warmup_calls: Count = Field(description="calls made before the first one kept")
    samples_ms: Raw[list[Positive]] = Field(min_length=1, description="time of each call, tokenizing included, ms")
    tokenizer_ms: Raw[list[Amount]] = Field(
        description="time of tokenizing the sentence alone, in calls of their own, ms"
    )
    gpu_state: GpuState | None = Field(default=None, description="the GPU after the last call; null without one")


class LengthSamples(Strict):
    """One call for each of some test texts in one fresh process; each process has texts of its own, of all lengths."""

    process: Count = Field(description="number of the fresh process, from 0")
    tokens: Raw[list[Count]] = Field(description="tokens of each text as the model sees it (words without a tokenizer)")
    samples_ms: Raw[list[Positive]] = Field(
        min_length=1, description="time of the call with that text, tokenizing included, ms"
    )


class ThroughputPoint(Strict):
    """One batch size that was tried: passes over the same texts, sorted by length as a job would have them."""

    batch_size: Number
    samples_s: Raw[list[Positive]] = Field(min_length=1, description="time of each pass, tokenizing included, s")
    sentences_per_s: Positive = Field(description="texts of a pass over the median of those times")
    unsorted_sentences_per_s: Positive | None = Field(
        default=None, description="the same with the texts in no order; null where that was not measured"
    )
    energy_j: Amount | None = Field(
        default=None,
        description="energy of these passes as the machine counted it, J: of all CPU packages, or of the GPU's board "
        "where they ran there; null where it did not",
    )


class Throughput(Strict):
    """Passes over test texts: the batch is doubled until memory runs out, the gain ends, or the cap is reached."""

    points: list[ThroughputPoint] = Field(min_length=1, description="the search for the batch size, in one process")
    stopped_by: Literal["oom", "plateau", "cap"] = Field(description="why no larger batch was tried")
    cap: Number = Field(description="the largest batch that the suite allows")
    texts: Number | None = Field(
        default=None,
        description="test texts of a pass, spread over all lengths; a larger batch repeats them; null where an earlier "
        "version timed one batch, of the first texts of a draw",
    )
    again: list[ThroughputPoint] = Field(
        description="the chosen batch size in further fresh processes, which alone count where there are any"
    )
    gpu_state: GpuState | None = Field(default=None, description="the GPU after the search; null without one")

    @property
    def best(self) -> ThroughputPoint:
        """The batch size that was chosen, in the search: the smallest that is nearly as fast as any.

        An earlier version chose the fastest, which differed from run to run.
        """
        fastest = max(point.sentences_per_s for point in self.points)
        chosen = {point.batch_size for point in self.again}
        fits = [
            point
            for point in self.points
            if (point.batch_size in chosen if chosen else point.sentences_per_s >= NEARLY * fastest)
        ]
        return min(fits, key=lambda point: point.batch_size)


class RuntimeResult(Strict):
    """The saved model as one runtime answers with it, on one device in one precision; a list is empty, and all else
    null, where nothing was measured.
    """

    runtime: str = Field(description="name of the runtime")
    label: str = Field(description="the runtime with its precision, as tables name it")
    precision: Precision = Field(description="numeric format of weights or arithmetic")
    device: Device = Field(description="where it computes")
    threads: Number = Field(description="threads on the CPU, unless a field says otherwise")
    artefact: Artefact | None = Field(description="the files that it reads")
    load_time_s: Positive | None = Field(description="from the start of a fresh interpreter to its first answer, s")
    memory: Memory | None
    quality: Quality | None = Field(description="the test texts classified by it")
    agreement: Share | None = Field(
        description="share of test texts given the same class as by the first of the list; null for that one"
    )
    batched_otherwise: Count | None = Field(
        default=None,
        description="test texts given another class in batches of `eval_batch_size`, in their order, than one by one; "
        "null where they were not classified one by one",
    )
    latency: list[LatencySamples] = Field(description="calls with the fixed sentence, on all cores and on one")
    latency_by_length: list[LengthSamples] = Field(description="calls with real texts, on all cores")
    throughput: Throughput | None
    error: str | None = Field(description="why it cannot answer with this model; null where it can")

    @model_validator(mode="after")
    def _processes_are_alike(self) -> "RuntimeResult":
        calls = {(one.threads, len(one.samples_ms)) for one in self.latency}
        if len(calls) > len({threads for threads, _ in calls}):
            raise ValueError("`latency` has as many calls in each process")
        if len({len(samples) for one in self.latency_by_length for samples in (one.tokens, one.samples_ms)}) > 1:
            raise ValueError("`latency_by_length` has as many texts and calls in each process")
        return self
