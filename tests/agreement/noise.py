"""How far the fixed piece of work and the load drift on a quiet machine, and beside one busy neighbour.

    python tests/agreement/noise.py [WINDOWS]

Looks at windows of half a second, first alone, then while another process multiplies matrices on one core. The work
counts as its median over the median of the quiet windows, the load as others' and stolen time. `noise.BOUND` and
`noise.LOADED` must lie between the two lines: above nearly all quiet windows, below nearly all disturbed ones.
"""

import contextlib
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from compactbench.instruments.fixed_work import fixed_work_ms
from compactbench.instruments.load import clocks, load
from compactbench.report.statistics.noise import BOUND, LOADED

BUSY = """
import numpy as np
matrix = np.ones((256, 256), dtype=np.float32)
while True:
    matrix @ matrix
"""


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """A process that this one did not start, as the load sees it: a shell started it and is gone."""
    command = (
        f"OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 {shlex.quote(sys.executable)} -c '{BUSY}' >/dev/null 2>&1 & echo $!"
    )
    pid = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield
    finally:
        subprocess.run(["kill", pid], check=True)


def windows(count: int) -> tuple[list[float], list[float]]:
    """The median time of the fixed work in each of `count` windows, ms, and the share of others in each."""
    work, others = [], []
    for _ in range(count):
        begun = clocks()
        time.sleep(0.5)
        found = load("quiet", begun, clocks())
        others.append(found.others + found.steal)
        work.append(statistics.median(fixed_work_ms()))
    return work, others


def main() -> None:
    """Print the spread of both, and how many windows fall on the wrong side of each bound."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    quiet = windows(count)
    with neighbour():
        busy = windows(count)
    usual = statistics.median(quiet[0])
    for name, (work, others) in (("quiet", quiet), ("beside a neighbour", busy)):
        for what, found, bound in (("work", np.array(work) / usual, BOUND), ("load", np.array(others), LOADED)):
            parts = ", ".join(f"p{q} {np.percentile(found, q):.2f}" for q in (5, 50, 95, 99))
            print(f"{name}, {what}: {parts}; {np.mean(found > bound):.0%} of {count} windows above {bound}")


if __name__ == "__main__":
    main()
