"""The graphics card as NVML sees it, which tells without touching it. Tests put a stand-in in place of `pynvml`."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pynvml

from compactbench.settings import SettingsError


class CardError(SettingsError):
    """The card cannot be measured on."""


@contextlib.contextmanager
def _first_card() -> Iterator[Any | None]:
    """NVML's handle of the first card that this process may see; None where there is none."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    if visible in ("", "-1"):
        yield None
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        first = visible.split(",")[0]
        by_uuid = first.startswith(("GPU-", "MIG-"))
        yield pynvml.nvmlDeviceGetHandleByUUID(first) if by_uuid else pynvml.nvmlDeviceGetHandleByIndex(int(first))
    except pynvml.NVMLError:
        yield None
    finally:
        pynvml.nvmlShutdown()


def describe() -> dict[str, Any]:
    """The card's fields of `record.Machine`; each null without a card."""
    with _first_card() as card:
        if card is None:
            return dict.fromkeys(("gpu", "gpu_memory_mb", "gpu_driver", "gpu_clock_mhz"))
        return {
            "gpu": pynvml.nvmlDeviceGetName(card),
            "gpu_memory_mb": pynvml.nvmlDeviceGetMemoryInfo(card).total / 1e6,
            "gpu_driver": pynvml.nvmlSystemGetDriverVersion(),
            "gpu_clock_mhz": float(pynvml.nvmlDeviceGetMaxClockInfo(card, pynvml.NVML_CLOCK_SM)),
        }


def refuse_if_shared() -> None:
    """Make sure that nobody computes on the card. To be called before this run does.

    Raises:
        CardError: somebody does; his work would be in every number.
    """
    with _first_card() as card:
        found = [] if card is None else pynvml.nvmlDeviceGetComputeRunningProcesses(card)
    if found:
        pids = ", ".join(str(process.pid) for process in found)
        raise CardError(
            f"the GPU is in use by process {pids}: wait for its end, or name another in CUDA_VISIBLE_DEVICES"
        )


def process_mb() -> float | None:
    """Memory that this process takes on the card, libraries and context included, MB; None where NVML cannot tell."""
    with _first_card() as card:
        found = [] if card is None else pynvml.nvmlDeviceGetComputeRunningProcesses(card)
    own = [process.usedGpuMemory for process in found if process.pid == os.getpid()]
    return own[0] / 1e6 if own and own[0] is not None else None
