"""What computes, and how it is timed: a CPU here, a GPU where a runtime has one."""

import time
from typing import Any

from compactbench.record import GpuMemory, GpuState


class Processor:
    """The CPU: it has done what it was given when the call returns, and needs no waking."""

    def wake(self) -> None:
        """Bring it to its full clock."""

    def wait(self) -> None:
        """Wait until it has done all it was given."""

    def mark(self) -> Any:
        """A point in what it does, for `seconds`."""
        return time.perf_counter()

    def seconds(self, begun: Any, ended: Any) -> float:
        """Time between two marks, s; it has passed both."""
        return ended - begun

    def memory(self) -> GpuMemory | None:
        """Peaks of this process on the GPU; None on a CPU."""
        return None

    def state(self) -> GpuState | None:
        """The GPU at this moment; None on a CPU."""
        return None
