"""One run: the stages in their order, each in processes of its own, and the record they leave.

The template notebook calls the stages one by one and shows what each returns.
"""

import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compactbench import ROOT
from compactbench.record import file as record_file
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.benchmark.routes import SERVERS, further_routes, main_routes
from compactbench.benchmark.serving import Bench, Served, runtime
from compactbench.data.load import load, to_classify
from compactbench.errors import one_line
from compactbench.instruments import gpu as card
from compactbench.instruments.fixed_work import reference_ms
from compactbench.instruments.machine import conditions, cores, default_machine
from compactbench.parameters import from_parameters, notebook_parameters
from compactbench.record import (
    Artefact,
    Data,
    FailedRecord,
    Finetune,
    LatencySamples,
    LengthSamples,
    Memory,
    Parameters,
    Quality,
    Record,
    ReferenceSamples,
    Repeat,
    Throughput,
    Trial,
)
from compactbench.settings import RunSettings
from compactbench.sources.availability import decide_weights

STAGES = [
    "data",
    "model",
    "tuning",
    "finetune",
    "quality",
    "export",
    "repeats",
    "memory",
    "size",
    "latency",
    "throughput",
]
TRAINEES = {
    "transformer": "compactbench.classifiers.finetune:Trainee",
    "tfidf": "compactbench.classifiers.tfidf:Trainee",
}
ENDED = "the run ended in this stage without a word (killed, or still going)"


