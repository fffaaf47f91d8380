"""What computes, and how it is timed: a CPU here, a GPU where a runtime has one."""

import time
from collections.abc import Callable
from typing import Any

from compactbench.instruments import energy
from compactbench.record import GpuMemory, GpuState


class Processor:
    """The CPU: it has done what it was given when the call returns, and needs no waking."""

    energy_s = 0.0
    """It tells the energy of what takes at least so long."""

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

    def metered(self) -> Callable[[], float | None]:
        """Begin to meter its energy; what is returned ends it and tells it, J, or None where the machine does not."""
        return energy.metered()

    def memory(self) -> GpuMemory | None:
        """Peaks of this process on the GPU; None on a CPU."""
        return None

    def state(self) -> GpuState | None:
        """The GPU at this moment; None on a CPU."""
        return None
