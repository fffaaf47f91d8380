"""Does what a run promises of the next one hold?

    python tests/agreement/rerun.py FOLDER OTHER_FOLDER...

Compares folders with records of one suite, such as book/runs/starter/here and book/runs/starter/again, which the same
machine measured under several names: how often the interval of a metric holds the value of another run, over all
ordered pairs of folders, how wide the intervals are, and how well the ranks agree. It does so for each model as
trained and for each model in each further runtime. How much the machine's state moves tell all runs of the first
folder's machine, those of other suites among them. Exits with 1 when fewer than 90 % of a metric's intervals hold, or
when a rank correlation is below .95.
"""

import itertools
import math
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from compactbench.record import Record
from compactbench.record.file import read
from compactbench.report.statistics.noise import drift
from compactbench.report.tables.columns import Column, Metric
from compactbench.report.tables.metrics import LATENCY, METRICS, RUNTIMES, SIZE
from compactbench.report.tables.results import results, runtimes

RANKED = [LATENCY.name, "inference_peak_ram_mb", "finetune_peak_ram_mb", SIZE.name]
ASKED = 0.9


def main() -> None:
    """Print the coverage and the width of each metric's intervals, and the worst rank correlation of each."""
    folders = [Path(folder).absolute() for folder in sys.argv[1:]]
    moves = drift([one for folder in folders[0].parent.parent.glob(f"*/{folders[0].name}") for one in finished(folder)])
    told = {"drift": moves[folders[0].name]}
    runs = [[one.model_copy(update=told) for one in finished(folder)] for folder in folders]
    trained = [results(found).set_index("model") for found in runs]
    every = [runtimes(found).set_index(["model", "label"]) for found in runs]
    least = min(*covered(trained, METRICS.values(), "as trained"), *covered(every, RUNTIMES, "in each runtime"))
    ranks = {name: min(ranked(*pair, name) for pair in itertools.combinations(trained, 2)) for name in RANKED}
    for name, worst in ranks.items():
        print(f"ranks by {name}: Spearman {worst:.3f} at least")
    print(f"at least {least:.1%} of the intervals of each metric hold (asked for: {ASKED:.0%})")
    sys.exit(int(least < ASKED or min(ranks.values()) < 0.95))


def covered(tables: list[pd.DataFrame], columns: Iterable[Column], where: str) -> list[float]:
    """Print how well the intervals of each metric of time hold, and return the share of them that do."""
    held: dict[str, list[bool]] = defaultdict(list)
    widths: dict[str, list[float]] = defaultdict(list)
    timed = [one for one in columns if isinstance(one, Metric) and one.interval and not one.name.startswith("eval_")]
    for one, other in itertools.permutations(tables, 2):
        for metric, row in itertools.product(timed, one.index.intersection(other.index)):
            low, high, value = one.loc[row, metric.low], one.loc[row, metric.high], other.loc[row, metric.name]
            if low == low and value == value:  # both were measured
                held[metric.name].append(bool(low <= value <= high))
                widths[metric.name].append(math.sqrt(high / low) - 1)
    for name, found in held.items():
        share, width = np.mean(found), np.median(widths[name])
        print(f"{name} {where}: {share:.1%} of {len(found)} intervals hold; half as wide as {width:.0%} in the median")
    return [float(np.mean(found)) for found in held.values()]


def ranked(one: pd.DataFrame, other: pd.DataFrame, name: str) -> float:
    """Spearman's rank correlation of one column in two tables."""
    return float(spearmanr(one[name], other.loc[one.index, name]).statistic)


def finished(folder: Path) -> list[Record]:
    """The records of the finished runs in `folder`."""
    return [record for record in map(read, sorted(folder.glob("*.json"))) if isinstance(record, Record)]


if __name__ == "__main__":
    main()
