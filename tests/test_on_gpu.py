"""What is measured on a GPU, without one: the seams are `torch.cuda`, and what `Processor` is asked.

The other seams are the stand-ins for the card itself, and what the hardware has: `transformer.bf16_is_native`.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.card import Nvml
from helpers.factory import MACHINE, calls, make_record

from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task, frozen, transformer
from compactbench.data.load import load
from compactbench.instruments.processor import Processor
from compactbench.instruments.session import WARMUP_CALLS, Session
from compactbench.instruments.throughput import out_of_memory
from compactbench.instruments.trainer import Meter
from compactbench.parameters import load_model, load_suite
from compactbench.record import GpuMemory, GpuState, Record
from compactbench.record.file import read, write
from compactbench.runtimes import torch as torch_runtime


class Memory:
    """torch.cuda after it held 1,750 MB and gave 1,000 of them back."""

    max_memory_allocated = staticmethod(lambda: 1.5e9)
    max_memory_reserved = staticmethod(lambda: 1.75e9)
    memory_reserved = staticmethod(lambda: 0.75e9)


def test_the_peaks_on_the_gpu_are_none_of_what_is_left(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """NVML tells the memory of this moment, 2,000 MB: at its peak the process had what torch has given back since."""
    place(Nvml((os.getpid(), 2 * 10**9)))
    monkeypatch.setattr(torch_runtime.torch, "cuda", Memory)
    found = torch_runtime.processor("cuda").memory()
    assert found == GpuMemory(allocated_mb=1500.0, reserved_mb=1750.0, process_mb=3000.0)
    assert torch_runtime.processor("cpu").memory() is None


class Events:
    """torch.cuda whose queue lags behind: an event is passed when its turn comes, not when it is put in."""

    def __init__(self) -> None:
        self.waited, self.put_in = 0, 0
        self.Event = lambda enable_timing: Event(self)

    def synchronize(self) -> None:
        self.waited += 1


class Event:
    """Number n in the queue is passed after n squared ms."""

    def __init__(self, queue: Events) -> None:
        self._queue = queue

    def record(self) -> None:
        self.number = self._queue.put_in
        self._queue.put_in += 1

    def elapsed_time(self, later: "Event") -> float:
        assert self._queue.waited, "not passed yet"
        return float(later.number**2 - self.number**2)


def test_no_step_waits_for_the_gpu(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait after each step was part of what was timed, and is no part of a training.

    Events 0 to 5: begin at 0, the steps from 1 to 2 and from 3 to 4, and the end at 5, ms squared.
    """
    place(Nvml())
    queue = Events()
    monkeypatch.setattr(torch_runtime.torch, "cuda", queue)
    monkeypatch.setattr(torch_runtime.Gpu, "wake", lambda _: None)
    state = SimpleNamespace(global_step=2, epoch=0.1, log_history=[])
    meter = Meter(torch_runtime.processor("cuda"))
    meter.on_train_begin(None, state, None)
    before = queue.waited
    for _ in range(2):
        meter.on_step_begin(None, state, None)
        meter.on_step_end(None, state, None)
    assert queue.waited == before
    meter.on_train_end(None, state, None)
    assert (meter.step_s, meter.total_s) == ([0.003, 0.007], 0.025)
    assert meter.gpu_state.clock_mhz == 1980.0


