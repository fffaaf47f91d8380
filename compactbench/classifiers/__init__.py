"""What learns to classify: one file per kind of classifier, which declares itself.

A file is called as its kind and holds `CLASSIFIER`, a class derived from `Classifier`. An object of it lives in a fresh
process of its own, learns once, and is then asked for quality and exports.
"""

import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from datasets import load_from_disk

from compactbench import record, registry
from compactbench.data.load import fewer, to_classify
from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.processor import Processor
from compactbench.instruments.quality import quality
from compactbench.instruments.session import Predictor, in_batches
from compactbench.record import Data, Finetune, MemoryPoint, Parameters, Precision, Quality, Trial, Weights
from compactbench.settings import Model, SettingsError, Suite
from compactbench.sources.availability import encoder_weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class TrainingFunction:
    """The training function of a notebook, to be called in another process.

    Args:
        pickled: the function by value, as cloudpickle writes it.
        code: its source.
        edited: whether it differs from the template's.
    """

    pickled: bytes
    code: str
    edited: bool


@dataclass(frozen=True)
class Task:
    """What a classifier is to learn.

    Args:
        model: who it is.
        weights: what it starts from.
        suite: how it learns.
        data: the data set's description.
        splits: folder of the data set, as `DatasetDict.save_to_disk` wrote it.
        device: cpu or cuda.
        threads: threads it may use.
        seed: of the new head, of random weights and of the order of batches.
        labels: how many training texts to learn from; None: all.
        shared: folder for what no text and no seed decides, which the next fine-tune of the same run finds there.
    """

    model: Model
    weights: Weights
    suite: Suite
    data: Data
    splits: Path
    device: record.Device
    threads: int
    seed: int
    labels: int | None = None
    shared: Path | None = None


class Built(NamedTuple):
    """A classifier before it learns: its parameters, and the commit and the SHA-256 of its weights."""

    parameters: Parameters
    revision: str | None
    weights_sha256: str | None


class Classifier(ABC):
    """One model while it learns.

    Args:
        task: what it is to learn.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    """What a legend calls such models."""
    encoder: ClassVar[bool] = True
    """Whether it has an encoder, which starts from pre-trained or random weights."""
    fine_tuned: ClassVar[bool] = True
    """Whether the encoder learns, too."""
    trainer: ClassVar[bool] = False
    """Whether it learns by the training function of the notebook, with a learning rate."""
    runtime: ClassVar[str] = "torch"
    """The runtime that it is trained in."""
    format: ClassVar[str] = "transformers"
    """The format of the saved model, which a runtime may be able to read."""
    network: ClassVar[str] = "transformers:AutoModelForSequenceClassification"
    """Class that builds the saved network by its `from_pretrained`, as `module:Class`; for those that torch loads."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.baseline_mb = resident_mb()
        splits = load_from_disk(str(task.splits))
        self.train, self._test = fewer(splits["train"], task.labels, task.suite.seed), splits["test"]

    @classmethod
    def described(cls) -> record.Classifier:
        """What the record says of the kind."""
        return record.Classifier(
            kind=cls.kind, label=cls.label, fine_tuned=cls.fine_tuned and cls.encoder, baseline=not cls.encoder
        )

    @classmethod
    def network_of(cls, whole: "PreTrainedModel") -> "PreTrainedModel":
        """What learns, of a transformer with a classification head."""
        return whole

    @abstractmethod
    def build(self) -> Built:
        """Count what there is to learn."""

    @abstractmethod
    def finetune(self, folder: Path, learning_rate: float | None, train: TrainingFunction) -> Finetune:
        """Learn from the training texts, and save the artefact to `folder`; by `train` where the kind has a trainer."""

    @abstractmethod
    def predictor(self) -> Predictor:
        """The classifier as it is, to answer in this process."""

    def trial(self, learning_rate: float, train: TrainingFunction) -> Trial:
        """Learn from a part of the training texts by `train`, and classify the rest of them."""
        raise NotImplementedError(f"{self.kind} has no learning rate")

    def memory_point(self, batch_size: int, learning_rate: float, train: TrainingFunction) -> MemoryPoint:
        """Peak memory of learning by `train` from texts of full length; a peak never falls: ask in ascending order."""
        raise NotImplementedError(f"{self.kind} has no batches")

    def export(self, runtime: str, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """Convert the saved model for a runtime: see `Runtime.export`."""
        raise NotImplementedError(f"{self.kind} is not exported")

    def fitted(
        self,
        time_s: float,
        energy_j: float | None,
        iterations: int,
        processor: Processor,
        arguments: dict[str, Any],
    ) -> Finetune:
        """What the record says of one fit of all training texts without a trainer, by `arguments`."""
        samples = len(self.train)
        return Finetune(
            time_s=time_s,
            steps=iterations,
            samples=samples,
            epochs=1.0,
            epoch_time_s=time_s,
            epoch_derived=False,
            samples_per_s=samples / time_s,
            batch_size=None,
            learning_rate=None,
            procedure=None,
            arguments=arguments,
            code=None,
            edited=False,
            cut=None,
            loss_curve=[],
            step_s=[],
            baseline_ram_mb=self.baseline_mb,
            peak_ram_mb=peak_resident_mb() - self.baseline_mb,
            gpu=processor.memory(),
            gpu_state=processor.state(),
            energy_j=energy_j,
        )

    def quality(self) -> tuple[Quality, np.ndarray]:
        """How well the test texts are classified, and the probabilities of each, shape (texts, classes)."""
        test = to_classify(self._test, self.task.weights, self.task.suite.eval_batch_size)
        begun = time.perf_counter()
        found = self.probabilities(test["text"][:])
        return quality(found, test["label"][:], time.perf_counter() - begun), found

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of many texts, shape (texts, classes)."""
        return in_batches(self.predictor(), texts, self.task.suite.eval_batch_size)


def names() -> list[str]:
    """The kinds of classifiers that there are."""
    return registry.names(sys.modules[__name__])


def get(kind: str) -> type[Classifier]:
    """The class of the kind `kind`."""
    found: type[Classifier] = registry.module(sys.modules[__name__], kind).CLASSIFIER
    return found


def of_model(model: Model) -> type[Classifier]:
    """The kind of classifier that `model` is.

    Raises:
        SettingsError: there is no such kind, or it takes no weights and the model's file names some.
    """
    registry.check(sys.modules[__name__], model.kind, f"{model.where}: key `kind`")
    kind = get(model.kind)
    if not kind.encoder and (model.package or model.path or model.architecture or model.keep_layers):
        raise SettingsError(f"{model.where}: key `kind`: got {model.kind!r} with weights; this kind takes none.")
    return kind


def decide_weights(model: Model, suite: Suite) -> Weights:
    """What a run of `model` in `suite` starts from.

    Raises:
        SettingsError: it cannot be had.
    """
    return encoder_weights(model, suite) if of_model(model).encoder else "none"
