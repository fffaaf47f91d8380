"""The energy that the CPU tells: RAPL's counters of its packages, as Linux shows those of Intel and of AMD."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
READ_EVERY_S = 10.0
"""A counter wraps after minutes: that of an AMD EPYC after 66 kJ. Read so often, it has not wrapped twice."""


class _Package:
    """The counter of one package, added up over its wraps."""

    def __init__(self, zone: Path) -> None:
        self._counter = zone / "energy_uj"
        self._range = int((zone / "max_energy_range_uj").read_text())
        self._seen, self.taken_uj = int(self._counter.read_text()), 0

    def add(self) -> None:
        now = int(self._counter.read_text())
        self.taken_uj += (now - self._seen) % self._range
        self._seen = now


def metered() -> Callable[[], float | None]:
    """Begin to meter the energy of all packages, with whatever computes on them.

    Returns:
        What ends it and tells the energy, J; None where the machine does not: it has no counter, or one that this
        process may not read or that stands still.
    """
    # beside packages there are their cores and memory, which are parts of them, and the whole platform
    zones = POWERCAP.glob("intel-rapl:*")
    try:
        packages = [_Package(zone) for zone in zones if (zone / "name").read_text().startswith("package")]
    except OSError:  # most systems let root alone read them
        packages = []
    ended = threading.Event()

    def add() -> None:
        for package in packages:
            package.add()

    def follow() -> None:
        while not ended.wait(READ_EVERY_S):
            with contextlib.suppress(OSError):
                add()

    def taken() -> float | None:
        ended.set()
        if not packages:
            return None
        thread.join()
        try:
            add()
        except OSError:
            return None
        each = [package.taken_uj for package in packages]
        return sum(each) / 1e6 if all(each) else None

    thread = threading.Thread(target=follow, daemon=True)
    if packages:
        thread.start()
    return taken
