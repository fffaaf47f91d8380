"""What the training of a classifier took and gave."""

from statistics import fmean
from typing import Any, Literal

from pydantic import Field, model_validator

from compactbench.record.base import Amount, Count, Finite, Interval, Number, Numbers, Positive, Raw, Share, Strict

WARMUP_STEPS = 2
"""The first steps are slower (memory is claimed, kernels are chosen) and do not count for the speed."""


class Parameters(Strict):
    """What the classifier learns."""

    total: Number = Field(description="parameters (without an encoder: coefficients, intercepts and term weights)")
    active: Count = Field(description="parameters without the embedding tables")

    @model_validator(mode="after")
    def _active_are_some_of_all(self) -> "Parameters":
        if self.active > self.total:
            raise ValueError("`active` is larger than `total`")
        return self


class GpuMemory(Strict):
    """Peaks of one process on the GPU."""

    allocated_mb: Amount = Field(description="highest memory that torch's tensors took, MB")
    reserved_mb: Amount | None = Field(
        description="highest memory that torch held for them, MB; null where an earlier version did not ask"
    )
    process_mb: Amount | None = Field(
        description="highest memory of the whole process, from what NVML reports of it, MB; null where it does not"
    )


class GpuState(Strict):
    """The GPU at the end of a measurement, while it is warm; null is what NVML does not tell."""

    clock_mhz: Amount | None = Field(description="clock of its cores, MHz")
    power_w: Amount | None = Field(description="power that it draws, W")
    held_down_by: list[str] | None = Field(description="what keeps its clock down, as nvidia-smi calls it")


class LossPoint(Strict):
    """One point of the learning curve."""

    step: Count = Field(description="optimizer steps taken so far")
    loss: Finite = Field(description="mean training loss since the point before")


class Procedure(Strict):
    """How the fine-tune was carried out, as the trainer had it."""

    padding: Literal["batch", "longest", "other"] = Field(
        description="each batch to its own longest text, all to the split's, or a way of the training function's own"
    )
    group_by_length: bool = Field(description="whether texts of similar length are batched together")
    optimizer: str = Field(description="name of the trainer's optimizer")
    precision: Literal["fp32", "bf16", "fp16"] = Field(description="arithmetic of the forward pass; weights stay fp32")
    attention: str = Field(description="implementation of attention: sdpa or eager")
    tf32: bool = Field(description="whether a GPU may multiply fp32 matrices in TF32")
    pin_memory: bool = Field(description="whether batches wait for the GPU in pinned memory")
    compiled: bool = Field(description="whether torch.compile was used")


class Trial(Strict):
    """A fine-tune with one of the suite's learning rates, judged on training texts that it did not learn from."""

    learning_rate: Amount = Field(description="peak learning rate")
    steps: Count = Field(description="optimizer steps")
    time_s: Positive = Field(description="time of the training loop, s")
    texts: Number = Field(description="training texts that it was judged on")
    accuracy: Share = Field(description="share of them classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    macro_f1: Share | None = Field(
        default=None, description="F1, mean over the classes; null where an earlier version did not ask"
    )
    loss: Amount = Field(description="their mean cross-entropy, nats")


class Finetune(Strict):
    """The fine-tune, in a fresh process of its own."""

    time_s: Positive = Field(description="time of the training loop, without loading and tokenizing, s")
    steps: Count = Field(description="optimizer steps")
    samples: Number = Field(description="texts seen, repeats counted")
    epochs: Amount = Field(description="passes over the training texts")
    epoch_time_s: Positive = Field(description="time of one pass over the training texts, s")
    epoch_derived: bool = Field(
        description="whether that time is extrapolated from less than one pass: by the tokens of each step of a whole "
        "one, where they were counted"
    )
    samples_per_s: Positive = Field(description="texts per second, first steps left out")
    batch_size: Number | None = Field(description="texts per step; null without a trainer")
    learning_rate: Amount | None = Field(description="peak learning rate; null without a trainer")
    procedure: Procedure | None = Field(description="how it was carried out; null without a trainer")
    arguments: dict[str, Any] = Field(description="the trainer's arguments that differ from its defaults")
    code: str | None = Field(description="source of the training function; null without a trainer")
    edited: bool = Field(description="whether that function differs from the template's")
    cut: Count | None = Field(description="training texts cut at the suite's `max_length`; null without a trainer")
    loss_curve: list[LossPoint] = Field(description="the learning curve; empty without a trainer")
    step_s: Raw[list[Positive]] = Field(description="time of each optimizer step, s; empty without a trainer")
    step_tokens: Raw[list[Number]] = Field(
        default_factory=list,
        description="tokens of each step, padding included; empty where an earlier version did not count them",
    )
    baseline_ram_mb: Amount = Field(description="resident memory of the process with its libraries loaded, MB")
    peak_ram_mb: Finite = Field(description="highest resident memory beyond that, MB")
    gpu: GpuMemory | None = Field(description="memory on the GPU; null without one")
    gpu_state: GpuState | None = Field(default=None, description="the GPU after the last step; null without one")
    energy_j: Amount | None = Field(
        default=None,
        description="energy of the training loop as the machine counted it, J: of all CPU packages, or of the GPU's "
        "board where it learned there; null where it did not",
    )

    def time_for(self, samples: float) -> float:
        """Time of the training loop over so many texts like these, repeats counted, s.

        In proportion to the texts of an epoch where its time was derived by tokens; else to those that were seen, but
        for what the first steps took longer, which no further text adds to.
        """
        first, others = self.step_s[:WARMUP_STEPS], self.step_s[WARMUP_STEPS:]
        once = max(0.0, sum(first) - len(first) * fmean(others)) if others else 0.0
        if self.epoch_derived and self.step_tokens:
            return once + self.epoch_time_s * self.epochs * samples / self.samples
        return once + (self.time_s - once) * samples / self.samples

    def peak_ram_for(self, samples: float) -> float:
        """Highest resident memory of the process for so many texts, repeats counted, its libraries included, MB.

        A trainer reads its rows from the disk and holds a batch of them at a time; what has none holds all of them.
        """
        growth = samples / self.samples if self.batch_size is None else 1.0
        return self.baseline_ram_mb + self.peak_ram_mb * growth


class MemoryPoint(Strict):
    """Peak memory of learning from batches of one size, all of whose texts have one length."""

    batch_size: Number = Field(description="texts per step")
    tokens: Number = Field(description="tokens of each text")
    peak_mb: Amount = Field(
        description="highest memory of the process, its libraries included, MB; on a GPU that it takes there, "
        "without its context where NVML does not report it"
    )


class Repeat(Strict):
    """The fine-tune once more: from another seed and its split, or with fewer labels of the run's own."""

    seed: Count = Field(description="seed of initial weights and order of batches, and with all labels of the split")
    labels: Number = Field(description="training texts that it learned from")
    time_s: Positive = Field(description="time of the training loop, s")
    accuracy: Share = Field(description="share of test texts classified right")
    accuracy_interval: Interval = Field(description="95 % Wilson interval")
    macro_f1: Share = Field(description="F1, mean over the classes")
    split: str | None = Field(
        default=None, description="SHA-256 of every text, label and split, in order; null where it was not kept"
    )
    true: Raw[Numbers | None] = Field(
        default=None, description="true class of each test text; null where the split is the run's own"
    )
    predicted: Raw[Numbers | None] = Field(
        default=None, description="class that each test text was given; null where it was not kept"
    )
