"""Memory of the process that asks. Call these in a fresh process: a peak never falls."""

import ctypes
import re
import resource
import sys
from pathlib import Path
from typing import Any

import psutil

WEIGHTS = (".safetensors", ".onnx", ".joblib", ".bin")
"""Endings of files that hold weights."""
BLOCK = 128 * 1024
"""Bytes from which on glibc takes a block from the system, until it raises that bound (mallopt(3))."""
_STATUS = Path("/proc/self/status")


def resident_mb() -> float:
    """Resident memory now, in MB (10^6 bytes)."""
    return psutil.Process().memory_info().rss / 1e6


def peak_resident_mb() -> float:
    """The highest resident memory since the process began, in MB (10^6 bytes).

    On Linux this is VmHWM, the peak of this program alone: ru_maxrss also remembers the peak of the process that
    started it, because it survives `exec` (getrusage(2), RUSAGE_SELF).
    """
    if _STATUS.is_file():
        found = re.findall(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
        return int(found[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def keep_no_holes() -> None:
    """Have malloc give every larger block back to the system as soon as it is freed, so that a peak is what is in use.

    glibc raises that bound as blocks are freed (M_MMAP_THRESHOLD, mallopt(3)), and the holes in its heap then add to a
    peak by chance. Its environment variable for the same is MALLOC_MMAP_THRESHOLD_. Without glibc it stays as it is.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(-3, BLOCK)


def library_mb() -> float:
    """Pages of libraries that are resident now, MB: those that code is read from the first time it runs."""
    return sum(mapped.rss for mapped in _mapped() if ".so" in Path(mapped.path).suffixes) / 1e6


def untouched_weights_mb() -> float:
    """Pages of weights' files that are mapped and not resident, MB: other texts would touch others of them."""
    return sum(mapped.size - mapped.rss for mapped in _mapped() if mapped.path.endswith(WEIGHTS)) / 1e6


def _mapped() -> list[Any]:
    """The files mapped into this process; none where the system does not tell."""
    process = psutil.Process()
    return process.memory_maps() if hasattr(process, "memory_maps") else []
