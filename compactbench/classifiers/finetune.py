"""The fine-tune of a transformer, in a fresh process of its own."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, load_from_disk
from sklearn.metrics import log_loss
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

from compactbench.classifiers.procedure import bf16_is_native, procedure
from compactbench.classifiers.weights import count_parameters, load_classifier, weights_sha256
from compactbench.data.load import fewer, to_classify
from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.quality import quality, wilson
from compactbench.record import Data, Finetune, LossPoint, Parameters, Precision, Quality, RuntimeName, Trial, Weights
from compactbench.runtimes.serve import probabilities
from compactbench.runtimes.serve_torch import Classifier, gpu_memory, synchronize
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
        seed: of the new head, of random weights and of the order of batches.
        labels: how many training texts to learn from; None: all.
    """

    def __init__(
        self,
        model: Model,
        weights: Weights,
        suite: Suite,
        facts: Data,
        splits: Path,
        device: str,
        threads: int,
        seed: int,
        labels: int | None = None,
    ) -> None:
        self._baseline_mb = resident_mb()
        torch.set_num_threads(threads)
        self._suite, self._weights, self._device, self._seed = suite, weights, device, seed
        self._procedure = procedure(suite, device)
        self._splits = load_from_disk(str(splits))
        self._train = fewer(self._splits["train"], labels, suite.seed)
        self._classifier, self._tokenizer, self._revision = load_classifier(
            model, weights == "pretrained", facts.classes, seed, self._procedure.attention
        )
        positions = getattr(self._classifier.config, "max_position_embeddings", None)
        if positions is not None and positions < suite.max_length:
            raise ValueError(
                f"key `max_length`: got {suite.max_length}; accepted for {model.title}: {positions} at most"
            )
        self._sha256 = weights_sha256(model) if weights == "pretrained" else None

    def build(self) -> tuple[Parameters, str | None, str | None]:
        """The parameter counts, and the commit and the SHA-256 of the weights."""
        return count_parameters(self._classifier), self._revision, self._sha256

    @property
    def attention(self) -> str:
        """The implementation of attention that the classifier really uses."""
        return self._classifier.config._attn_implementation

    def tokenized(self) -> Dataset:
        """The training texts as token ids, padded where the procedure pads beforehand."""
        return self._tokenized(self._train)

    def trial(self, learning_rate: float) -> Trial:
        """Train on a part of the split `train` and classify the rest of it."""
        suite = self._suite
        parts = self._train.train_test_split(suite.validation_size, stratify_by_column="label", seed=suite.seed)
        with tempfile.TemporaryDirectory(prefix="compactbench-") as folder:
            trainer, _, total = self._learn(self._tokenized(parts["train"]), folder, learning_rate, suite.tuning_steps)
        truth = np.array(parts["test"]["label"][:])
        found = self._probabilities(parts["test"]["text"][:])
        right = int((found.argmax(axis=1) == truth).sum())
        return Trial(
            learning_rate=learning_rate,
            steps=trainer.state.global_step,
            time_s=total,
            texts=len(truth),
            accuracy=right / len(truth),
            accuracy_interval=wilson(right, len(truth)),
            loss=log_loss(truth, found, labels=range(found.shape[1])),
        )

    def finetune(self, folder: Path, learning_rate: float) -> Finetune:
        """Train on the split `train` and save the artefact to `folder`."""
        train = self.tokenized()
        trainer, seconds, total = self._learn(train, str(folder), learning_rate)
        measured = self._measured(trainer, seconds, total, train)
        self._classifier.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        return measured

    def _learn(
        self, train: Dataset, folder: str, learning_rate: float, steps: int | None = None
    ) -> tuple[Trainer, list[float], float]:
        """Train the classifier on `train`; the trainer, the time of each step and of the whole loop, s."""
        times = StepTimes()
        arguments = self._arguments(folder, len(train), learning_rate, steps)
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
        # in bf16 the trainer leaves its arithmetic in the model's forward pass: what follows is asked in fp32
        trainer.accelerator.unwrap_model(self._classifier, keep_fp32_wrapper=False)
        return trainer, times.seconds, total

    def quality(self) -> tuple[Quality, np.ndarray]:
        """How well the test texts are classified, and the class that each was given."""
        test = to_classify(self._splits["test"], self._weights, self._suite.eval_batch_size)
        begun = time.perf_counter()
        found = self._probabilities(test["text"][:])
        return quality(found, test["label"][:], time.perf_counter() - begun), found.argmax(axis=1)

    def bf16_is_native(self) -> bool:
        """Whether the CPU computes in bf16 itself."""
        return bf16_is_native("cpu")

    def export(
        self, runtime: RuntimeName, precision: Precision, exported: Path, artefact: Path
    ) -> tuple[Path, list[str]]:
        """Convert the model for another runtime.

        Args:
            runtime: onnxruntime or openvino.
            precision: fp32 or int8.
            exported: folder that takes what is measured and then thrown away.
            artefact: the saved folder, which takes the int8 file of ONNX Runtime.

        Returns:
            The folder that this runtime serves from, and its files, as paths inside it.
        """
        from compactbench.runtimes import onnx_export as export  # seconds to import, and only the exports need it

        if not (exported / export.file_name("fp32")).is_file():
            export.export_fp32(self._classifier, self._tokenizer, exported)
        if runtime == "openvino":
            from compactbench.runtimes.export_openvino import convert

            return exported, convert(exported, precision, self._train["text"][:], self._suite.max_length)
        if precision == "fp32":
            return exported, export.files("fp32")
        export.quantize(exported, artefact)
        return artefact, export.files("int8")

    def _tokenize(self, rows: dict[str, list[Any]]) -> dict[str, Any]:
        longest, limit = self._procedure.padding == "longest", self._suite.max_length
        found = self._tokenizer(rows["text"], truncation=True, max_length=limit, padding=longest)
        # tokenizers written in Python do not tell what they cut: there a text of the full length counts
        cut = (
            [bool(one.overflowing) for one in found.encodings]
            if found.is_fast
            else [len(ids) >= limit for ids in found["input_ids"]]
        )
        return {**found, "cut": cut}

    def _probabilities(self, texts: list[str]) -> np.ndarray:
        classifier = Classifier(self._classifier, self._tokenizer, self._device, self._suite.max_length)
        return probabilities(classifier, texts, self._suite.eval_batch_size)

    def _tokenized(self, rows: Dataset) -> Dataset:
        whole = None if self._procedure.padding == "longest" else 1000  # one batch: its longest text is the split's
        return rows.map(self._tokenize, batched=True, batch_size=whole, remove_columns="text")

    def _arguments(self, folder: str, rows: int, learning_rate: float, steps: int | None) -> TrainingArguments:
        suite, how = self._suite, self._procedure
        whole = -(-rows // suite.batch_size) * suite.epochs
        if steps is None:
            steps = suite.random_weights_steps if self._weights == "random" else suite.max_steps or round(whole)
        return TrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=suite.batch_size,
            learning_rate=learning_rate,
            warmup_steps=suite.warmup_steps,
            weight_decay=suite.weight_decay,
            optim=how.optimizer,
            train_sampling_strategy="group_by_length" if how.group_by_length else "random",
            bf16=how.precision == "bf16",
            tf32=how.tf32 if self._device == "cuda" else None,
            torch_compile=how.compiled,
            seed=self._seed,
            use_cpu=self._device == "cpu",
            dataloader_pin_memory=how.pin_memory,
            logging_steps=max(1, steps // POINTS_OF_CURVE),
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )

    def _measured(self, trainer: Trainer, seconds: list[float], total: float, train: Dataset) -> Finetune:
        suite, state, rows = self._suite, trainer.state, len(train)
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
            learning_rate=trainer.args.learning_rate,
            procedure=self._procedure.model_copy(update={"attention": self.attention}),
            cut=sum(train["cut"][:]),
            loss_curve=curve,
            step_s=seconds,
            baseline_ram_mb=self._baseline_mb,
            peak_ram_mb=peak_resident_mb() - self._baseline_mb,
            gpu=gpu_memory(self._device),
        )


def epoch_time(total_s: float, samples: int, rows: int, step_s: float, batch_size: int) -> float:
    """Time of one pass over `rows` texts, in s: measured when there was one, else steps per pass times `step_s`."""
    return total_s * rows / samples if samples >= rows else step_s * -(-rows // batch_size)
