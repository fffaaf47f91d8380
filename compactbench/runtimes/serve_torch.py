"""Serving with torch, as the model was trained."""

from pathlib import Path

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

from compactbench.instruments import gpu as card
from compactbench.record import Device, GpuMemory, Precision
from compactbench.runtimes import serve

transformers.logging.set_verbosity_error()  # the load report names the new head as missing: it is
transformers.logging.disable_progress_bar()
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


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
    """A transformer that turns sentences into class probabilities; a `serve.Classifier`."""

    def __init__(
        self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, device: str, max_length: int
    ) -> None:
        self._network = network.eval().to(device)
        self._tokenizer = tokenizer
        self._device = device
        self._max_length = max_length

    @torch.inference_mode()
    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""
        batch = self.tokenize(texts).to(self._device)  # input_ids: (texts, longest)
        logits = self._network(**batch).logits  # (texts, classes)
        return logits.double().softmax(-1).cpu().numpy()  # the copy to the CPU waits for the device

    def tokenize(self, texts: list[str]) -> BatchEncoding:
        """One batch as the network takes it."""
        return self._tokenizer(texts, padding=True, truncation=True, max_length=self._max_length, return_tensors="pt")

    def compile(self) -> None:
        """Compile the network at its first call, for batches of any shape."""
        self._network = torch.compile(self._network, dynamic=True)

    def length(self, text: str) -> int:
        """Tokens of `text` as the network sees it."""
        return len(self._tokenizer(text, truncation=True, max_length=self._max_length)["input_ids"])


class Server(serve.Server):
    """A transformer in torch, its weights cast to the precision."""

    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`."""
        torch.set_num_threads(threads)
        network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=DTYPES[precision])
        return Classifier(network, AutoTokenizer.from_pretrained(folder), device, max_length)

    def gpu_memory(self) -> GpuMemory | None:
        """Peaks of this process on the GPU; None on a CPU."""
        return gpu_memory(self._device)


class CompiledServer(Server):
    """The same through torch.compile, whose shapes may vary."""

    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`, compiled at its first call."""
        classifier = super().load(folder, precision, device, threads, max_length)
        classifier.compile()
        return classifier
