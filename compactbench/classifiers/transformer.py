"""A transformer with a classification head, all of whose weights learn."""

import itertools
import math
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cloudpickle
import numpy as np
import torch
from accelerate.utils import extract_model_from_parallel
from datasets import Dataset
from sklearn.metrics import f1_score, log_loss
from transformers import Trainer  # noqa: F401  loaded now: else the training function would, as the model's memory

from compactbench.classifiers import Built, Classifier, Task, TrainingFunction
from compactbench.data.clean import stratified
from compactbench.instruments.memory import keep_no_holes, peak_resident_mb
from compactbench.instruments.quality import wilson
from compactbench.instruments.trainer import Meter, changed, time_by_tokens
from compactbench.record import Finetune, MemoryPoint, Precision, Procedure, Trial
from compactbench.record.training import WARMUP_STEPS
from compactbench.runtimes import Trained, installed
from compactbench.runtimes.torch import TorchPredictor, bf16_is_native, processor, save_network, tf32_is_native
from compactbench.settings import Suite
from compactbench.sources.weights import count_parameters, load_classifier, refuse_longer, weights_sha256

POINTS_OF_CURVE = 20
MEMORY_STEPS = 2
"""The optimizer claims its state at the end of the first step, so the peak is in the second."""
PADDING: dict[object, Literal["batch", "longest"]] = {True: "batch", "longest": "batch", "max_length": "longest"}
"""What a collator of transformers calls the two ways to pad."""


