"""Which model is at which stage, as the logs of the runs tell, and for how long yet."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

POLL_S = 0.5


@contextlib.contextmanager
def repeated(look: Callable[[], None]) -> Iterator[None]:
    """Call `look` every half second while this is entered, and once more at its end."""
    over = threading.Event()

    def follow() -> None:
        while not over.wait(POLL_S):
            look()
        look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def written(log: Path) -> tuple[int, int] | None:
    """What changes when `log` is written: never compared by order, as a clock may be set back. None where it is not."""
    with contextlib.suppress(FileNotFoundError):
        found = log.stat()
        return found.st_mtime_ns, found.st_size
    return None


class Progress:
    """Prints the stages that the runs came to since it last looked.

    Args:
        logs: the log of each run that is due, by the run's name.
        expected: seconds that a run took before, where it ran before.
    """

    def __init__(self, logs: dict[str, Path], expected: dict[str, float]) -> None:
        self._logs, self._expected = logs, expected
        self._started: dict[str, float] = {}
        self._shown: dict[str, int] = dict.fromkeys(logs, 0)
        self._begun = time.monotonic()
        self._before = {name: written(log) for name, log in logs.items()}

    def look(self) -> None:
        """Print what is new."""
        for name, log in self._logs.items():
            if written(log) != self._before[name]:
                with contextlib.suppress(FileNotFoundError):  # Snakemake removes the log of an earlier run first
                    self._tell(name)

    def _tell(self, name: str) -> None:
        """Print the stages in the log of `name` that were not yet printed."""
        lines = self._logs[name].read_text(encoding="utf-8", errors="replace").splitlines()
        if name not in self._started:
            self._started[name] = time.monotonic()
            self._print(name, "starting")
        stages = [line.partition(" ")[2] for line in lines if line.partition(" ")[2].startswith("stage ")]
        for stage in stages[self._shown[name] :]:
            self._print(name, stage)
        self._shown[name] = len(stages)

    def _print(self, name: str, what: str) -> None:
        place = f"[{len(self._started)}/{len(self._logs)}] {name:<12}"
        print(f"{place} {what:<24} {minutes(time.monotonic() - self._begun)} elapsed{self._left(name)}", flush=True)

    def _left(self, current: str) -> str:
        """How much is left, at the pace so far; nothing unless every model to come is known from an earlier run."""
        to_come = [name for name in self._logs if name not in self._started]
        if not {current, *to_come} <= self._expected.keys():
            return ""
        now = time.monotonic()
        done = [name for name in self._started if name != current]
        took = self._started[current] - self._begun
        pace = took / sum(self._expected[name] for name in done) if done else 1.0
        rest = max(0.0, pace * self._expected[current] - (now - self._started[current]))
        return f", about {minutes(rest + pace * sum(self._expected[name] for name in to_come))} left"


def minutes(seconds: float) -> str:
    """As "2 min 05 s"."""
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
