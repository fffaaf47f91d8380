"""End what hangs: a stopped kernel would hold the sweep for ever."""

import contextlib
import time
from pathlib import Path

import psutil

from compactbench.benchmark.progress import minutes, written


class Watchdog:
    """Kills what an orchestrator started when no log was written to for too long; the next run then begins.

    Args:
        orchestrator: its process; killed itself where it has nothing left to wait for.
        logs: files that the runs write to.
        limit_s: how long they may all stand still.
    """

    def __init__(self, orchestrator: int, logs: list[Path], limit_s: float) -> None:
        self._orchestrator, self._logs, self._limit_s = orchestrator, logs, limit_s
        self._sign: list[tuple[int, int] | None] | None = None
        self._since = time.monotonic()

    def look(self) -> None:
        """Kill if it is time to."""
        sign = [written(log) for log in self._logs]
        if sign != self._sign:
            self._sign, self._since = sign, time.monotonic()
        elif time.monotonic() - self._since > self._limit_s:
            print(f"No sign of life for {minutes(self._limit_s)}: its processes are ended", flush=True)
            self._kill()
            self._sign = None

    def _kill(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            orchestrator = psutil.Process(self._orchestrator)
            for process in _running(orchestrator) or [orchestrator]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()


def _running(parent: psutil.Process) -> list[psutil.Process]:
    """What `parent` and its children started, of all that still runs."""
    found = []
    for process in parent.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
