"""What a trainer of transformers did: its time, its steps, its losses and the arguments that it really had."""

import time
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

from transformers import TrainerCallback, TrainingArguments

from compactbench.record import LossPoint

PLUMBING = {"output_dir", "logging_dir", "logging_steps", "save_strategy", "report_to", "disable_tqdm", "run_name"}
"""Arguments that say where a trainer writes and what it prints."""


class Meter(TrainerCallback):
    """Times a trainer from within, and keeps what it was told.

    Args:
        synchronize: waits until the device has done all it was given.
    """

    def __init__(self, synchronize: Any) -> None:
        self._synchronize = synchronize
        self._begun = self._step_begun = 0.0
        self.arguments: TrainingArguments | None = None
        self.collator: Any = None
        self.total_s = 0.0
        self.step_s: list[float] = []
        self.steps = 0
        self.epochs = 0.0
        self.curve: list[LossPoint] = []

    def on_train_begin(self, args: TrainingArguments, state: Any, control: Any, **given: Any) -> None:
        """The clock starts when all is loaded."""
        self.arguments = args
        collate = getattr(given.get("train_dataloader"), "collate_fn", None)
        self.collator = getattr(collate, "data_collator", collate)  # the trainer may wrap it to drop columns
        self._synchronize()
        self._begun = time.perf_counter()

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A step's clock starts before the forward pass."""
        self._step_begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """It stops when the device has finished the update."""
        self._synchronize()
        self.step_s.append(time.perf_counter() - self._step_begun)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock stops when the device has finished."""
        self._synchronize()
        self.total_s = time.perf_counter() - self._begun
        self.steps, self.epochs = state.global_step, state.epoch
        self.curve = [
            LossPoint(step=point["step"], loss=point["loss"]) for point in state.log_history if "loss" in point
        ]


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
