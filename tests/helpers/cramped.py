"""A saved model for fresh processes in tests that runs out of memory."""

import resource
from pathlib import Path

import psutil

from compactbench.classifiers import Classifier
from compactbench.instruments import throughput
from compactbench.record import Throughput
from compactbench.runtimes import Setup, open_session


class Cramped:
    """A saved model that may claim only so much more memory than it has."""

    def __init__(self, folder: Path, spare_mb: int) -> None:
        self._session = open_session(Setup("torch", "fp32", "cpu", 1, Classifier.network), folder, 64)
        self._spare = spare_mb * 10**6
        throughput.GAIN = 0.0  # no plateau: the search ends for want of memory, or at the cap

    def sweep(self, texts: list[str], cap: int) -> Throughput:
        """The throughput under the limit, which the operating system enforces from now on."""
        self._session.throughput(texts, 1)  # libraries claim their own share at the first batch
        taken = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (taken + self._spare, resource.RLIM_INFINITY))
        return self._session.throughput(texts, cap)
