"""The saved artefact at work: what a served classifier takes of time and memory. One process serves one route.

This module imports no runtime: `serve_torch`, `serve_onnx`, `serve_openvino` and `serve_sklearn` each bring theirs.
"""

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.throughput import measure, sweep
from compactbench.record import (
    Device,
    GpuMemory,
    LatencySamples,
    LengthSamples,
    Memory,
    Precision,
    Throughput,
    ThroughputPoint,
)

WARMUP_CALLS = 5


class Classifier(Protocol):
    """What turns texts into class probabilities."""

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""

    def tokenize(self, texts: list[str]) -> Any:
        """One batch as the model takes it."""

    def length(self, text: str) -> int:
        """Tokens of `text` as the model sees it."""


class Server(ABC):
    """The artefact in `folder`, loaded in this process.

    Args:
        folder: the artefact.
        precision: numeric format of weights or arithmetic.
        device: cpu or cuda.
        threads: threads to use on the CPU.
        max_length: tokens; longer texts are cut.
        process: number of this fresh process, kept with its samples.
    """

    def __init__(
        self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int, process: int = 0
    ) -> None:
        self._precision, self._device, self._threads, self._process = precision, device, threads, process
        self._baseline_mb = resident_mb()
        self._classify = self.load(folder, precision, device, threads, max_length)

    @abstractmethod
    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`."""

    def gpu_memory(self) -> GpuMemory | None:
        """Peaks of this process on the GPU; None on a CPU."""
        return None

    def memory(self, texts: list[str]) -> Memory:
        """Peak memory of classifying `texts` as one batch."""
        self._classify(texts)
        return Memory(
            batch_size=len(texts),
            baseline_ram_mb=self._baseline_mb,
            peak_ram_mb=peak_resident_mb() - self._baseline_mb,
            gpu=self.gpu_memory(),
        )

    def probabilities(self, texts: list[str], batch_size: int) -> np.ndarray:
        """Class probabilities of many texts, shape (texts, classes)."""
        return probabilities(self._classify, texts, batch_size)

    def latency(self, sentence: str, calls: int) -> LatencySamples:
        """Time of `calls` calls with `sentence`, one after the other, after a few to warm up."""
        for _ in range(WARMUP_CALLS):
            self._classify([sentence])
        return LatencySamples(
            device=self._device,
            precision=self._precision,
            threads=self._threads,
            process=self._process,
            warmup_calls=WARMUP_CALLS,
            samples_ms=[timed_ms(self._classify, [sentence]) for _ in range(calls)],
            tokenizer_ms=[timed_ms(self._classify.tokenize, [sentence]) for _ in range(calls)],
        )

    def latency_by_length(self, texts: list[str]) -> LengthSamples:
        """Time of one call with each of `texts`, in a process that has answered before and is warm."""
        return LengthSamples(
            device=self._device,
            process=self._process,
            tokens=[self._classify.length(text) for text in texts],
            samples_ms=[timed_ms(self._classify, [text]) for text in texts],
        )

    def throughput(self, texts: list[str], cap: int) -> Throughput:
        """Batches of `texts`, repeated where a batch needs more of them, doubling up to `cap`."""
        return sweep(self._one_batch(texts), self._device, self._precision, cap)

    def batches(self, texts: list[str], size: int) -> ThroughputPoint:
        """Batches of `size` of the `texts`, and of no other size."""
        return measure(self._one_batch(texts), size)

    def _one_batch(self, texts: list[str]) -> Callable[[int], None]:
        return lambda size: self._classify(list(itertools.islice(itertools.cycle(texts), size)))


def probabilities(classify: Classifier, texts: list[str], batch_size: int) -> np.ndarray:
    """Class probabilities of many texts, shape (texts, classes), batched by length so that little is padded."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    found = np.concatenate([classify([texts[row] for row in batch]) for batch in batches])
    return found[np.argsort(order)]


def timed_ms(call: Any, argument: Any) -> float:
    """Time of `call(argument)` in ms."""
    begun = time.perf_counter()
    call(argument)
    return (time.perf_counter() - begun) * 1e3
