"""How far the fixed piece of work drifts on a quiet machine, and beside one busy neighbour.

    python tests/agreement/noise.py [WINDOWS]

Times the work in windows half a second apart, first alone, then while another process multiplies matrices on one core.
A window counts as its median over the median of the quiet windows. `noise.BOUND` must lie between the two lines: above
nearly all quiet windows, below nearly all disturbed ones.
"""

import multiprocessing
import statistics
import sys
import time

import numpy as np

from compactbench.instruments.fixed_work import fixed_work_ms
from compactbench.report.statistics.noise import BOUND


def neighbour() -> None:
    """Keep one core busy for ever."""
    matrix = np.ones((256, 256), dtype=np.float32)
    while True:
        matrix @ matrix


def windows(count: int) -> list[float]:
    """The median of each of `count` windows, ms."""
    found = []
    for _ in range(count):
        time.sleep(0.5)
        found.append(statistics.median(fixed_work_ms()))
    return found


def main() -> None:
    """Print the spread of both, and how many windows fall on the wrong side of the bound."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    quiet = windows(count)
    busy = multiprocessing.Process(target=neighbour, daemon=True)
    busy.start()
    disturbed = windows(count)
    busy.terminate()
    usual = statistics.median(quiet)
    for name, found in (("quiet", quiet), ("beside a neighbour", disturbed)):
        ratios = np.array(found) / usual
        parts = ", ".join(f"p{q} {np.percentile(ratios, q):.2f}" for q in (5, 50, 95, 99))
        print(f"{name}: {usual:.1f} ms is 1; {parts}; {np.mean(ratios > BOUND):.0%} of {count} windows above {BOUND}")


if __name__ == "__main__":
    main()