@dataclass(frozen=True)
class TrainingSettings:
    """What the training function is told: the suite's settings, with what it leaves to the procedure decided."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    seed: int
    device: str
    padding: str
    longest: int
    """Tokens of the longest text."""
    group_by_length: bool
    optimizer: str
    precision: str
    attention: str
    tf32: bool | None
    compile: bool
    logging_steps: int
    folder: str


def procedure(suite: Suite, device: str) -> dict[str, Any]:
    """How a fine-tune on `device` (cpu or cuda) is carried out, with what the suite says of single parts of it.

    2021 stands for what that benchmark did: every text padded to the longest of its split, batches at random, AdamW in
    separate kernels, fp32, attention without a fused kernel.
    """
    old = suite.procedure == 2021
    precision = suite.precision or ("fp32" if old else "auto")
    if precision == "auto":
        precision = "bf16" if bf16_is_native(device) else "fp32"
    tf32 = not old and tf32_is_native(device) if suite.tf32 is None else suite.tf32
    return {
        "padding": suite.padding or ("longest" if old else "batch"),
        "group_by_length": not old if suite.group_by_length is None else suite.group_by_length,
        "optimizer": suite.optimizer or ("adamw_torch" if old else "adamw_torch_fused"),
        "precision": precision,
        "attention": suite.attention or ("eager" if old else "sdpa"),
        "tf32": tf32 if device == "cuda" else None,
        "compile": suite.compile,
    }


class Transformer(Classifier):
    """A transformer that is fine-tuned by the training function of the notebook."""

    kind = "transformer"
    label = "fine-tuned transformer"
    trainer = True

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        torch.set_num_threads(task.threads)
        self._how = procedure(task.suite, task.device)
        self._network, self._tokenizer, self._revision = load_classifier(
            task.model, task.weights == "pretrained", task.data.classes, task.seed, self._how["attention"]
        )
        refuse_longer(self._network, task.suite.max_length, task.model.title)
        self._sha256 = weights_sha256(task.model) if task.weights == "pretrained" else None

    def build(self) -> Built:
        """The parameter counts, and the commit and the SHA-256 of the weights."""
        return Built(count_parameters(self._network), self._revision, self._sha256)

    def tokenized(self, rows: Dataset) -> Dataset:
        """The texts of `rows` as token ids, and whether each was cut."""
        return rows.map(self._tokenize, batched=True, remove_columns="text")

    def trial(self, learning_rate: float, train: TrainingFunction) -> Trial:
        """Learn from a part of the training texts by `train`, and classify the rest of them."""
        suite = self.task.suite
        learned, judged = stratified(self.train, math.ceil(suite.validation_size * len(self.train)), suite.seed)
        with tempfile.TemporaryDirectory(prefix="compactbench-") as folder:
            meter = self._learn(train, self.tokenized(learned), folder, learning_rate, suite.tuning_steps)
        truth = np.array(judged["label"][:])
        found = self.probabilities(judged["text"][:])
        predicted = found.argmax(axis=1)
        right = int((predicted == truth).sum())
        return Trial(
            learning_rate=learning_rate,
            steps=meter.steps,
            time_s=meter.total_s,
            texts=len(truth),
            accuracy=right / len(truth),
            accuracy_interval=wilson(right, len(truth)),
            macro_f1=f1_score(truth, predicted, average="macro", labels=range(found.shape[1]), zero_division=0),
            loss=log_loss(truth, found, labels=range(found.shape[1])),
        )

    def finetune(self, folder: Path, learning_rate: float | None, train: TrainingFunction) -> Finetune:
        """Learn from the training texts by `train`, and save the artefact to `folder`."""
        rows = self.tokenized(self.train)
        meter = self._learn(train, rows, str(folder), learning_rate or self.task.suite.learning_rate)
        measured = self._measured(train, meter, rows)
        save_network(self._network, self._tokenizer, folder, self.task.suite.max_length)
        return measured

    def memory_point(self, batch_size: int, learning_rate: float, train: TrainingFunction) -> MemoryPoint:
        """Peak memory of learning by `train` from training texts whose words are repeated up to `max_length`."""
        keep_no_holes()
        longest, chosen = self.task.suite.max_length, range(MEMORY_STEPS * batch_size)
        texts = self.train.select(number % len(self.train) for number in chosen)
        rows = self.tokenized(texts.map(lambda row: {"text": _lengthened(row["text"], longest)}))
        with tempfile.TemporaryDirectory(prefix="compactbench-") as folder:
            self._learn(train, rows, folder, learning_rate, MEMORY_STEPS, batch_size)
        gpu = processor(self.task.device).memory()
        peak = (gpu.process_mb or gpu.reserved_mb or gpu.allocated_mb) if gpu else peak_resident_mb()
        return MemoryPoint(batch_size=batch_size, tokens=max(map(len, rows["input_ids"][:])), peak_mb=peak)

    def predictor(self) -> TorchPredictor:
        """The network as it is."""
        return TorchPredictor(self._network, self._tokenizer, self.task.device, self.task.suite.max_length)

    def export(self, runtime: str, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """Convert the fine-tuned network for a runtime."""
        trained = Trained(self._network, self._tokenizer, self.train["text"][:], self.task.suite.max_length)
        return installed(runtime).export(trained, precision, exported, artefact)

    def _tokenize(self, rows: dict[str, list[Any]]) -> dict[str, Any]:
        limit = self.task.suite.max_length
        found = self._tokenizer(rows["text"], truncation=True, max_length=limit)
        # tokenizers written in Python do not tell what they cut: there a text of the full length counts
        cut = (
            [bool(one.overflowing) for one in found.encodings]
            if found.is_fast
            else [len(ids) >= limit for ids in found["input_ids"]]
        )
        return {**found, "cut": cut}

    def _learn(
        self,
        train: TrainingFunction,
        rows: Dataset,
        folder: str,
        learning_rate: float,
        steps: int | None = None,
        batch_size: int | None = None,
    ) -> Meter:
        """Let `train` train the network on `rows`, and measure it; the suite says how unless given."""
        suite, meter = self.task.suite, Meter(processor(self.task.device))
        if steps is None:
            whole = round(math.ceil(len(rows) / suite.batch_size) * suite.epochs)
            steps = suite.random_weights_steps if self.task.weights == "random" else suite.max_steps or whole
        settings = TrainingSettings(
            steps=steps,
            batch_size=batch_size or suite.batch_size,
            learning_rate=learning_rate,
            warmup_steps=suite.warmup_steps,
            weight_decay=suite.weight_decay,
            seed=self.task.seed,
            device=self.task.device,
            longest=max(len(ids) for batch in rows.iter(1000) for ids in batch["input_ids"]),
            logging_steps=max(1, steps // POINTS_OF_CURVE),
            folder=folder,
            **self._how,
        )
        cloudpickle.loads(train.pickled)(self._network, self._tokenizer, rows, settings, [meter])
        if not meter.step_s:
            raise ValueError("train() took no step that was timed: it must hand `callbacks` to its Trainer")
        # in bf16 the trainer leaves its arithmetic in the model's forward pass: what follows is asked in fp32
        extract_model_from_parallel(self._network, keep_fp32_wrapper=False)
        return meter

    def _measured(self, train: TrainingFunction, meter: Meter, rows: Dataset) -> Finetune:
        arguments = meter.arguments
        assert arguments is not None  # a step was timed
        batch_size, count = arguments.train_batch_size * arguments.gradient_accumulation_steps, len(rows)
        first = WARMUP_STEPS if meter.steps > WARMUP_STEPS else 0
        steady = meter.step_s[first:]
        samples = min(round(meter.epochs * count), meter.steps * batch_size)
        if samples >= count:
            epoch_time = meter.total_s * count / samples
        elif meter.step_tokens:
            epoch_time = time_by_tokens(steady, meter.step_tokens[first:], meter.epoch_tokens())
        else:
            epoch_time = statistics.mean(steady) * math.ceil(count / batch_size)
        return Finetune(
            time_s=meter.total_s,
            steps=meter.steps,
            samples=samples,
            epochs=samples / count,
            epoch_time_s=epoch_time,
            epoch_derived=samples < count,
            samples_per_s=batch_size / statistics.mean(steady),
            batch_size=batch_size,
            learning_rate=arguments.learning_rate,
            procedure=Procedure(
                padding=PADDING.get(getattr(meter.collator, "padding", None), "other"),
                group_by_length=arguments.train_sampling_strategy == "group_by_length",
                optimizer=str(getattr(arguments.optim, "value", arguments.optim)),
                precision="bf16" if arguments.bf16 else "fp16" if arguments.fp16 else "fp32",
                attention=self._network.config._attn_implementation,
                tf32=bool(arguments.tf32),
                pin_memory=arguments.dataloader_pin_memory,
                compiled=arguments.torch_compile,
            ),
            arguments=changed(arguments),
            code=train.code,
            edited=train.edited,
            cut=sum(rows["cut"][:]),
            loss_curve=meter.curve,
            step_s=meter.step_s,
            step_tokens=meter.step_tokens,
            baseline_ram_mb=self.baseline_mb,
            peak_ram_mb=peak_resident_mb() - self.baseline_mb,
            gpu=processor(self.task.device).memory(),
            gpu_state=meter.gpu_state,
            energy_j=meter.energy_j,
        )


def _lengthened(text: str, words: int) -> str:
    """So many words: those of `text`, over and over."""
    return " ".join(itertools.islice(itertools.cycle(text.split()), words))


CLASSIFIER = Transformer
