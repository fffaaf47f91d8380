"""One saved model in every runtime: the runtimes take turns, each in fresh processes of its own."""

import contextlib
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from compactbench.benchmark.journal import Journal
from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.instruments.memory import WEIGHTS
from compactbench.instruments.quality import quality
from compactbench.instruments.session import Session
from compactbench.instruments.throughput import spread
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

MEMORY_PROCESSES = 3
SESSIONS = 2
"""The processes that time come in so many sessions apart: the machine is faster at one time than at another."""
FURTHER_PROCESSES = 4
"""Processes in which a further runtime is timed with real texts, and at its batch size: there are many runtimes."""
LENGTHS_S, LEAST_LENGTHS = 0.5, 20
"""Each process times real texts for so long, and so many at least: a slow model is timed with fewer than a fast one."""


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
        """Time to the first answer in a fresh interpreter, and peak memory of one batch of the `longest` texts there.

        The memory is taken in further processes too, and a further runtime classifies the test texts: a conversion may
        have changed the model.
        """
        with allowed_to_fail(measured):
            begun = time.perf_counter()
            with self._session(measured, forked=False) as session:
                session.call(Session.probabilities, [self._suite.sentence], 1)
                measured.load_time_s = time.perf_counter() - begun
                first = session.call(Session.memory, longest)
                if not measured.trained:
                    self._classify_again(measured, session)
            peaks = [first.peak_ram_mb]
            for process in range(1, min(MEMORY_PROCESSES, self._suite.processes)):
                with self._session(measured, process) as session:
                    peaks.append(session.call(Session.memory, longest).peak_ram_mb)
            measured.memory = first.model_copy(update={"peak_ram_mb": statistics.median(peaks), "peaks_ram_mb": peaks})

    def _classify_again(self, measured: Measured, session: FreshProcess[..., Session]) -> None:
        # dynamic quantization scales by all that is in a batch: alone, a text gets what a user gets for it
        alone = measured.setup.precision == "int8"
        begun = time.perf_counter()
        found = session.call(Session.probabilities, self._texts, 1 if alone else self._suite.eval_batch_size)
        measured.quality = quality(found, self._labels, time.perf_counter() - begun)
        if alone:
            measured.batched_otherwise = self._batched_otherwise(session, found.argmax(axis=1))

    def _batched_otherwise(self, session: FreshProcess[..., Session], alone: np.ndarray) -> int:
        """How many texts get another class than `alone` in batches as they come, of texts long and short."""
        size = self._suite.eval_batch_size
        batches = [self._texts[start : start + size] for start in range(0, len(self._texts), size)]
        found = np.concatenate([session.call(Session.probabilities, batch, size) for batch in batches])
        return int((found.argmax(axis=1) != alone).sum())

    def latency(self, measured: Measured, process: int, texts: list[str]) -> None:
        """One process's calls with the fixed sentence and, on the CPU, with its share of the `texts`.

        The runtime that the model was trained in is timed on one core too.
        """
        setup = measured.setup
        processes = self._suite.processes if measured.trained else min(self._suite.processes, FURTHER_PROCESSES)
        with_texts = setup.device == "cpu" and process < processes
        self._time(measured, process, setup.threads, texts if with_texts else [], processes)
        if measured.trained and setup.device == "cpu" and setup.threads > 1:
            self._time(measured, process, 1, [])

    def throughput(self, measured: Measured, session: int, texts: list[str], cap: int) -> None:
        """The search for the batch size in one process, and in this session's further ones passes of that size."""
        further = self._suite.processes if measured.trained else min(self._suite.processes, FURTHER_PROCESSES)
        with allowed_to_fail(measured):
            found = measured.throughput
            if found is None:
                with self._journal.watched("throughput"), self._session(measured) as searching:
                    found = searching.call(Session.throughput, texts, cap)
            again = list(found.again)
            for process in range(session, further, SESSIONS):
                with self._journal.watched("throughput"), self._session(measured, process + 1) as repeating:
                    given = (spread(texts, found.texts or 1), found.best.batch_size, process == 0)
                    again.append(repeating.call(Session.batches, *given))
            measured.throughput = found.model_copy(update={"again": again})

    def _time(self, measured: Measured, process: int, threads: int, texts: list[str], processes: int = 1) -> None:
        with (
            allowed_to_fail(measured),
            self._journal.watched("latency"),
            self._session(measured, process, threads=threads) as session,
        ):
            calls = session.call(Session.latency, self._suite.sentence, self._suite.latency_calls)
            measured.latency.append(calls)
            if texts:
                share = self._share(texts, process, processes, measured.latency[0])
                measured.latency_by_length.append(session.call(Session.latency_by_length, share))

    def _share(self, texts: list[str], process: int, processes: int, first: LatencySamples) -> list[str]:
        """The texts of one of so many processes, in no order; `first` tells how many of them it has time for."""
        affordable = int(LENGTHS_S * 1e3 / statistics.median(first.samples_ms))
        count = min(max(LEAST_LENGTHS, affordable), len(texts) // processes)
        share = spread(texts, count * processes)[process::processes] or texts[:1]
        return random.Random(self._suite.seed).sample(share, len(share))

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
