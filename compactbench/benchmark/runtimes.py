"""One saved model in every runtime: the runtimes take turns, each in fresh processes of its own."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from compactbench.benchmark.journal import Journal
from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.instruments.quality import quality
from compactbench.instruments.session import Session
from compactbench.record import (
    Artefact,
    LatencySamples,
    LengthSamples,
    Memory,
    Quality,
    RuntimeResult,
    Throughput,
    signs,
)
from compactbench.runtimes import Runtime, Setup, installed, open_session
from compactbench.settings import Suite

WEIGHTS = (".safetensors", ".onnx", ".joblib", ".bin")
"""Endings of files that hold weights."""
FURTHER_PROCESSES = 2
"""Processes in which a further runtime is timed with real texts and its throughput is measured: there are many."""


@dataclass
class Measured:
    """What is known of one runtime so far.

    Args:
        setup: the runtime as it is measured.
        folder: the model as this runtime reads it.
        trained: whether the model was trained in it; only another may fail without ending the run.
        files: the files that it reads, as paths inside the folder.
    """

    setup: Setup
    folder: Path
    trained: bool
    files: list[str] = field(default_factory=list)
    error: str | None = None
    artefact: Artefact | None = None
    load_time_s: float | None = None
    memory: Memory | None = None
    quality: Quality | None = None
    batched_otherwise: int | None = None
    latency: list[LatencySamples] = field(default_factory=list)
    latency_by_length: list[LengthSamples] = field(default_factory=list)
    throughput: Throughput | None = None

    @property
    def runtime(self) -> Runtime:
        """The runtime itself."""
        return installed(self.setup.runtime)

    def result(self, first: "Measured") -> RuntimeResult:
        """What the record keeps; a runtime that failed keeps its error alone.

        Args:
            first: the runtime whose answers the agreement is with.
        """
        setup, kept = self.setup, self if self.error is None else Measured(self.setup, self.folder, self.trained)
        agreement = None
        if self is not first and kept.quality and first.quality and kept.quality.predicted and first.quality.predicted:
            agreement = fmean(map(int, signs(first.quality.predicted, kept.quality.predicted)))
        return RuntimeResult(
            runtime=setup.runtime,
            label=f"{self.runtime.label} {setup.precision}",
            precision=setup.precision,
            device=setup.device,
            threads=setup.threads,
            artefact=kept.artefact,
            load_time_s=kept.load_time_s,
            memory=kept.memory,
            quality=kept.quality,
            agreement=agreement,
            batched_otherwise=kept.batched_otherwise,
            latency=kept.latency,
            latency_by_length=kept.latency_by_length,
            throughput=kept.throughput,
            error=self.error,
        )


class Bench:
    """Measures one saved model in one runtime after the other.

    Args:
        suite: how often, how long, with which sentence.
        texts: the test texts; after a conversion the first of them are classified again, as many as the suite says.
        labels: their classes.
        journal: takes the processes' output and the fixed work around each measurement.
    """

    def __init__(self, suite: Suite, texts: list[str], labels: list[int], journal: Journal) -> None:
        self._suite, self._journal = suite, journal
        self._texts, self._labels = texts[: suite.eval_rows], labels[: suite.eval_rows]

    def size(self, measured: Measured) -> None:
        """Size of the files that this runtime reads."""
        sizes = {name: (measured.folder / name).stat().st_size for name in sorted(measured.files)}
        measured.artefact = Artefact(files=sizes, weights_files=[name for name in sizes if name.endswith(WEIGHTS)])

    def start(self, measured: Measured, longest: list[str]) -> None:
        """Time to the first answer and peak memory of one batch of the `longest` texts, in one fresh interpreter.

        A further runtime classifies the test texts afterwards: a conversion may have changed the model.
        """
        suite = self._suite
        with allowed_to_fail(measured):
            begun = time.perf_counter()
            with self._session(measured, forked=False) as session:
                session.call(Session.probabilities, [suite.sentence], 1)
                measured.load_time_s = time.perf_counter() - begun
                measured.memory = session.call(Session.memory, longest)
                if measured.trained:
                    return
                # dynamic quantization scales by all that is in a batch: alone, a text gets what a user gets for it
                alone = measured.setup.precision == "int8"
                begun = time.perf_counter()
                found = session.call(Session.probabilities, self._texts, 1 if alone else suite.eval_batch_size)
                took = time.perf_counter() - begun
                if alone:
                    measured.batched_otherwise = self._batched_otherwise(session, found.argmax(axis=1))
            measured.quality = quality(found, self._labels, took)

    def _batched_otherwise(self, session: FreshProcess[..., Session], alone: np.ndarray) -> int:
        """How many texts get another class than `alone` in batches as they come, of texts long and short."""
        size = self._suite.eval_batch_size
        batches = [self._texts[start : start + size] for start in range(0, len(self._texts), size)]
        found = np.concatenate([session.call(Session.probabilities, batch, size) for batch in batches])
        return int((found.argmax(axis=1) != alone).sum())

    def latency(self, measured: Measured, process: int, texts: list[str]) -> None:
        """One process's calls with the fixed sentence and, on the CPU, with each of the `texts`.

        The runtime that the model was trained in is timed on one core too.
        """
        setup = measured.setup
        with_texts = setup.device == "cpu" and (measured.trained or process < FURTHER_PROCESSES)
        self._time(measured, process, setup.threads, texts if with_texts else [])
        if measured.trained and setup.device == "cpu" and setup.threads > 1:
            self._time(measured, process, 1, [])

    def throughput(self, measured: Measured, texts: list[str], cap: int) -> None:
        """Sentences per second against batch size in one process, and at the best size in further ones."""
        processes = self._suite.processes if measured.trained else FURTHER_PROCESSES
        with allowed_to_fail(measured):
            with self._journal.watched("throughput"), self._session(measured) as session:
                found = session.call(Session.throughput, texts, cap)
            best = max(found.points, key=lambda point: point.sentences_per_s).batch_size
            again = []
            for process in range(1, processes):
                with self._journal.watched("throughput"), self._session(measured, process) as session:
                    again.append(session.call(Session.batches, texts, best))
            measured.throughput = found.model_copy(update={"again": again})

    def _time(self, measured: Measured, process: int, threads: int, texts: list[str]) -> None:
        with (
            allowed_to_fail(measured),
            self._journal.watched("latency"),
            self._session(measured, process, threads=threads) as session,
        ):
            calls = session.call(Session.latency, self._suite.sentence, self._suite.latency_calls)
            measured.latency.append(calls)
            if texts:
                measured.latency_by_length.append(session.call(Session.latency_by_length, texts))

    def _session(
        self, measured: Measured, process: int = 0, forked: bool = True, threads: int | None = None
    ) -> FreshProcess[[Setup, Path, int, int], Session]:
        setup, runtime = measured.setup, measured.runtime
        how = (forked and runtime.forked, type(runtime).__module__, self._suite.answer_limit_min)
        fresh = FreshProcess(open_session, self._journal.log, *how)
        setup = replace(setup, threads=threads or setup.threads)
        return fresh.create(setup, measured.folder, self._suite.max_length, process)


@contextlib.contextmanager
def allowed_to_fail(measured: Measured) -> Iterator[None]:
    """Note the error of a further runtime: it ends this runtime, not the run."""
    try:
        yield
    except ProcessError as error:
        if measured.trained:
            raise
        measured.error = str(error)
