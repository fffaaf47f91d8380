"""The graphics card: CUDA says which one it is, NVML how it is; neither takes memory on it.

Tests put stand-ins in place of `cuda_driver` and `pynvml`.
"""

import contextlib
import ctypes
import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pynvml

from compactbench.record import GpuState
from compactbench.settings import SettingsError

IDLE_MB, IDLE_PERCENT = 2000, 10
"""So much memory and time the driver and a desktop may take on a card that nobody computes on."""
READINGS, APART_S = 5, 0.3
"""NVML's utilization looks back up to a second: what is over by the last of these readings is no load."""
UP, STEADY_S = 0.95, 0.5
"""A clock is up at this share of its highest, or when it has not risen for so long: it may be locked."""
ENERGY_S = 1.0
"""NVML's counter of energy moves every 20 to 100 ms (PETSc's manual, PetscLogGpuEnergyMeter): over less than this time
one such step is more than a tenth.
"""
BRAKES = {
    0x001: "gpu_idle",
    0x002: "applications_clocks_setting",
    0x004: "sw_power_cap",
    0x008: "hw_slowdown",
    0x010: "sync_boost",
    0x020: "sw_thermal_slowdown",
    0x040: "hw_thermal_slowdown",
    0x080: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
}
"""NVML's bits for what holds a clock down, by the names that nvidia-smi has for them."""


class CardError(SettingsError):
    """The card cannot be measured on."""


def cuda_driver() -> Any:
    """The library of the CUDA driver.

    Raises:
        OSError: there is none.
    """
    return ctypes.CDLL("libcuda.so.1")


def _uuid() -> str | None:
    """UUID of the first card that CUDA shows to this process; None where it shows none.

    NVML counts the cards in another order and knows nothing of CUDA_VISIBLE_DEVICES.
    """
    number, found = ctypes.c_int(), ctypes.create_string_buffer(16)
    try:
        cuda = cuda_driver()
    except OSError:
        return None
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(number), 0) or cuda.cuDeviceGetUuid_v2(found, number):
        return None
    return str(uuid.UUID(bytes=found.raw))


@contextlib.contextmanager
def _first_card() -> Iterator[Any | None]:
    """NVML's handle of that card, or of that part of a card; None where there is none."""
    name = _uuid()
    try:
        if name:
            pynvml.nvmlInit()
    except pynvml.NVMLError:
        name = None
    if name is None:
        yield None
        return
    try:
        handles = (_ask(pynvml.nvmlDeviceGetHandleByUUID, kind + name) for kind in ("GPU-", "MIG-"))
        yield next((handle for handle in handles if handle is not None), None)
    finally:
        pynvml.nvmlShutdown()


def _ask(question: Callable[..., Any], *about: Any) -> Any | None:
    """NVML's answer; None where it has none (a part of a card has no clock of its own)."""
    try:
        return question(*about)
    except pynvml.NVMLError:
        return None


def _number(factor: float, question: Callable[..., Any], *about: Any) -> float | None:
    """NVML's answer times `factor`."""
    found = _ask(question, *about)
    return None if found is None else found * factor


def describe() -> dict[str, Any]:
    """The card's fields of `record.Machine`; each null without a card."""
    with _first_card() as card:
        if card is None:
            return dict.fromkeys(("gpu", "gpu_memory_mb", "gpu_driver", "gpu_clock_mhz", "gpu_power_limit_w"))
        memory = _ask(pynvml.nvmlDeviceGetMemoryInfo, card)
        return {
            "gpu": pynvml.nvmlDeviceGetName(card),
            "gpu_memory_mb": memory.total / 1e6 if memory else None,
            "gpu_driver": pynvml.nvmlSystemGetDriverVersion(),
            "gpu_clock_mhz": _number(1.0, pynvml.nvmlDeviceGetMaxClockInfo, card, pynvml.NVML_CLOCK_SM),
            "gpu_power_limit_w": _number(1e-3, pynvml.nvmlDeviceGetEnforcedPowerLimit, card),
        }


