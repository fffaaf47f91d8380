"""Memory of the process that asks. Call these in a fresh process: a peak never falls."""

import re
import resource
import sys
from pathlib import Path

import psutil

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
