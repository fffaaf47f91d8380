"""Whether a model had learned what it could when its fine-tune ended."""

from statistics import mean

import numpy as np

from compactbench.foreign import Foreign
from compactbench.record import Record
from compactbench.report.statistics.once import once

FALLING = 0.05
"""A loss still falls when the last fifth of the steps brings more than this share of its whole fall.

Of several epochs at most the last one is looked at, by halves: the loss of a text that is seen again is lower, however
little there is left to learn.
"""

RARE = 0.5
"""A class with less than this share of the texts that each would have may go unpredicted, however long the training."""

MANY = 1 / 3
"""But not more than so many of the classes: from the same texts of Reuters, baselines leave out a sixth of them."""


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
    never = [n for n in range(len(counts)) if counts[n].sum() and not counts[:, n].sum()]
    if len(never) > max(2, MANY * len(counts)):
        return Foreign(f"it never predicted {len(never)} of the {len(counts)} classes")
    missed = [run.data.classes[n] for n in never if run.data.train_counts[n] >= rare]
    if missed:
        return Foreign("it never predicted ") + " or ".join(map(str, missed[:3])) + " ..." * (len(missed) > 3)
    curve, steps = run.finetune.loss_curve, run.finetune.steps
    of_last_epoch = sum(point.step > steps - steps / max(1.0, run.finetune.epochs) for point in curve)
    few = min(len(curve) // 5, of_last_epoch // 2)
    if not few:
        return None
    losses = [point.loss for point in curve]
    before, last = mean(losses[-2 * few : -few]), mean(losses[-few:])
    return Foreign("its loss was still falling") if before - last > FALLING * (losses[0] - last) else None
