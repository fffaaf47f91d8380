"""Does what a run promises of the next one hold?

    python tests/agreement/rerun.py FOLDER OTHER_FOLDER...

Compares folders with records of one suite, such as book/runs/starter/here and book/runs/starter/again, which the same
machine measured under several names: how often the interval of a metric holds the value of another run, over all
ordered pairs of folders, how wide the intervals are, and how well the ranks agree. Exits with 1 when fewer than 90 %
of a metric's intervals hold, or when a rank correlation is below .95.
"""

import itertools
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from compactbench.record import Record
from compactbench.record.file import read
from compactbench.report.tables.metrics import LATENCY, METRICS, SIZE
from compactbench.report.tables.results import results

TIMED = [metric for metric in METRICS.values() if metric.interval and not metric.name.startswith("eval_")]
RANKED = [LATENCY.name, "inference_peak_ram_mb", "finetune_peak_ram_mb", SIZE.name]
ASKED = 0.9


def main() -> None:
    """Print the coverage and the width of each metric's intervals, and the worst rank correlation of each."""
    tables = [table(folder) for folder in sys.argv[1:]]
    held: dict[str, list[bool]] = defaultdict(list)
    widths: dict[str, list[float]] = defaultdict(list)
    for one, other in itertools.permutations(tables, 2):
        for metric, model in itertools.product(TIMED, one.index.intersection(other.index)):
            low, high, value = one.loc[model, metric.low], one.loc[model, metric.high], other.loc[model, metric.name]
            if low == low and value == value:  # both were measured
                held[metric.name].append(bool(low <= value <= high))
                widths[metric.name].append(math.sqrt(high / low) - 1)
    for name, found in held.items():
        width = np.median(widths[name])
        print(f"{name}: {np.mean(found):.1%} of {len(found)} intervals hold; half as wide as {width:.0%} in the median")
    ranks = {name: min(ranked(*pair, name) for pair in itertools.combinations(tables, 2)) for name in RANKED}
    for name, worst in ranks.items():
        print(f"ranks by {name}: Spearman {worst:.3f} at least")
    least = min(map(np.mean, held.values()))
    print(f"at least {least:.1%} of the intervals of each metric hold (asked for: {ASKED:.0%})")
    sys.exit(int(least < ASKED or min(ranks.values()) < 0.95))


def ranked(one: pd.DataFrame, other: pd.DataFrame, name: str) -> float:
    """Spearman's rank correlation of one column in two tables."""
    return float(spearmanr(one[name], other.loc[one.index, name]).statistic)


def table(folder: str) -> pd.DataFrame:
    """The finished runs in `folder`, a row a model."""
    records = [record for record in map(read, sorted(Path(folder).glob("*.json"))) if isinstance(record, Record)]
    return results(records).set_index("model")


if __name__ == "__main__":
    main()
