"""An object for fresh processes in tests: what it takes of time and memory is known, and it loads no torch."""

import os
import signal
import time

import numpy as np

from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.session import timed_ms


class Probe:
    """Takes memory, sleeps, raises, or dies."""

    def claim(self, megabytes: int) -> tuple[float, float]:
        """Resident memory beforehand and the peak afterwards, MB, when `megabytes` were claimed and freed between."""
        before = resident_mb()
        block = np.ones(megabytes * 10**6, dtype=np.uint8)
        del block
        return before, peak_resident_mb()

    def sleep(self, seconds: float) -> float:
        """What the latency probe says of a sleep, ms."""
        return timed_ms(time.sleep, seconds)

    def fail(self) -> None:
        """Raise with a message of two lines."""
        raise ValueError("first line\nsecond line")

    def die(self) -> None:
        """End as the kernel ends a process when memory runs out."""
        os.kill(os.getpid(), signal.SIGKILL)
