"""The graphics card: a stand-in takes the place of NVML (`card.pynvml`), because no test may need a card.

The other seams are `torch_runtime.torch.cuda` (peaks, synchronization) and `procedure.bf16_is_native`.
"""

import os
from types import SimpleNamespace

import pytest

from compactbench.instruments import gpu as card
from compactbench.runtimes import torch as torch_runtime


class Nvml:
    """One card, with the processes that compute on it."""

    NVML_CLOCK_SM = 1

    class NVMLError(Exception):
        """What NVML raises."""

    def __init__(self, *processes: tuple[int, int | None]) -> None:
        self._processes = [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in processes]
        self.asked_for: list[object] = []

    def nvmlInit(self) -> None: ...

    def nvmlShutdown(self) -> None: ...

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        self.asked_for.append(index)
        return "card"

    def nvmlDeviceGetHandleByUUID(self, name: str) -> str:
        self.asked_for.append(name)
        return "card"

    def nvmlDeviceGetName(self, handle: str) -> str:
        return "NVIDIA H200"

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:
        return SimpleNamespace(total=150 * 10**9)

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.1"

    def nvmlDeviceGetMaxClockInfo(self, handle: str, kind: int) -> int:
        return 1980

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:
        return self._processes


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch):
    """Put a stand-in in NVML's place."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def put(nvml: Nvml) -> Nvml:
        monkeypatch.setattr(card, "pynvml", nvml)
        return nvml

    return put


def test_a_card_is_described(place) -> None:
    place(Nvml())
    assert card.describe() == {
        "gpu": "NVIDIA H200",
        "gpu_memory_mb": 150_000.0,
        "gpu_driver": "570.1",
        "gpu_clock_mhz": 1980.0,
    }


def test_the_card_is_the_first_one_that_the_process_may_see(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Card 0 described while card 3 computes would put another card's name over the numbers."""
    nvml = place(Nvml())
    for visible in ("3,1", "GPU-8f2a"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        card.describe()
    assert nvml.asked_for == [3, "GPU-8f2a"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert card.describe()["gpu"] is None


def test_a_card_in_use_is_refused_in_one_sentence(place) -> None:
    place(Nvml((4711, 10**9)))
    with pytest.raises(card.CardError, match=r"^the GPU is in use by process 4711: wait for its end"):
        card.refuse_if_shared()
    place(Nvml())
    card.refuse_if_shared()


def test_the_process_finds_its_own_memory_among_others(place) -> None:
    place(Nvml((1, 7 * 10**9), (os.getpid(), 2 * 10**9)))
    assert card.process_mb() == 2000.0
    place(Nvml((1, 7 * 10**9)))  # inside a container NVML may list foreign numbers
    assert card.process_mb() is None


def test_peaks_on_the_gpu_are_what_torch_says(place, monkeypatch: pytest.MonkeyPatch) -> None:
    place(Nvml((os.getpid(), 2 * 10**9)))
    monkeypatch.setattr(torch_runtime.torch.cuda, "max_memory_allocated", lambda: 1.5e9)
    monkeypatch.setattr(torch_runtime.torch.cuda, "max_memory_reserved", lambda: 1.75e9)
    found = torch_runtime.gpu_memory("cuda")
    assert (found.allocated_mb, found.reserved_mb, found.process_mb) == (1500.0, 1750.0, 2000.0)
    assert torch_runtime.gpu_memory("cpu") is None