def claim() -> None:
    """Make sure that nobody computes on the card, and that this process and all it starts see no other one.

    To be called before this run computes: a trainer would spread over all the cards that it sees.

    Raises:
        CardError: somebody does; their work would be in every number.
    """
    with _first_card() as card:
        if card is None:
            return
        if pids := ", ".join(str(process.pid) for process in _ask(_processes, card) or []):
            raise _in_use(f"process {pids}")
        memory, busy = _ask(pynvml.nvmlDeviceGetMemoryInfo, card), _utilization(card)
        used = memory.used / 1e6 if memory else 0
        if used > IDLE_MB or busy > IDLE_PERCENT:
            raise _in_use(f"a process that cannot be seen from here ({used:,.0f} MB taken, busy {busy} % of the time)")
        os.environ["CUDA_VISIBLE_DEVICES"] = pynvml.nvmlDeviceGetUUID(card)


def _in_use(by: str) -> CardError:
    return CardError(f"the GPU is in use by {by}: wait for its end, or name another in CUDA_VISIBLE_DEVICES")


def _processes(card: Any) -> list[Any]:
    """The processes that compute on the card; inside a container often none, or with numbers of another."""
    found: list[Any] = pynvml.nvmlDeviceGetComputeRunningProcesses(card)
    return found


def _utilization(card: Any) -> int:
    """Percent of the time that the card was busy, the least of some readings."""
    least = 100
    for reading in range(READINGS):
        if reading:
            time.sleep(APART_S)
        found = _ask(pynvml.nvmlDeviceGetUtilizationRates, card)
        least = min(least, found.gpu if found else 0)
        if least <= IDLE_PERCENT:
            break
    return least


def process_mb() -> float | None:
    """Memory that this process takes on the card, libraries and context included, MB; None where NVML cannot tell."""
    with _first_card() as card:
        found = [] if card is None else _ask(_processes, card) or []
    own = [process.usedGpuMemory for process in found if process.pid == os.getpid()]
    return own[0] / 1e6 if own and own[0] is not None else None


def state() -> GpuState | None:
    """The card at this moment; None without one."""
    with _first_card() as card:
        if card is None:
            return None
        bits = _ask(pynvml.nvmlDeviceGetCurrentClocksEventReasons, card)
        return GpuState(
            clock_mhz=_number(1.0, pynvml.nvmlDeviceGetClockInfo, card, pynvml.NVML_CLOCK_SM),
            power_w=_number(1e-3, pynvml.nvmlDeviceGetPowerUsage, card),
            held_down_by=None if bits is None else [name for bit, name in BRAKES.items() if bits & bit],
        )


def metered() -> Callable[[], float | None]:
    """Begin to meter the energy of the card's board.

    Returns:
        What ends it and tells the energy, J; None where NVML does not, and where less than `ENERGY_S` passed.
    """
    begun_j, begun = _energy_j(), time.perf_counter()

    def taken() -> float | None:
        took, ended_j = time.perf_counter() - begun, _energy_j()
        return None if begun_j is None or ended_j is None or took < ENERGY_S else ended_j - begun_j or None

    return taken


def _energy_j() -> float | None:
    """What the card has taken since its driver was loaded, J."""
    with _first_card() as card:
        return None if card is None else _number(1e-3, pynvml.nvmlDeviceGetTotalEnergyConsumption, card)


def raise_clock(work: Callable[[], object]) -> None:
    """Repeat `work`, which keeps the card busy, until its clock is up: idle cards run at a fraction of it."""
    with _first_card() as card:
        highest = _number(1.0, pynvml.nvmlDeviceGetMaxClockInfo, card, pynvml.NVML_CLOCK_SM) if card else None
        seen, since = 0.0, time.perf_counter()
        while highest and time.perf_counter() - since < STEADY_S:
            clock = _number(1.0, pynvml.nvmlDeviceGetClockInfo, card, pynvml.NVML_CLOCK_SM)
            if clock is None or clock >= UP * highest:
                return
            if clock > seen:
                seen, since = clock, time.perf_counter()
            work()
