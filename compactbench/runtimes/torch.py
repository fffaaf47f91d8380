"""torch, as the model was trained; its weights are cast to the precision."""

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import (
    AutoTokenizer,
    BatchEncoding,
    PreTrainedModel,  # loads the modelling code now: else the first model would, and count as its time and memory
    PreTrainedTokenizerBase,
)

from compactbench.instruments import gpu
from compactbench.instruments.processor import Processor
from compactbench.record import Device, GpuMemory, GpuState, Precision
from compactbench.runtimes import Runtime, Setup

transformers.logging.set_verbosity_error()  # the load report names the new head as missing: it is
transformers.logging.disable_progress_bar()
# cuDNN's attention builds a plan for every new shape of a batch, up to .1 s each: texts of all lengths have many shapes
torch.backends.cuda.enable_cudnn_sdp(False)
WAKING_SIDE, WAKING_PASSES = 1024, 20
"""Matrices of so many rows and columns, multiplied so often between two looks at the clock."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Gpu(Processor):
    """The GPU, which takes what it is given into a queue: events in that queue tell the time."""

    energy_s = gpu.ENERGY_S

    def wake(self) -> None:
        """Multiply matrices until its clock is up, and give back their memory."""
        gpu.raise_clock(self._multiply)
        torch.cuda.empty_cache()

    def _multiply(self) -> None:
        matrix = torch.ones(WAKING_SIDE, WAKING_SIDE, device="cuda")
        for _ in range(WAKING_PASSES):
            matrix @ matrix
        self.wait()

    def wait(self) -> None:
        """Wait until it has done all it was given: without it a clock stops too early."""
        torch.cuda.synchronize()

    def mark(self) -> torch.cuda.Event:
        """An event at the end of its queue."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def seconds(self, begun: torch.cuda.Event, ended: torch.cuda.Event) -> float:
        """Time between two events, s; it has passed both."""
        return begun.elapsed_time(ended) / 1e3

    def metered(self) -> Callable[[], float | None]:
        """Begin to meter its energy: see `Processor`."""
        return gpu.metered()

    def memory(self) -> GpuMemory:
        """Peaks of this process. NVML tells what it takes now: what torch has given back since its peak is added."""
        reserved, now = torch.cuda.max_memory_reserved() / 1e6, gpu.process_mb()
        given_back = reserved - torch.cuda.memory_reserved() / 1e6
        return GpuMemory(
            allocated_mb=torch.cuda.max_memory_allocated() / 1e6,
            reserved_mb=reserved,
            process_mb=None if now is None else now + given_back,
        )

    def state(self) -> GpuState | None:
        """The GPU at this moment."""
        return gpu.state()


def processor(device: str) -> Processor:
    """The device of that name, cpu or cuda."""
    return Gpu() if device == "cuda" else Processor()


def bf16_is_native(device: str) -> bool:
    """Whether the hardware multiplies in bf16 itself: emulated, it would be slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def tf32_is_native(device: str) -> bool:
    """Whether the hardware multiplies in TF32; the trainer refuses to ask for it elsewhere."""
    return device == "cuda" and torch.cuda.get_device_capability() >= (8, 0)


def load_network(network: str, folder: Path, precision: Precision = "fp32") -> PreTrainedModel:
    """The network saved in `folder`, of a class that is given as `module:Class`."""
    module, _, name = network.partition(":")
    return getattr(importlib.import_module(module), name).from_pretrained(folder, dtype=DTYPES[precision])


def save_network(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, max_length: int) -> None:
    """Save both to `folder`, to cut at `max_length` tokens.

    They are readable by whom its other files are: safetensors keeps a file to its owner.
    """
    network.save_pretrained(folder)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)
    for weights in folder.glob("*.safetensors"):
        shutil.copymode(folder / "config.json", weights)


class TorchPredictor:
    """A network that turns sentences into class probabilities; a `Predictor`."""

    def __init__(
        self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, device: str, max_length: int
    ) -> None:
        if device == "cuda":
            torch.set_float32_matmul_precision("highest")  # a trainer may have left TF32 on, and containers have it on
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


class Torch(Runtime):
    """A network in torch, eager."""

    name = "torch"
    label = "torch"
    needs = ("torch", "transformers")
    precisions = {
        "cpu": ("fp32", "bf16") if bf16_is_native("cpu") else ("fp32",),
        "cuda": ("fp32", "bf16", "fp16"),
    }
    forked = True

    def load(self, folder: Path, setup: Setup, max_length: int) -> TorchPredictor:
        """The network saved in `folder`, ready to answer."""
        torch.set_num_threads(setup.threads)
        network = load_network(setup.network, folder, setup.precision)
        return TorchPredictor(network, AutoTokenizer.from_pretrained(folder), setup.device, max_length)

    def processor(self, device: Device) -> Processor:
        """The device that it computes on."""
        return processor(device)


RUNTIME = Torch()
