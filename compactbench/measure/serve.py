"""The saved artefact at work: what a served classifier takes of time and memory. One process serves one question."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BatchEncoding,
    PreTrainedModel,  # loads the modelling code now: else the first model would, and count as its time and memory
    PreTrainedTokenizerBase,
)

from compactbench.measure import card
from compactbench.measure.memory import peak_resident_mb, resident_mb
from compactbench.measure.throughput import measure, sweep
from compactbench.record import (
    GpuMemory,
    LatencySamples,
    LengthSamples,
    Memory,
    Precision,
    Throughput,
    ThroughputPoint,
)

transformers.logging.set_verbosity_error()  # the load report names the new head as missing: it is
transformers.logging.disable_progress_bar()
WARMUP_CALLS = 5


def synchronize(device: str) -> None:
    """Wait until the device has done all it was given: without it a clock stops too early on a GPU."""
    if device == "cuda":
        torch.cuda.synchronize()


def gpu_memory(device: str) -> GpuMemory | None:
    """Peaks of this process on the GPU; None on a CPU."""
    if device == "cpu":
        return None
    return GpuMemory(
        allocated_mb=torch.cuda.max_memory_allocated() / 1e6,
        reserved_mb=torch.cuda.max_memory_reserved() / 1e6,
        process_mb=card.process_mb(),
    )


class Classifier:
    """A transformer that turns sentences into class probabilities."""

    def __init__(
        self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, device: str, max_length: int
    ) -> None:
        self._network = network.eval().to(device)
        self._tokenizer = tokenizer
        self._device = device
        self._max_length = max_length

    @classmethod
    def load(cls, folder: Path, device: str, max_length: int, precision: Precision) -> "Classifier":
        """The classifier in the artefact `folder`, its weights cast to `precision`."""
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype)
        return cls(network, AutoTokenizer.from_pretrained(folder), device, max_length)

    @torch.inference_mode()
    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""
        batch = self.tokenize(texts).to(self._device)  # input_ids: (texts, longest)
        logits = self._network(**batch).logits  # (texts, classes)
        return logits.double().softmax(-1).cpu().numpy()  # the copy to the CPU waits for the device

    def tokenize(self, texts: list[str]) -> BatchEncoding:
        """One batch as the network takes it."""
        return self._tokenizer(texts, padding=True, truncation=True, max_length=self._max_length, return_tensors="pt")

    def probabilities(self, texts: list[str], batch_size: int) -> np.ndarray:
        """Class probabilities of many texts, shape (texts, classes), batched by length so that little is padded."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        found = np.concatenate([self([texts[row] for row in batch]) for batch in batches])
        return found[np.argsort(order)]

    def length(self, text: str) -> int:
        """Tokens of `text` as the network sees it."""
        return len(self._tokenizer(text, truncation=True, max_length=self._max_length)["input_ids"])


class Server:
    """The artefact in `folder`, loaded in this process.

    Args:
        folder: the artefact.
        device: cpu or cuda.
        max_length: tokens; longer texts are cut.
        process: number of this fresh process, kept with its samples.
        precision: numeric format of weights and arithmetic.
    """

    def __init__(
        self, folder: Path, device: str, max_length: int, process: int = 0, precision: Precision = "fp32"
    ) -> None:
        self._device, self._process, self._precision = device, process, precision
        transformer = (folder / "config.json").is_file()
        if not transformer:
            from compactbench.measure import tfidf  # seconds to import, and no transformer needs it
        self._baseline_mb = resident_mb()
        self._classify: Any = (
            Classifier.load(folder, device, max_length, precision) if transformer else tfidf.Classifier.load(folder)
        )

    def memory(self, texts: list[str]) -> Memory:
        """Peak memory of classifying `texts` as one batch."""
        self._classify(texts)
        return Memory(
            batch_size=len(texts),
            baseline_ram_mb=self._baseline_mb,
            peak_ram_mb=peak_resident_mb() - self._baseline_mb,
            gpu=gpu_memory(self._device),
        )

    def latency(self, sentence: str, calls: int, threads: int) -> LatencySamples:
        """Time of `calls` calls with `sentence`, one after the other, after a few to warm up."""
        torch.set_num_threads(threads)
        for _ in range(WARMUP_CALLS):
            self._classify([sentence])
        return LatencySamples(
            device=self._device,
            precision=self._precision,
            threads=threads,
            process=self._process,
            warmup_calls=WARMUP_CALLS,
            samples_ms=[timed_ms(self._classify, [sentence]) for _ in range(calls)],
            tokenizer_ms=[timed_ms(self._classify.tokenize, [sentence]) for _ in range(calls)],
        )

    def latency_by_length(self, texts: list[str], threads: int) -> LengthSamples:
        """Time of one call with each of `texts`, in a process that has answered before and is warm."""
        torch.set_num_threads(threads)
        return LengthSamples(
            device=self._device,
            process=self._process,
            tokens=[self._classify.length(text) for text in texts],
            samples_ms=[timed_ms(self._classify, [text]) for text in texts],
        )

    def throughput(self, texts: list[str], cap: int, threads: int) -> Throughput:
        """Batches of `texts`, repeated where a batch needs more of them, doubling up to `cap`."""
        torch.set_num_threads(threads)
        return sweep(self._one_batch(texts), self._device, self._precision, cap)

    def batches(self, texts: list[str], size: int, threads: int) -> ThroughputPoint:
        """Batches of `size` of the `texts`, and of no other size."""
        torch.set_num_threads(threads)
        return measure(self._one_batch(texts), size)

    def _one_batch(self, texts: list[str]) -> Callable[[int], None]:
        return lambda size: self._classify(list(itertools.islice(itertools.cycle(texts), size)))


def timed_ms(call: Any, argument: Any) -> float:
    """Time of `call(argument)` in ms."""
    begun = time.perf_counter()
    call(argument)
    return (time.perf_counter() - begun) * 1e3
