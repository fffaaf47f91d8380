"""Objects for fresh processes in tests: what they take of time and memory is known beforehand."""

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
import psutil

from compactbench.classifiers.transformer import Transformer
from compactbench.instruments import throughput
from compactbench.instruments.memory import peak_resident_mb, resident_mb
from compactbench.instruments.session import timed_ms
from compactbench.record import Throughput
from compactbench.runtimes import Setup, open_session


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


class Cramped:
    """A saved model that may claim only so much more memory than it has."""

    def __init__(self, folder: Path, spare_mb: int) -> None:
        self._session = open_session(Setup("torch", "fp32", "cpu", 1, Transformer.network), folder, 64)
        self._spare = spare_mb * 10**6
        throughput.GAIN = 0.0  # no plateau: the search ends for want of memory, or at the cap

    def sweep(self, texts: list[str], cap: int) -> Throughput:
        """The throughput under the limit, which the operating system enforces from now on."""
        self._session.throughput(texts, 1)  # libraries claim their own share at the first batch
        taken = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (taken + self._spare, resource.RLIM_INFINITY))
        return self._session.throughput(texts, cap)
