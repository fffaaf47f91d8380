"""What kept the machine busy beside a measurement: processes of others, and a hypervisor that gave its cores away."""

import contextlib
import time
from dataclasses import dataclass

import psutil

from compactbench.instruments.cpu import usable
from compactbench.record import Load

COMPUTING = ("user", "nice", "system", "irq", "softirq")
"""What a core computes, as psutil names it; like `steal`, not every system tells all of them."""


@dataclass(frozen=True)
class Clocks:
    """Time since an arbitrary beginning, s: of the wall clock and, summed over the cores this process may use, of CPUs.

    Args:
        wall: time passed.
        busy: time that the cores computed for anybody on this machine.
        steal: time that they were ready and a hypervisor let another machine have them.
        own: time that this process and all it started computed.
    """

    wall: float
    busy: float
    steal: float
    own: float


def clocks() -> Clocks:
    """The clocks now."""
    told = psutil.cpu_times(percpu=True)
    cores = [told[number] for number in usable() if number < len(told)]
    busy = sum(getattr(core, kind, 0.0) for core in cores for kind in COMPUTING)
    steal = sum(getattr(core, "steal", 0.0) for core in cores)
    return Clocks(time.perf_counter(), busy, steal, _own_s())


def load(stage: str, begun: Clocks, ended: Clocks) -> Load:
    """The load between two readings, as shares of all that these cores could do."""
    possible = (ended.wall - begun.wall) * len(usable())
    others = (ended.busy - begun.busy) - (ended.own - begun.own)
    clock = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    return Load(
        stage=stage,
        seconds=ended.wall - begun.wall,
        others=min(1.0, max(0.0, others / possible)),
        steal=min(1.0, max(0.0, (ended.steal - begun.steal) / possible)),
        clock_mhz=clock.current if clock else None,
    )


def _own_s() -> float:
    """CPU time of this process and of all that it started, those that have ended included, s."""
    this = psutil.Process()
    total = 0.0
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it ended just now: its parent counts it
            times = process.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total
