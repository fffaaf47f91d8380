"""A saved model, loaded once in a process of its own, and what its answers take of time and memory."""

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from compactbench.instruments.memory import library_mb, peak_resident_mb, resident_mb, untouched_weights_mb
from compactbench.instruments.processor import Processor
from compactbench.instruments.throughput import measure, sweep
from compactbench.record import LatencySamples, LengthSamples, Memory, Throughput, ThroughputPoint

WARMUP_CALLS, WARMUP_S = 5, 0.5
"""Before calls count, at least so many are made, and for so long: the first ones are slower."""


class Predictor(Protocol):
    """What turns texts into class probabilities."""

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""

    def tokenize(self, texts: list[str]) -> Any:
        """One batch as the model takes it."""

    def length(self, text: str) -> int:
        """Tokens of `text` as the model sees it."""


class Session:
    """One predictor in this process, measured.

    Args:
        load: loads the predictor; what the process holds before it counts as its libraries.
        processor: what it computes on.
        threads: threads on the CPU, kept with the samples.
        process: number of this fresh process, kept with the samples.
    """

    def __init__(
        self,
        load: Callable[[], Predictor],
        processor: Processor,
        threads: int,
        process: int = 0,
    ) -> None:
        self._baseline_mb, self._library_mb = resident_mb(), library_mb()
        self._processor, self._threads, self._process = processor, threads, process
        self._predict = load()

    def memory(self, texts: list[str]) -> Memory:
        """Peak memory of classifying `texts` as one batch."""
        self._predict(texts)
        baseline, untouched = self._baseline_mb + library_mb() - self._library_mb, untouched_weights_mb()
        return Memory(
            batch_size=len(texts),
            baseline_ram_mb=baseline,
            peak_ram_mb=peak_resident_mb() - baseline + untouched,
            untouched_mb=untouched,
            gpu=self._processor.memory(),
        )

    def probabilities(self, texts: list[str], batch_size: int) -> np.ndarray:
        """Class probabilities of many texts, shape (texts, classes)."""
        return in_batches(self._predict, texts, batch_size)

    def latency(self, sentence: str, calls: int) -> LatencySamples:
        """Time of `calls` calls with `sentence`, one after the other, after some to warm up."""
        self._processor.wake()
        begun, warmed_up = time.perf_counter(), 0
        while warmed_up < WARMUP_CALLS or time.perf_counter() - begun < WARMUP_S:
            self._predict([sentence])
            warmed_up += 1
        return LatencySamples(
            threads=self._threads,
            process=self._process,
            warmup_calls=warmed_up,
            samples_ms=[timed_ms(self._predict, [sentence]) for _ in range(calls)],
            gpu_state=self._processor.state(),
            tokenizer_ms=[timed_ms(self._predict.tokenize, [sentence]) for _ in range(calls)],
        )

    def latency_by_length(self, texts: list[str]) -> LengthSamples:
        """Time of one call with each of `texts`, in a process that has answered before and is warm."""
        return LengthSamples(
            process=self._process,
            tokens=[self._predict.length(text) for text in texts],
            samples_ms=[timed_ms(self._predict, [text]) for text in texts],
        )

    def throughput(self, texts: list[str], cap: int) -> Throughput:
        """The search for the batch size, of at most `cap`."""
        self._processor.wake()
        found = sweep(self._predict, texts, cap, self._processor)
        return found.model_copy(update={"gpu_state": self._processor.state()})

    def batches(self, texts: list[str], size: int, unsorted: bool) -> ThroughputPoint:
        """`texts` in batches of `size`, sorted by length; and in no order, where asked for."""
        self._processor.wake()
        return measure(self._predict, texts, size, self._processor, unsorted)


def in_batches(call: Callable[[list[str]], np.ndarray], texts: list[str], batch_size: int) -> np.ndarray:
    """What `call` gives for many texts, a row each, in batches of similar length so that little is padded."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    found = np.concatenate([call([texts[row] for row in batch]) for batch in batches])
    return found[np.argsort(order)]


def timed_ms(call: Callable[[Any], Any], argument: Any) -> float:
    """Time of `call(argument)` in ms."""
    begun = time.perf_counter()
    call(argument)
    return (time.perf_counter() - begun) * 1e3
