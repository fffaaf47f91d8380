"""Fresh processes in which the model of a run learns: once, with several learning rates, and from further seeds."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compactbench import classifiers
from compactbench.benchmark.plan import RunPlan
from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.benchmark.training import Train, taken
from compactbench.classifiers import Classifier, Task
from compactbench.data.load import load
from compactbench.instruments.throughput import out_of_memory
from compactbench.record import Conditions, Data, MemoryPoint, Repeat, Trial

ENOUGH_S = 3.0
"""The search for what fits into memory ends with the first batch size that takes longer,"""
LEAST_POINTS = 3
"""but not before there are so many: two for a line, and one to hold it against."""


def best_rate(trials: list[Trial], data: Data) -> float:
    """The learning rate of the best trial: by the measure that decides between models, and where that ties by loss."""

    def judged(trial: Trial) -> tuple[float, float]:
        return (trial.macro_f1 or 0.0) if data.unbalanced else trial.accuracy, -trial.loss

    return max(trials, key=judged).learning_rate


@dataclass(frozen=True)
class Learning:
    """How the model of one run learns.

    Args:
        plan: the run.
        conditions: the device, the threads and the seed of the run's own fine-tune.
        data: the description of the run's own split.
        splits: its folder.
        log: takes what the processes print.
    """

    plan: RunPlan
    conditions: Conditions
    data: Data
    splits: Path
    log: Path

    def process(self) -> FreshProcess[[Task], Classifier]:
        """A fresh process, without a task yet."""
        kind: Callable[[Task], Classifier] = classifiers.of_model(self.plan.model)
        return FreshProcess(kind, self.log, limit_min=self.plan.suite.answer_limit_min)

    def task(self) -> Task:
        """What the run's own fine-tune is to learn."""
        return self._task(self.conditions.seed, None, self.data, self.splits)

    def trial(self, learning_rate: float, train: Train) -> Trial:
        """Learn by `train` from a part of the training texts, and classify the rest."""
        with self.process().create(self.task()) as trainer:
            return trainer.call(Classifier.trial, learning_rate, taken(train))

    def memory_points(self, learning_rate: float, train: Train) -> list[MemoryPoint]:
        """Peak memory of learning by `train`, the batch doubled up to the suite's cap, or until memory runs out.

        Raises:
            ProcessError: the process ended for another reason.
        """
        suite, points, took_s, batch_size = self.plan.suite, list[MemoryPoint](), 0.0, 1
        cap = suite.batch_cap_gpu if self.conditions.device == "cuda" else suite.batch_cap_cpu
        if cap < 2 ** (LEAST_POINTS - 1):
            return points
        try:
            with self.process().create(self.task()) as trainer:
                while batch_size <= cap and (took_s < ENOUGH_S or len(points) < LEAST_POINTS):
                    begun = time.perf_counter()
                    points.append(trainer.call(Classifier.memory_point, batch_size, learning_rate, taken(train)))
                    took_s, batch_size = time.perf_counter() - begun, 2 * batch_size
        except ProcessError as error:
            if not out_of_memory(error):
                raise
        return points

    def repeat(self, seed: int, labels: int | None, learning_rate: float | None, train: Train) -> Repeat:
        """The fine-tune once more by `train`, on the split of `seed`, or with so many labels of the own one.

        Raises:
            ValueError: the texts are no longer those that the run began with.
        """
        data, splits = self.data, self.splits
        with tempfile.TemporaryDirectory(prefix="compactbench-") as folder:
            if labels is None:
                rows, data = load(self.plan.suite, seed)
                if data.source != self.data.source:
                    raise ValueError("the data set changed while it was used: run it again")
                splits = Path(folder, "splits")
                rows.save_to_disk(splits)
            with self.process().create(self._task(seed, labels, data, splits)) as trainer:
                trainer.call(Classifier.build)
                finetune = trainer.call(Classifier.finetune, Path(folder, "model"), learning_rate, taken(train))
                quality, _ = trainer.call(Classifier.quality)
        return Repeat(
            seed=seed,
            labels=sum(data.train_counts) if labels is None else labels,
            time_s=finetune.time_s,
            split=data.fingerprint,
            true=None if data.fingerprint == self.data.fingerprint else data.test_labels,
            **quality.model_dump(include={"accuracy", "accuracy_interval", "macro_f1", "predicted"}),
        )

    def _task(self, seed: int, labels: int | None, data: Data, splits: Path) -> Task:
        where = (splits, self.conditions.device, self.conditions.threads)
        return Task(self.plan.model, self.plan.weights, self.plan.suite, data, *where, seed, labels, self.splits.parent)
