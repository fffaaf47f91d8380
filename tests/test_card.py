"""The graphics card: stand-ins take the place of the driver of CUDA and of NVML, because no test may need a card."""

import itertools
import os

import pytest
from helpers.card import FIRST, SECOND, Cuda, Nvml, PartOfACard

from compactbench.instruments import gpu as card
from compactbench.instruments import machine
from compactbench.record import GpuState


def test_a_card_is_described(place) -> None:
    place(Nvml())
    assert card.describe() == {
        "gpu": "NVIDIA H200",
        "gpu_memory_mb": 150_000.0,
        "gpu_driver": "570.1",
        "gpu_clock_mhz": 1980.0,
        "gpu_power_limit_w": 700.0,
    }


def test_the_card_is_the_one_that_cuda_counts_first(place) -> None:
    """NVML counts by PCI address, CUDA by speed: number 0 of NVML would put another card's name over the numbers."""
    place(Nvml(name=f"GPU-{SECOND}"), SECOND, FIRST)
    assert card.describe()["gpu"] == "NVIDIA H200"
    place(Nvml(name=f"GPU-{FIRST}"), SECOND, FIRST)
    assert card.describe()["gpu"] is None


def test_there_is_no_card_where_cuda_shows_none(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA_VISIBLE_DEVICES=none was a traceback: whatever hides the cards, CUDA's driver is the judge."""
    place(Nvml())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "none")
    monkeypatch.setattr(card, "cuda_driver", Cuda)
    assert set(card.describe().values()) == {None}
    assert card.state() is None

    def missing() -> None:
        raise OSError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr(card, "cuda_driver", missing)
    assert set(card.describe().values()) == {None}


def test_a_part_of_a_card_has_no_clock(place) -> None:
    """What NVML does not answer for it ended the run with "generator didn't stop after throw()"."""
    place(PartOfACard())
    found = card.describe()
    assert (found["gpu"], found["gpu_clock_mhz"], found["gpu_power_limit_w"]) == ("NVIDIA H200", None, None)
    assert card.state() == GpuState(clock_mhz=None, power_w=None, held_down_by=None)
    card.raise_clock(lambda: pytest.fail("there is no clock to raise"))
    card.claim()


def test_a_card_in_use_is_refused_in_one_sentence(place) -> None:
    place(Nvml((4711, 10**9)))
    with pytest.raises(card.CardError, match=r"^the GPU is in use by process 4711: wait for its end"):
        card.claim()


@pytest.mark.parametrize("load", [{"used": 30 * 10**9}, {"busy": (90,)}])
def test_a_load_is_noticed_where_no_process_is_shown(place, load: dict) -> None:
    """Inside a container NVML lists no process of another one: the run was measured beside it."""
    place(Nvml(**load))
    with pytest.raises(card.CardError, match="in use by a process that cannot be seen from here"):
        card.claim()


def test_a_load_that_is_over_is_none(place) -> None:
    """The run before this one ended a moment ago, and NVML's utilization looks back."""
    place(Nvml(busy=(90, 60, 0)))
    card.claim()


def test_the_run_sees_the_card_that_it_claimed_and_no_other(place) -> None:
    """A trainer spreads over all the cards that it sees, and the record names one."""
    place(Nvml())
    card.claim()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == f"GPU-{FIRST}"


def test_the_process_finds_its_own_memory_among_others(place) -> None:
    place(Nvml((1, 7 * 10**9), (os.getpid(), 2 * 10**9)))
    assert card.process_mb() == 2000.0
    place(Nvml((1, 7 * 10**9)))  # inside a container NVML may list foreign numbers
    assert card.process_mb() is None


def test_what_holds_a_clock_down_is_named(place) -> None:
    place(Nvml(clocks=(1200,), reasons=0x4 | 0x20))
    assert card.state() == GpuState(
        clock_mhz=1200.0, power_w=250.5, held_down_by=["sw_power_cap", "sw_thermal_slowdown"]
    )


def test_a_card_works_until_its_clock_is_up(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """95 % of 1,980 MHz are 1,881. A clock that is locked at 1,200 does not keep a run waiting for more than .5 s."""
    now = itertools.count(step=0.1)
    monkeypatch.setattr(card.time, "perf_counter", lambda: next(now))
    worked: list[int] = []
    place(Nvml(clocks=(345, 900, 1890)))
    card.raise_clock(lambda: worked.append(1))
    assert len(worked) == 2
    place(Nvml(clocks=(345, 1200)))
    card.raise_clock(lambda: worked.append(1))
    assert 2 < len(worked) < 10


def test_what_cannot_be_trained_on_a_gpu_was_not(place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline's times stood under "cuda" because the machine has a card."""
    place(Nvml())
    monkeypatch.setattr(machine, "version", lambda package: "2.13.0")
    assert machine.conditions(42, {"cpu": ("fp32",)}).device == "cpu"
    assert machine.conditions(42, {"cpu": ("fp32",), "cuda": ("fp32",)}).device == "cuda"