class Watched(Processor):
    """A GPU that notes what it is asked, beside the calls of a model."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wake(self) -> None:
        self.asked.append("wake")

    def memory(self) -> GpuMemory:
        return GpuMemory(allocated_mb=1.0, reserved_mb=2.0, process_mb=600.0)

    def state(self) -> GpuState:
        self.asked.append("state")
        return GpuState(clock_mhz=1980.0, power_w=300.0, held_down_by=[])

    def metered(self) -> Callable[[], float]:
        return lambda: 7.0


def test_the_gpu_is_awake_before_a_call_counts_and_looked_at_after_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """From an idle clock the first calls were slower, and a cold card afterwards tells nothing about them."""
    monkeypatch.setattr("compactbench.instruments.session.WARMUP_S", 0.0)
    monkeypatch.setattr("compactbench.instruments.throughput.MIN_TIME_S", 1e-9)
    watched = Watched()

    class Model:
        def __call__(self, texts: list[str]) -> np.ndarray:
            watched.asked.append("call")
            return np.ones((len(texts), 2)) / 2

        def tokenize(self, texts: list[str]) -> None:
            watched.asked.append("tokenize")

    session = Session(Model, watched, threads=1)
    found = session.latency("one sentence", calls=2)
    assert watched.asked == ["wake", *["call"] * (WARMUP_CALLS + 2), "state", "tokenize", "tokenize"]
    assert found.gpu_state and found.gpu_state.power_w == 300.0
    watched.asked.clear()
    assert session.throughput(["a", "b"], 1).gpu_state == found.gpu_state
    assert (watched.asked[0], watched.asked[-1]) == ("wake", "state")
    watched.asked.clear()
    session.batches(["a", "b"], 2, False)
    assert watched.asked[0] == "wake"


@pytest.fixture
def tf32():
    """TF32 as a trainer leaves it, taken back afterwards."""
    before = torch.backends.fp32_precision
    torch.backends.fp32_precision = "tf32"
    yield
    torch.backends.fp32_precision = before
    torch.set_float32_matmul_precision("highest")


def test_fp32_answers_are_not_of_tf32(tf32: None) -> None:
    """The trainer asks for TF32 in the whole process: quality was measured in it, under fp32's name."""
    network = SimpleNamespace(eval=lambda: SimpleNamespace(to=lambda device: None))
    torch_runtime.TorchPredictor(network, None, "cuda", 8)
    assert torch.backends.cuda.matmul.fp32_precision == "ieee"


@pytest.mark.parametrize(("capability", "native"), [((7, 5), False), ((9, 0), True)])
def test_tf32_is_asked_for_where_the_hardware_has_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], native: bool
) -> None:
    """The trainer refuses it on an older card, a T4 for one: no run got through there."""
    monkeypatch.setattr(transformer, "bf16_is_native", lambda device: native)
    monkeypatch.setattr(torch_runtime.torch.cuda, "get_device_capability", lambda: capability)
    suite = load_suite("starter", {"suite": "starter"})
    assert transformer.procedure(suite, "cuda")["tf32"] is native
    assert transformer.procedure(suite, "cpu")["tf32"] is None


def test_frozen_embeddings_have_their_memory_on_the_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was null, as if they had been made on the CPU; so would their energy be."""
    suite = load_suite("starter", {"suite": "starter", "eval_batch_size": 512})
    splits, facts = load(suite)
    splits.save_to_disk(tmp_path / "splits")
    monkeypatch.setattr(frozen, "processor", lambda device: Watched())
    model = load_model("bert-tiny", {"model": "bert-tiny", "kind": "frozen"})
    learner = frozen.Frozen(Task(model, "random", suite, facts, tmp_path / "splits", "cpu", 2, seed=1, labels=50))
    found = learner.finetune(tmp_path / "artefact", None, of_template())
    assert (found.gpu, found.gpu_state, found.energy_j) == (Watched().memory(), Watched().state(), 7.0)


def test_cudnn_attends_to_nothing() -> None:
    """It builds a plan for every new length: on an H200 a call took 41 ms with one that was new, and 4 without it."""
    assert not torch.backends.cuda.cudnn_sdp_enabled()


def test_a_record_tells_of_the_card_and_one_without_those_fields_is_read(tmp_path: Path) -> None:
    """The fields came within schema 5, whose records without them are many."""
    before = make_record()
    assert before.finetune.gpu_state is None and before.conditions.machine.gpu_power_limit_w is None
    state = {"clock_mhz": 1980.0, "power_w": 120.0, "held_down_by": ["sw_power_cap"]}
    made = make_record(
        finetune={"gpu_state": state},
        latency=[calls([1.0], gpu_state=state)],
        throughput={"gpu_state": state},
        conditions={"machine": MACHINE | {"gpu_power_limit_w": 700.0}},
    )
    write(made, tmp_path / "one.json")
    assert read(tmp_path / "one.json") == made
    content = json.loads((tmp_path / "one.json").read_text())
    assert content["runtimes"][0]["throughput"]["gpu_state"] == content["finetune"]["gpu_state"] == state
    without = make_record().model_dump(mode="json", exclude_defaults=True)
    assert "gpu_state" not in without["finetune"] and Record.model_validate(without) == before


@pytest.mark.parametrize("word", ["CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"])
def test_a_library_without_memory_for_itself_is_out_of_memory(word: str) -> None:
    """What cuBLAS says when there is no memory for its handle: the search for the largest batch ended the run there."""
    assert out_of_memory(RuntimeError(f"CUDA error: {word} when calling `cublasCreate(handle)`"))
