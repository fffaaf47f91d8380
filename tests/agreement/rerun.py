"""Do two runs of a suite on the same machine agree?

    python tests/agreement/rerun.py FOLDER OTHER_FOLDER

Compares two folders with records, such as book/runs/starter/here and book/runs/starter/again, which the same machine
measured under two names: how many intervals of a metric overlap, and how well the ranks agree. Exits with 1 when fewer
than 95 % overlap, or when a rank correlation is below .95.
"""

import sys
from pathlib import Path

import pandas as pd
from scipy.stats import spearmanr

from compactbench.record import Record
from compactbench.record.file import read
from compactbench.report.tables.metrics import LATENCY, METRICS, SIZE
from compactbench.report.tables.results import results

WITH_INTERVAL = [metric for metric in METRICS.values() if metric.interval]
RANKED = [LATENCY.name, "inference_peak_ram_mb", "finetune_peak_ram_mb", SIZE.name]


def main() -> None:
    """Print every pair of intervals that are apart, the share that overlaps, and the rank correlations."""
    first, second = map(table, sys.argv[1:])
    overlapping, compared = 0, 0
    for metric in WITH_INTERVAL:
        for model in first.index.intersection(second.index):
            ends = [(run.loc[model, metric.low], run.loc[model, metric.high]) for run in (first, second)]
            if any(end != end for interval in ends for end in interval):
                continue
            compared += 1
            if max(low for low, _ in ends) <= min(high for _, high in ends):
                overlapping += 1
            else:
                print(f"apart: {model} {metric.name} " + " and ".join(f"{low:.4g} to {high:.4g}" for low, high in ends))
    worst = min(spearmanr(first[name], second.loc[first.index, name]).statistic for name in RANKED)
    for name in RANKED:
        print(f"ranks by {name}: Spearman {spearmanr(first[name], second.loc[first.index, name]).statistic:.3f}")
    print(f"{overlapping} of {compared} pairs of intervals overlap: {overlapping / compared:.1%} (asked for: 95 %)")
    sys.exit(int(overlapping / compared < 0.95 or worst < 0.95))


def table(folder: str) -> pd.DataFrame:
    """The finished runs in `folder`, a row a model."""
    records = [record for record in map(read, sorted(Path(folder).glob("*.json"))) if isinstance(record, Record)]
    return results(records).set_index("model")


if __name__ == "__main__":
    main()