class Run:
    """A run of one contender.

    Making it checks that the run can work, clears what an earlier start of the same run left, and lets the libraries of
    the later stages load side by side.

    Raises:
        SettingsError: the settings cannot work; nothing was written then.
    """

    def __init__(self, settings: RunSettings) -> None:
        self.model, self.suite, self.machine = settings.model, settings.suite, settings.machine
        self.weights = decide_weights(self.model, self.suite)
        self._splits, self.data_facts = load(self.suite)
        self.conditions = conditions(cores(), self.suite.seeds[0])
        if self.conditions.device == "cuda":
            card.refuse_if_shared()
        self.fingerprint = fingerprint(self.model, self.suite, self.weights)
        self.path = settings.record
        self._failed_path = self.path.with_suffix(".failed.json")
        self._log = self.path.with_suffix(".log")
        self.artefact_folder = ROOT / "models" / self.suite.suite / self.machine / self.model.model
        self._started_at = datetime.now(UTC)
        self._scratch = tempfile.TemporaryDirectory(prefix="compactbench-")
        self._scratch_folder = Path(self._scratch.name)
        self._parts: dict[str, Any] = {}
        self._reference: list[ReferenceSamples] = []
        self.learning_rate = self.suite.learning_rate
        self._seconds: dict[str, float] = {}
        self._main = [
            Served(route, self.artefact_folder)
            for route in main_routes(self.model, self.conditions.device, self.conditions.threads)
        ]
        self._home = next((served for served in self._main if served.route.device == "cuda"), self._main[0])
        self._further: list[Served] = []
        test = to_classify(self._splits["test"], self.weights, self.suite.eval_batch_size)
        self._bench = Bench(self.suite, test["text"][:], test["label"][:], self._log, self._watched)
        self._clear()
        self._trainee = FreshProcess(TRAINEES[self.model.kind], self._log)
        self._timing_libraries = FreshProcess(SERVERS["torch"], self._log, forked=True)

    def data(self) -> Data:
        """The data set as this run uses it."""
        with self._stage("data"):
            self._splits.save_to_disk(self._scratch_folder / "splits")
        return self.data_facts

    def size(self) -> Parameters:
        """Build the classifier and count its parameters."""
        with self._stage("model"):
            for process in (self._trainee, self._timing_libraries):
                process.ready()  # nothing may load beside a measurement
            self._timing_libraries.close()
            self._trainee.create(*self._lesson(self.suite.seeds[0]))
            found = self._trainee.call("build")
            self._parts["size"], self._parts["revision"], self._parts["weights_sha256"] = found
        return self._parts["size"]

    def tune(self) -> list[Trial]:
        """Try the suite's learning rates and take the best; no try with random weights, which have nothing to learn."""
        with self._stage("tuning"):
            rates = self.suite.learning_rates if self.weights == "pretrained" else []
            self._parts["tuning"] = trials = [self._trial(rate) for rate in rates]
        if trials:
            best = max(trials, key=lambda trial: (trial.accuracy, -trial.loss))
            self.learning_rate = best.learning_rate
        return trials

    def finetune(self) -> Finetune:
        """Fine-tune in a fresh process and save the artefact."""
        with self._stage("finetune"), self._watched("finetune"):
            self._parts["finetune"] = self._trainee.call("finetune", self.artefact_folder, self.learning_rate)
        saved = [file.name for file in self.artefact_folder.iterdir()]
        for served in self._main:
            served.files = saved
        return self._parts["finetune"]

    def quality(self) -> Quality:
        """Classify the test texts."""
        with self._stage("quality"):
            self._parts["quality"], self._predicted = self._trainee.call("quality")
        return self._parts["quality"]

    def export(self) -> list[Served]:
        """Convert the fine-tuned model for every further way to serve it that the suite asks for."""
        with self._stage("export"):
            bf16 = self.model.kind == "transformer" and self._trainee.call("bf16_is_native")
            where = (self.conditions.device, self.conditions.threads)
            suite = self.suite
            asked = suite.random_weights_runtimes if self.weights == "random" else suite.runtimes
            routes = further_routes(self.model, asked, *where, bf16)
            self._further = [Served(route, self.artefact_folder) for route in routes]
            for served in self._further:
                with self._allowed_to_fail(served):
                    self._export(served)
            self._trainee.close()
        return self._further

    def repeats(self) -> list[Repeat]:
        """The fine-tune from the suite's further seeds and with fewer labels; none with random weights."""
        lessons = [(seed, None) for seed in self.suite.seeds[1:]]
        lessons += [(seed, count) for count in self.suite.label_counts for seed in self.suite.seeds]
        with self._stage("repeats"):
            self._parts["repeats"] = [] if self.weights == "random" else [self._repeat(*lesson) for lesson in lessons]
        return self._parts["repeats"]

    def inference_memory(self) -> Memory:
        """Time to the first answer and peak memory of classifying one batch of the longest test texts.

        Each way to serve has a fresh interpreter; a further one then classifies the test texts again.
        """
        with self._stage("memory"):
            longest = sorted(self._splits["test"]["text"][:], key=len)[-self.suite.eval_batch_size :]
            for served in (self._home, *self._able()):
                with self._allowed_to_fail(served):
                    self._bench.start(served, longest, again=served is not self._home)
        return self._home.parts["inference_memory"]

    def artefact(self) -> Artefact:
        """Size of what is deployed, file by file."""
        with self._stage("size"):
            for served in (self._home, *self._able()):
                self._bench.size(served)
        return self._home.parts["artefact"]

    def latency(self) -> tuple[list[LatencySamples], list[LengthSamples]]:
        """Time of one sentence at a time: the fixed sentence by every way to serve, and real texts with all cores.

        Each process serves one way. The ways take turns, so that a drift of the machine meets all of them alike.
        """
        texts = self._sample(self.suite.length_samples)
        with self._stage("latency"):
            for process in range(self.suite.processes):
                for served in self._main:
                    whole = (served.route.device, served.route.threads) == ("cpu", self.conditions.threads)
                    self._bench.latency(served, process, texts if whole else None)
                for served in self._able():
                    with self._allowed_to_fail(served):
                        self._bench.latency(served, process, texts if process < 2 else None)  # ways are many
        for part in ("latency", "latency_by_length"):
            self._parts[part] = [samples for served in self._main for samples in served.parts[part]]
        return self._parts["latency"], self._parts["latency_by_length"]

    def throughput(self) -> Throughput:
        """Sentences per second against batch size in one fresh process, and at the best size in further ones."""
        suite = self.suite
        caps = {"cpu": suite.batch_cap_cpu, "cuda": suite.batch_cap_gpu}
        with self._stage("throughput"):
            for served in (self._home, *self._able()):
                cap = caps[served.route.device]
                repeats = suite.processes - 1 if served is self._home else 1
                with self._allowed_to_fail(served):
                    self._bench.throughput(served, self._sample(cap), cap, repeats)
        return self._home.parts["throughput"]

    def record(self) -> Record:
        """All that was measured; not written yet."""
        return Record(
            suite=self.suite.suite,
            machine=self.machine,
            model=self.model.model,
            title=self.model.title,
            model_name=self.model.model_name,
            weights=self.weights,
            started_at=self._started_at,
            fingerprint=self.fingerprint,
            settings={
                "suite": self.suite.model_dump(mode="json"),
                "model": self.model.model_dump(mode="json", exclude_none=True),
            },
            conditions=self.conditions,
            runtime=self._home.route.runtime,
            data=self.data_facts,
            runtimes=[runtime(served, self._predicted) for served in self._further],
            reference=self._reference,
            stage_seconds=self._seconds,
            **(self._home.parts | self._parts),
        )

    def finish(self) -> Record:
        """Write the record; only now the run counts as done."""
        finished = self.record()
        record_file.write(finished, self.path)
        self._failed_path.unlink()
        self._scratch.cleanup()
        return finished

    def _clear(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._log.write_bytes(b"")  # emptied, not removed: papermill may be writing to it already
        shutil.rmtree(self.artefact_folder, ignore_errors=True)

    def _lesson(self, seed: int, labels: int | None = None) -> tuple[Any, ...]:
        """What a trainee is made from."""
        where = (self._scratch_folder / "splits", self.conditions.device, self.conditions.threads)
        return (self.model, self.weights, self.suite, self.data_facts, *where, seed, labels)

    def _trial(self, learning_rate: float) -> Trial:
        with FreshProcess(TRAINEES[self.model.kind], self._log).create(*self._lesson(self.suite.seeds[0])) as trainee:
            return trainee.call("trial", learning_rate)

    def _repeat(self, seed: int, labels: int | None) -> Repeat:
        with (
            tempfile.TemporaryDirectory(prefix="compactbench-") as folder,
            FreshProcess(TRAINEES[self.model.kind], self._log).create(*self._lesson(seed, labels)) as trainee,
        ):
            trainee.call("build")
            finetune, (quality, _) = (
                trainee.call("finetune", Path(folder), self.learning_rate),
                trainee.call("quality"),
            )
        return Repeat(
            seed=seed,
            labels=sum(self.data_facts.train_counts) if labels is None else labels,
            time_s=finetune.time_s,
            **quality.model_dump(include={"accuracy", "accuracy_interval", "macro_f1"}),
        )

    def _export(self, served: Served) -> None:
        """Make what a further way reads: torch the saved folder, others files made from the model.

        The int8 file of ONNX Runtime becomes part of the artefact; all others are measured and thrown away.
        """
        route = served.route
        if route.runtime not in ("onnxruntime", "openvino"):
            served.files = self._home.files
            return
        where = (self._scratch_folder / "exported", self.artefact_folder)
        served.folder, served.files = self._trainee.call("export", route.runtime, route.precision, *where)

    @contextlib.contextmanager
    def _allowed_to_fail(self, served: Served) -> Iterator[None]:
        """Note the error of a further way to serve: it ends this way, not the run."""
        try:
            yield
        except ProcessError as error:
            if served not in self._further:
                raise
            served.error = str(error)

    def _able(self) -> list[Served]:
        """The further ways to serve that did not fail yet."""
        return [served for served in self._further if served.error is None]

    def _sample(self, count: int) -> list[str]:
        """`count` test texts drawn at random, the same for every contender; all of them where there are fewer."""
        texts = self._splits["test"]["text"][:]
        return random.Random(self.suite.seed).sample(texts, min(count, len(texts)))

    @contextlib.contextmanager
    def _watched(self, stage: str) -> Iterator[None]:
        """Time the fixed piece of work before and after a measurement."""
        self._reference.append(ReferenceSamples(stage=stage, samples_ms=reference_ms()))
        yield
        self._reference.append(ReferenceSamples(stage=stage, samples_ms=reference_ms()))

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Say that the stage begins, time it, and leave a failed record that only a finished run takes away."""
        self._say(f"stage {STAGES.index(name) + 1} of {len(STAGES)}: {name}")
        self._leave(name, ENDED)
        begun = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._leave(name, one_line(error))
            raise
        self._seconds[name] = time.perf_counter() - begun

    def _leave(self, stage: str, error: str) -> None:
        failed = FailedRecord(
            suite=self.suite.suite,
            machine=self.machine,
            model=self.model.model,
            title=self.model.title,
            model_name=self.model.model_name,
            started_at=self._started_at,
            stage=stage,
            error=error,
        )
        record_file.write(failed, self._failed_path)

    def _say(self, what: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")


def start(namespace: dict[str, Any]) -> Run:
    """A run with the parameters that stand in a notebook's `namespace`, before the notebook defines anything else.

    Raises:
        SettingsError: a parameter cannot work; nothing was written.
    """
    return Run(from_parameters(notebook_parameters(namespace), default_machine()))
