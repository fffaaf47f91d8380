"""What a trainer of transformers did: its time, its steps, its losses and the arguments that it really had."""

from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from transformers import TrainerCallback, TrainingArguments

from compactbench.instruments.processor import Processor
from compactbench.record import GpuState, LossPoint

PLUMBING = {"output_dir", "logging_dir", "logging_steps", "save_strategy", "report_to", "disable_tqdm", "run_name"}
"""Arguments that say where a trainer writes and what it prints."""


class Meter(TrainerCallback):
    """Times a trainer from within, and keeps what it was told.

    Args:
        processor: what it trains on.
    """

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._begun: Any = None
        self._step_begun: Any = None
        self._marks: list[tuple[Any, Any]] = []
        self.arguments: TrainingArguments | None = None
        self.collator: Any = None
        self._batches: Any = None
        self._tokens: list[int] = []
        self.total_s = 0.0
        self.step_s: list[float] = []
        self.step_tokens: list[int] = []
        self.steps = 0
        self.epochs = 0.0
        self.curve: list[LossPoint] = []
        self.gpu_state: GpuState | None = None
        self.energy_j: float | None = None

    def on_train_begin(self, args: TrainingArguments, state: Any, control: Any, **given: Any) -> None:
        """The clock starts when all is loaded."""
        self.arguments = args
        loader = given.get("train_dataloader")
        self._batches = getattr(loader, "base_dataloader", loader)  # inside the one that moves them to the device
        collate = getattr(self._batches, "collate_fn", None)
        self.collator = getattr(collate, "data_collator", collate)  # the trainer may wrap it to drop columns
        if collate and not self._batches.num_workers:  # else they are made in other processes
            self._batches.collate_fn = lambda rows: self._counted(collate(rows))
        self._processor.wake()
        self._processor.wait()
        self._taken_j = self._processor.metered()
        self._begun = self._processor.mark()

    def _counted(self, batch: Any) -> Any:
        self._tokens.append(batch["input_ids"].numel())
        return batch

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A step's clock starts before the forward pass."""
        self._step_begun = self._processor.mark()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """It stops when the device has finished the update; nobody waits for that, as nobody does in a training."""
        self._marks.append((self._step_begun, self._processor.mark()))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock stops when the device has finished."""
        ended = self._processor.mark()
        self._processor.wait()
        self.energy_j = self._taken_j()
        self.total_s = self._processor.seconds(self._begun, ended)
        self.step_s = [self._processor.seconds(*step) for step in self._marks]
        self.gpu_state = self._processor.state()
        self.steps, self.epochs = state.global_step, state.epoch
        self.step_tokens = self._by_step()[: self.steps]  # the next batch lay ready already
        self.curve = [
            LossPoint(step=point["step"], loss=point["loss"]) for point in state.log_history if "loss" in point
        ]

    def epoch_tokens(self) -> list[int]:
        """Tokens of each step of one epoch, padding included, from batches made anew; only where they were counted."""
        self._tokens.clear()
        with torch.random.fork_rng():  # they are drawn at random
            for _ in self._batches:
                pass
        return self._by_step()

    def _by_step(self) -> list[int]:
        batches = self.arguments.gradient_accumulation_steps if self.arguments else 1
        return [sum(self._tokens[start : start + batches]) for start in range(0, len(self._tokens), batches)]


def time_by_tokens(step_s: list[float], step_tokens: list[int], tokens: list[int]) -> float:
    """Time of steps with so many `tokens` each, s, from steps of known time: each costs something, and each token.

    Method: least squares with neither cost below 0.
    """
    (a_step, a_token), _ = nnls(np.column_stack([np.ones(len(step_s)), step_tokens]), np.array(step_s))
    return float(a_step * len(tokens) + a_token * sum(tokens))


def changed(arguments: TrainingArguments) -> dict[str, Any]:
    """The arguments that differ from the trainer's defaults, as plain values; those that are plumbing are left out."""
    found = {}
    for field in fields(arguments):
        value, default = getattr(arguments, field.name), field.default
        value = value.value if isinstance(value, Enum) else value
        default = default.value if isinstance(default, Enum) else default
        if field.name in PLUMBING or default is MISSING or value == default or not (value or default):
            continue
        if isinstance(value, str | int | float | bool):
            found[field.name] = value
    return found
