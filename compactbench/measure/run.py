"""One run: the stages in their order, each in a process of its own, and the record they leave.

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

from compactbench import ROOT, record
from compactbench.measure import card
from compactbench.measure.availability import decide_weights
from compactbench.measure.conditions import conditions, cores, default_machine
from compactbench.measure.data import load
from compactbench.measure.fingerprint import fingerprint
from compactbench.measure.process import SERVER, FreshProcess
from compactbench.measure.reference import reference_ms
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
)
from compactbench.settings import RunSettings, from_parameters, notebook_parameters

STAGES = ["data", "model", "finetune", "quality", "repeats", "memory", "size", "latency", "throughput"]
TRAINEES = {"transformer": "compactbench.measure.finetune:Trainee", "tfidf": "compactbench.measure.tfidf:Trainee"}
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
        self._parts: dict[str, Any] = {}
        self._reference: list[ReferenceSamples] = []
        self._seconds: dict[str, float] = {}
        self._clear()
        self._trainee = FreshProcess(TRAINEES[self.model.kind], self._log)
        self._memory_server = FreshProcess(SERVER, self._log)
        self._timing_libraries = FreshProcess(SERVER, self._log, forked=True)

    def data(self) -> Data:
        """The data set as this run uses it."""
        with self._stage("data"):
            self._splits.save_to_disk(self._scratch.name)
        return self.data_facts

    def size(self) -> Parameters:
        """Build the classifier and count its parameters."""
        with self._stage("model"):
            for process in (self._trainee, self._memory_server, self._timing_libraries):
                process.ready()  # nothing may load beside a measurement
            self._timing_libraries.close()
            self._trainee.create(*self._lesson(self.suite.seeds[0]))
            found = self._trainee.call("build")
            self._parts["size"], self._parts["revision"], self._parts["weights_sha256"] = found
        return self._parts["size"]

    def finetune(self) -> Finetune:
        """Fine-tune in a fresh process and save the artefact."""
        with self._stage("finetune"), self._watched("finetune"):
            self._parts["finetune"] = self._trainee.call("finetune", self.artefact_folder)
        return self._parts["finetune"]

    def quality(self) -> Quality:
        """Classify the test texts."""
        with self._stage("quality"):
            self._parts["quality"] = self._trainee.call("quality")
            self._trainee.close()
        return self._parts["quality"]

    def repeats(self) -> list[Repeat]:
        """The fine-tune from the suite's further seeds and with fewer labels; none with random weights."""
        lessons = [(seed, None) for seed in self.suite.seeds[1:]]
        lessons += [(seed, count) for count in self.suite.label_counts for seed in self.suite.seeds]
        with self._stage("repeats"):
            self._parts["repeats"] = [] if self.weights == "random" else [self._repeat(*lesson) for lesson in lessons]
        return self._parts["repeats"]

    def inference_memory(self) -> Memory:
        """Peak memory of classifying one batch of the longest test texts, in a fresh process."""
        with self._stage("memory"):
            longest = sorted(self._splits["test"]["text"], key=len)[-self.suite.eval_batch_size :]
            with self._memory_server as server:
                server.create(self.artefact_folder, self.conditions.device, self.suite.max_length)
                self._parts["inference_memory"] = server.call("memory", longest)
        return self._parts["inference_memory"]

    def artefact(self) -> Artefact:
        """Size of the saved folder, file by file."""
        with self._stage("size"):
            files = {file.name: file.stat().st_size for file in sorted(self.artefact_folder.iterdir())}
            holders = [name for name in files if name.endswith((".safetensors", ".joblib"))]
            self._parts["artefact"] = Artefact(files=files, weights_files=holders)
        return self._parts["artefact"]

    def latency(self) -> tuple[list[LatencySamples], list[LengthSamples]]:
        """Time of one sentence at a time: the fixed sentence on every route, and real texts on the CPU with all cores.

        Each process serves one route. The routes take turns, so that a drift of the machine meets all of them alike.
        """
        suite, threads = self.suite, self.conditions.threads
        texts = self._sample(suite.length_samples)
        fixed, real = [], []
        with self._stage("latency"):
            for process in range(suite.processes):
                for device, count, precision in self._routes():
                    with self._watched("latency"), self._server(device, process, precision) as server:
                        fixed.append(server.call("latency", suite.sentence, suite.latency_calls, count))
                        if (device, count) == ("cpu", threads):
                            real.append(server.call("latency_by_length", texts, threads))
        self._parts["latency"], self._parts["latency_by_length"] = fixed, real
        return fixed, real

    def throughput(self) -> Throughput:
        """Sentences per second against batch size in one fresh process, and at the best size in further ones."""
        with self._stage("throughput"):
            self._parts["throughput"] = self._throughput("fp32")
            on_gpu = self.conditions.device == "cuda" and self.model.kind == "transformer"
            self._parts["throughput_bf16"] = self._throughput("bf16") if on_gpu else None
        return self._parts["throughput"]

    def finish(self) -> Record:
        """Write the record; only now the run counts as done."""
        finished = Record(
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
            data=self.data_facts,
            reference=self._reference,
            stage_seconds=self._seconds,
            **self._parts,
        )
        record.write(finished, self.path)
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
        where = (Path(self._scratch.name), self.conditions.device, self.conditions.threads)
        return (self.model, self.weights, self.suite, self.data_facts, *where, seed, labels)

    def _repeat(self, seed: int, labels: int | None) -> Repeat:
        with (
            tempfile.TemporaryDirectory(prefix="compactbench-") as folder,
            FreshProcess(TRAINEES[self.model.kind], self._log).create(*self._lesson(seed, labels)) as trainee,
        ):
            trainee.call("build")
            finetune, quality = trainee.call("finetune", Path(folder)), trainee.call("quality")
        return Repeat(
            seed=seed,
            labels=sum(self.data_facts.train_counts) if labels is None else labels,
            time_s=finetune.time_s,
            **quality.model_dump(include={"accuracy", "accuracy_interval", "macro_f1"}),
        )

    def _routes(self) -> list[tuple[str, int, str]]:
        """Every way to answer one sentence: device, threads, precision."""
        threads = self.conditions.threads
        routes = [("cpu", threads, "fp32")] + ([("cpu", 1, "fp32")] if threads > 1 else [])
        if self.conditions.device == "cuda" and self.model.kind == "transformer":
            routes += [("cuda", threads, "fp32"), ("cuda", threads, "bf16")]
        return routes

    def _throughput(self, precision: str) -> Throughput:
        device, suite, threads = self.conditions.device, self.suite, self.conditions.threads
        cap = suite.batch_cap_gpu if device == "cuda" else suite.batch_cap_cpu
        texts = self._sample(cap)
        with self._watched("throughput"), self._server(device, 0, precision) as server:
            found: Throughput = server.call("throughput", texts, cap, threads)
        best = max(found.points, key=lambda point: point.sentences_per_s).batch_size
        again = []
        for process in range(1, suite.processes):
            with self._watched("throughput"), self._server(device, process, precision) as server:
                again.append(server.call("batches", texts, best, threads))
        return found.model_copy(update={"again": again})

    def _server(self, device: str, process: int, precision: str) -> FreshProcess:
        given = (self.artefact_folder, device, self.suite.max_length, process, precision)
        return FreshProcess(SERVER, self._log, forked=True).create(*given)

    def _sample(self, count: int) -> list[str]:
        """`count` test texts drawn at random, the same for every contender; all of them where there are fewer."""
        texts = list(self._splits["test"]["text"])
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
            self._leave(name, " ".join(f"{type(error).__name__}: {error}".split()))
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
        record.write(failed, self._failed_path)

    def _say(self, what: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")


def start(namespace: dict[str, Any]) -> Run:
    """A run with the parameters that stand in a notebook's `namespace`, before the notebook defines anything else.

    Raises:
        SettingsError: a parameter cannot work; nothing was written.
    """
    return Run(from_parameters(notebook_parameters(namespace), default_machine()))
