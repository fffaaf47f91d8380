"""What several seeds say of the models of one group, in words and tables."""

from collections.abc import Sequence

import numpy as np

from compactbench.record import FailedRecord, Record
from compactbench.report.statistics.learned import undertrained
from compactbench.report.statistics.seeds import over_seeds, paired, superiority
from compactbench.report.tables.metrics import ACCURACY
from compactbench.report.text.words import Markdown, markdown, markdown_table

ONE_SEED = Markdown("No two models were fine-tuned from several seeds in common, so nothing is known of another seed.")


def against_best(records: Sequence[Record | FailedRecord]) -> Markdown:
    """Each model of one group as it was trained, held against the one of the highest mean seed by seed, as a table."""
    found = [
        (run, known)
        for run in records
        if isinstance(run, Record) and run.weights != "random" and not undertrained(run)
        if (known := over_seeds(run, run.trained, "accuracy"))
    ]
    if not found:
        return ONE_SEED
    (best, highest), *others = sorted(found, key=lambda one: -one[1].value)
    body = []
    for run, known in others:
        pairs, ahead = paired(best, run), superiority(best, run)
        if ahead is None or ahead.seeds < 2:
            continue
        points = 100 * np.mean([first.mean() - second.mean() for first, second in pairs.values()])
        low, high = ahead.interval
        interval = ACCURACY.range(known.interval) if known.interval else ACCURACY.text(None)
        held = f"{ahead.probability:.0%} ({low:.0%} to {high:.0%})"
        body.append([run.title, ACCURACY.text(known.value), interval, f"{points:.1f}", f"{ahead.seeds}", held])
    if not body:
        return ONE_SEED
    head = ["Model", "Mean accuracy", "95 % interval", "Points behind", "Seeds", "Probability to be behind"]
    told = f"The highest mean over the seeds is that of {markdown(best.title)}, {ACCURACY.text(highest.value)}."
    return Markdown(f"{told}\n\n{markdown_table(head, body)}")
