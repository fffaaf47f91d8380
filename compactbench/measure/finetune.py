"""The fine-tune of a transformer, in a fresh process of its own."""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import load_from_disk
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

from compactbench.measure.memory import peak_resident_mb, resident_mb
from compactbench.measure.serve import Classifier, synchronize
from compactbench.measure.weights import count_parameters, load_classifier
from compactbench.record import Data, Finetune, LossPoint, Parameters, Weights
from compactbench.settings import Model, Suite

WARMUP_STEPS = 2
"""The first steps are slower (memory is claimed, kernels are chosen) and do not count for the speed."""

POINTS_OF_CURVE = 20


class StepTimes(TrainerCallback):
    """Keeps the time of each optimizer step, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._begun = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock starts before the forward pass."""
        self._begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The clock stops when the device has finished the update."""
        synchronize(args.device.type)
        self.seconds.append(time.perf_counter() - self._begun)


class Trainee:
    """One contender while it learns.

    Args:
        model: who it is.
        weights: what it starts from.
        suite: how it is trained.
        facts: the data set's description.
        splits: folder of the data set, as `DatasetDict.save_to_disk` wrote it.
        device: cpu or cuda.
        threads: threads torch may use.
    """

    def __init__(
        self, model: Model, weights: Weights, suite: Suite, facts: Data, splits: Path, device: str, threads: int
    ) -> None:
        self._baseline_mb = resident_mb()
        torch.set_num_threads(threads)
        self._suite, self._weights, self._device = suite, weights, device
        self._splits = load_from_disk(str(splits))
        self._classifier, self._tokenizer, self.revision = load_classifier(
            model, weights == "pretrained", facts.classes, suite.seed
        )

    def build(self) -> tuple[Parameters, str | None]:
        """The parameter counts and the commit of the weights."""
        return count_parameters(self._classifier), self.revision

    def finetune(self, folder: Path) -> Finetune:
        """Train on the split `train` and save the artefact to `folder`."""
        train = self._splits["train"].map(self._tokenize, batched=True, remove_columns="text")
        times = StepTimes()
        arguments = self._arguments(folder, len(train))
        trainer = Trainer(
            self._classifier,
            arguments,
            train_dataset=train,
            data_collator=DataCollatorWithPadding(self._tokenizer),  # pads each batch to its own longest text
            callbacks=[times],
        )
        synchronize(self._device)
        begun = time.perf_counter()
        trainer.train()
        synchronize(self._device)
        total = time.perf_counter() - begun
        measured = self._measured(trainer, times.seconds, total, len(train))
        self._classifier.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        return measured

    def predict(self) -> tuple[np.ndarray, float]:
        """Class probabilities of the split `test`, shape (texts, classes), and the time they took in s.

        With random weights only of its first two batches: they prove that the path works, and no more is to be had.
        """
        texts = list(self._splits["test"]["text"])
        if self._weights == "random":
            texts = texts[: 2 * self._suite.eval_batch_size]
        classifier = Classifier(self._classifier, self._tokenizer, self._device, self._suite.max_length)
        begun = time.perf_counter()
        probabilities = classifier.probabilities(texts, self._suite.eval_batch_size)
        return probabilities, time.perf_counter() - begun

    def _tokenize(self, rows: dict[str, list[Any]]) -> dict[str, Any]:
        return self._tokenizer(rows["text"], truncation=True, max_length=self._suite.max_length)

    def _arguments(self, folder: Path, rows: int) -> TrainingArguments:
        suite = self._suite
        whole = -(-rows // suite.batch_size) * suite.epochs
        steps = suite.random_weights_steps if self._weights == "random" else suite.max_steps or round(whole)
        return TrainingArguments(
            output_dir=str(folder),
            max_steps=steps,
            per_device_train_batch_size=suite.batch_size,
            learning_rate=suite.learning_rate,
            warmup_steps=suite.warmup_steps,
            weight_decay=suite.weight_decay,
            optim="adamw_torch_fused",
            train_sampling_strategy="group_by_length",
            seed=suite.seed,
            use_cpu=self._device == "cpu",
            dataloader_pin_memory=self._device == "cuda",
            logging_steps=max(1, steps // POINTS_OF_CURVE),
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )

    def _measured(self, trainer: Trainer, seconds: list[float], total: float, rows: int) -> Finetune:
        suite, state = self._suite, trainer.state
        steady = seconds[WARMUP_STEPS:] or seconds
        samples = min(round(state.epoch * rows), state.global_step * suite.batch_size)
        derived = samples < rows
        curve = [LossPoint(step=point["step"], loss=point["loss"]) for point in state.log_history if "loss" in point]
        return Finetune(
            time_s=total,
            steps=state.global_step,
            samples=samples,
            epochs=samples / rows,
            epoch_time_s=epoch_time(total, samples, rows, statistics.mean(steady), suite.batch_size),
            epoch_derived=derived,
            samples_per_s=suite.batch_size / statistics.mean(steady),
            batch_size=suite.batch_size,
            learning_rate=suite.learning_rate,
            loss_curve=curve,
            step_s=seconds,
            baseline_ram_mb=self._baseline_mb,
            peak_ram_mb=peak_resident_mb() - self._baseline_mb,
            peak_gpu_mb=torch.cuda.max_memory_allocated() / 1e6 if self._device == "cuda" else None,
        )


def epoch_time(total_s: float, samples: int, rows: int, step_s: float, batch_size: int) -> float:
    """Time of one pass over `rows` texts, in s: measured when there was one, else steps per pass times `step_s`."""
    return total_s * rows / samples if samples >= rows else step_s * -(-rows // batch_size)
