"""One run: the stages in their order, each in processes of its own, and the record they leave.

The template notebook calls the stages one by one and shows what each returns.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from compactbench import ROOT, classifiers, runtimes
from compactbench.benchmark.capacity import refuse_if_short
from compactbench.benchmark.fingerprint import fingerprint, refuse_changed
from compactbench.benchmark.journal import Journal
from compactbench.benchmark.learning import Learning, best_rate
from compactbench.benchmark.plan import plan
from compactbench.benchmark.process import FreshProcess
from compactbench.benchmark.runtimes import SESSIONS, Bench, Measured, allowed_to_fail
from compactbench.benchmark.sweep import join, leave
from compactbench.benchmark.training import Train, taken
from compactbench.classifiers import Built, Classifier
from compactbench.data.load import load, to_classify
from compactbench.data.readers import of_suite
from compactbench.instruments import gpu
from compactbench.instruments.machine import conditions
from compactbench.instruments.mistakes import mistakes
from compactbench.instruments.quality import kept
from compactbench.instruments.throughput import spread
from compactbench.record import (
    Artefact,
    Data,
    Finetune,
    Memory,
    MemoryPoint,
    Parameters,
    Quality,
    Record,
    Repeat,
    RuntimeResult,
    Throughput,
    Trial,
    joined,
)
from compactbench.record import file as record_file
from compactbench.runtimes import Setup, saved_files

STAGES = [
    "data",
    "parameters",
    "tuning",
    "finetune",
    "quality",
    "export",
    "first_session",
    "fit",
    "repeats",
    "memory",
    "artefact",
    "latency",
    "throughput",
]
"""Each is a method of `Run`; what it measures bears its name in the record."""


class Run:
    """A run of one model, checked and not yet begun; the stages are to be called in their order.

    Args:
        model: name of a file in params/models/.
        given: what else the run is asked: see `plan`.

    Raises:
        SettingsError: the run cannot work, or another one is at work in this folder; nothing was written.
    """

    def __init__(self, model: str, **given: Any) -> None:
        self.plan = plan(model, **given)
        self.classifier = classifiers.of_model(self.plan.model)
        self._splits, self._data = load(self.plan.suite)
        self.conditions = conditions(self.plan.suite.seeds[0], runtimes.installed(self.classifier.runtime).precisions)
        if self.conditions.device == "cuda":
            gpu.claim()
        self.fingerprint = fingerprint(self.plan.model, self.plan.suite, self.plan.weights, self._data.source)
        join("measuring a model")
        self.artefact_folder = ROOT / "models" / self.plan.suite.suite / self.plan.machine / self.plan.model.model
        self._journal = Journal(STAGES, self.plan.model, self.plan.suite, self.plan.machine, self.plan.record)
        self._scratch = tempfile.TemporaryDirectory(prefix="compactbench-")
        self._learning = Learning(
            self.plan, self.conditions, self._data, self._scratch_path("splits"), self._journal.log
        )
        self.learning_rate = self.plan.suite.learning_rate if self.classifier.trainer else None
        self._runtimes = [
            Measured(setup, self.artefact_folder, trained=True)
            for setup in self._setups([self.classifier.runtime])
            if setup.precision == "fp32"
        ]
        self._runtimes.sort(key=lambda measured: measured.setup.device != self.conditions.device)
        test = to_classify(self._splits["test"], self.plan.weights, self.plan.suite.eval_batch_size)
        self._bench = Bench(self.plan.suite, test["text"][:], test["label"][:], self._journal)

    def data(self) -> Data:
        """The data set as this run uses it; what an earlier start of the same run left is cleared."""
        self._journal.begin()
        with self._journal.stage("data"):
            refuse_if_short(self.plan.suite.suite, self.plan.model.model)
            record_file.remove(self.plan.record)
            shutil.rmtree(self.artefact_folder, ignore_errors=True)
            self._trainer = self._learning.process()
            how = (True, type(self._runtimes[0].runtime).__module__, self.plan.suite.answer_limit_min)
            self._libraries = FreshProcess(runtimes.open_session, self._journal.log, *how)
            self._splits.save_to_disk(self._scratch_path("splits"))
        return self._data

    def parameters(self) -> Parameters:
        """Build the classifier and count its parameters."""
        with self._journal.stage("parameters"):
            for process in (self._trainer, self._libraries):
                process.ready()  # nothing may load beside a measurement
            self._libraries.close()
            self._trainer.create(self._learning.task())
            self._built: Built = self._trainer.call(Classifier.build)
        return self._built.parameters

    def tuning(self, train: Train) -> list[Trial]:
        """Try the suite's learning rates with `train`, and take the best.

        Random weights have nothing to learn, and some kinds of classifiers have no learning rate: they try none.
        """
        with self._journal.stage("tuning"):
            able = self.classifier.trainer and self.plan.weights == "pretrained"
            self._trials = [self._learning.trial(rate, train) for rate in self.plan.suite.learning_rates if able]
        if self._trials:
            self.learning_rate = best_rate(self._trials, self._data)
        return self._trials

    def finetune(self, train: Train) -> Finetune:
        """Fine-tune with `train` in a fresh process, and save the artefact."""
        with self._journal.stage("finetune"), self._journal.watched("finetune"):
            given = (self.artefact_folder, self.learning_rate, taken(train))
            self._finetune = self._trainer.call(Classifier.finetune, *given)
        for measured in self._runtimes:
            measured.files = saved_files(self.artefact_folder)
        return self._finetune

    def quality(self) -> Quality:
        """Classify the test texts."""
        first = self._runtimes[0]
        with self._journal.stage("quality"):
            first.quality, found = self._trainer.call(Classifier.quality)
        self._probabilities = [joined(row) for row in kept(found)]
        known, shown = self.plan.weights != "random", of_suite(self.plan.suite).show_texts
        self.mistakes = mistakes(found, self._splits["test"], shown) if known else None
        return first.quality

    def export(self) -> list[RuntimeResult]:
        """Convert the fine-tuned model for every further runtime that the suite asks for."""
        suite = self.plan.suite
        asked = suite.random_weights_runtimes if self.plan.weights == "random" else suite.runtimes
        trained = {measured.setup for measured in self._runtimes}
        with self._journal.stage("export"):
            for setup in self._setups(asked):
                if setup not in trained:
                    measured = Measured(setup, self.artefact_folder, trained=False)
                    self._runtimes.append(measured)
                    with allowed_to_fail(measured):
                        where = (self._scratch_path("exported"), self.artefact_folder)
                        found = self._trainer.call(Classifier.export, setup.runtime, setup.precision, *where)
                        measured.folder, measured.files = found
            self._trainer.close()
        return self._results()[len(trained) :]

    def first_session(self) -> list[RuntimeResult]:
        """Half of the processes of `latency` and `throughput`: by the other the machine may be in another state."""
        with self._journal.stage("first_session"):
            self._time_calls(session=0)
            self._time_passes(session=0)
        return self._results()

    def fit(self, train: Train) -> list[MemoryPoint]:
        """Peak memory of the fine-tune with `train` against batch size; none without a trainer."""
        with self._journal.stage("fit"):
            rate = self.learning_rate
            self._memory_points = self._learning.memory_points(rate, train) if rate is not None else []
        return self._memory_points

    def repeats(self, train: Train) -> list[Repeat]:
        """The fine-tune with `train` from the suite's further seeds and with fewer labels; none with random weights."""
        asked = self.plan.suite.repeats if self.plan.weights != "random" else []
        with self._journal.stage("repeats"):
            self._repeats = [self._learning.repeat(*one, self.learning_rate, train) for one in asked]
            refuse_changed(self.plan.model, self.fingerprint)  # nothing after this reads its files
        return self._repeats

    def memory(self) -> Memory | None:
        """Time to the first answer and peak memory of classifying one batch of the longest test texts.

        Each runtime has a fresh interpreter; a further one then classifies the test texts again.
        """
        with self._journal.stage("memory"):
            longest = sorted(self._splits["test"]["text"][:], key=len)[-self.plan.suite.eval_batch_size :]
            for measured in self._first_and_further():
                self._bench.start(measured, longest)
        return self._runtimes[0].memory

    def artefact(self) -> Artefact | None:
        """Size of what is deployed, file by file."""
        with self._journal.stage("artefact"):
            for measured in self._first_and_further():
                self._bench.size(measured)
        return self._runtimes[0].artefact

    def latency(self) -> list[RuntimeResult]:
        """The second half of the processes that time one text at a time; those of the first session are pooled with it.

        The result is of the runtime that the model was trained in, on each device.
        """
        with self._journal.stage("latency"):
            self._time_calls(session=1)
        trained = sum(measured.trained for measured in self._runtimes)
        return self._results()[:trained]

    def throughput(self) -> Throughput | None:
        """The second half of the processes that time passes at the best batch size of the first session."""
        with self._journal.stage("throughput"):
            self._time_passes(session=1)
        return self._runtimes[0].throughput

    def record(self) -> Record:
        """All that was measured, written to its file; only now the run counts as done."""
        record = Record(
            suite=self.plan.suite.suite,
            machine=self.plan.machine,
            model=self.plan.model.model,
            title=self.plan.model.title,
            classifier=self.classifier.described(),
            model_name=self.plan.model.model_name,
            revision=self._built.revision,
            weights=self.plan.weights,
            weights_sha256=self._built.weights_sha256,
            started_at=self._journal.started_at,
            fingerprint=self.fingerprint,
            settings={
                "suite": self.plan.suite.model_dump(mode="json"),
                "model": self.plan.model.model_dump(mode="json", exclude_none=True),
            },
            conditions=self.conditions,
            data=self._data,
            parameters=self._built.parameters,
            tuning=self._trials,
            finetune=self._finetune,
            memory_points=self._memory_points,
            repeats=self._repeats,
            mistakes=self.mistakes,
            probabilities=self._probabilities,
            runtimes=self._results(),
            fixed_work=self._journal.fixed_work,
            load=self._journal.load,
            stage_seconds=self._journal.seconds,
        )
        record_file.write(record, self.plan.record)
        self._journal.finish()
        self._scratch.cleanup()
        leave()
        return record

    def _time_calls(self, session: int) -> None:
        """Each process times one runtime. They take turns, so that a drift of the machine meets all of them alike."""
        texts = self._sample(self.plan.suite.length_samples)
        for process in range(session, self.plan.suite.processes, SESSIONS):
            for measured in self._able():
                self._bench.latency(measured, process, texts)

    def _time_passes(self, session: int) -> None:
        suite = self.plan.suite
        caps = {"cpu": suite.batch_cap_cpu, "cuda": suite.batch_cap_gpu}
        for measured in self._first_and_further():
            cap = caps[measured.setup.device]
            self._bench.throughput(measured, session, self._sample(max(cap, suite.length_samples)), cap)

    def _setups(self, asked: list[str]) -> list[Setup]:
        kind, where = self.classifier, self.conditions
        return runtimes.setups(asked, kind.format, where.device, where.threads, kind.network)

    def _results(self) -> list[RuntimeResult]:
        return [measured.result(self._runtimes[0]) for measured in self._runtimes]

    def _able(self) -> list[Measured]:
        """The runtimes that did not fail yet."""
        return [measured for measured in self._runtimes if measured.error is None]

    def _first_and_further(self) -> list[Measured]:
        """Of those, the first, and all that the model was not trained in."""
        return [measured for measured in self._able() if measured is self._runtimes[0] or not measured.trained]

    def _scratch_path(self, name: str) -> Path:
        return Path(self._scratch.name) / name

    def _sample(self, count: int) -> list[str]:
        """`count` test texts, as long as all of them are and the same for every model."""
        return spread(self._splits["test"]["text"][:], count)
