"""Whether a model had learned what it could when its fine-tune ended."""

from statistics import mean

import numpy as np

from compactbench.foreign import Foreign
from compactbench.record import Record
from compactbench.report.statistics.once import once

FALLING = 0.05
"""A loss still falls when the last fifth of the steps brings more than this share of its whole fall."""

RARE = 0.5
"""A class with less than this share of the texts that each would have may go unpredicted, however long the training."""


@once
def undertrained(run: Record) -> Foreign | None:
    """Why the run says little about its model's accuracy, in a few words; None where it says what it can.

    Random weights are none of it: they are to be timed, not to learn.
    """
    quality = run.trained.quality
    if run.weights == "random" or not run.classifier.fine_tuned or quality is None:
        return None
    counts = np.array(quality.confusion)  # (classes, classes), rows are the truth
    rare = sum(run.data.train_counts) * RARE / len(counts)  # texts
    learned = [n for n, texts in enumerate(run.data.train_counts) if texts >= rare and counts[n].sum()]
    missed = [run.data.classes[n] for n in learned if not counts[:, n].sum()]
    if missed:
        return Foreign("it never predicted ") + " or ".join(map(str, missed[:3])) + " ..." * (len(missed) > 3)
    losses = [point.loss for point in run.finetune.loss_curve]
    fifth = len(losses) // 5
    if not fifth:
        return None
    before, last = mean(losses[-2 * fifth : -fifth]), mean(losses[-fifth:])
    return Foreign("its loss was still falling") if before - last > FALLING * (losses[0] - last) else None
