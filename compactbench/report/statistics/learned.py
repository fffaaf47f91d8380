"""Whether a model had learned what it could when its fine-tune ended."""

from statistics import mean

import numpy as np

from compactbench.foreign import Foreign
from compactbench.record import Record

FALLING = 0.05
"""A loss still falls when the last fifth of the steps brings more than this share of its whole fall."""


def undertrained(run: Record) -> Foreign | None:
    """Why the run says little about its model's accuracy, in a few words; None where it says what it can.

    Random weights are none of it: they are to be timed, not to learn.
    """
    quality = run.trained.quality
    if run.weights == "random" or not run.classifier.fine_tuned or quality is None:
        return None
    counts = np.array(quality.confusion)  # (classes, classes), rows are the truth
    missed = [name for n, name in enumerate(run.data.classes) if counts[n].sum() and not counts[:, n].sum()]
    if missed:
        return Foreign("it never predicted ") + " or ".join(map(str, missed[:3])) + " ..." * (len(missed) > 3)
    losses = [point.loss for point in run.finetune.loss_curve]
    fifth = len(losses) // 5
    if not fifth:
        return None
    before, last = mean(losses[-2 * fifth : -fifth]), mean(losses[-fifth:])
    return Foreign("its loss was still falling") if before - last > FALLING * (losses[0] - last) else None
