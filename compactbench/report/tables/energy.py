"""The energy of a million texts and of another fine-tune, where the machine counted it."""

import statistics

from compactbench.record import Record, RuntimeResult

WH = 3600
"""One watt-hour, J."""


def of_a_million_texts(_: Record, one: RuntimeResult) -> float | None:
    """Energy of all passes whose speed is published, for so many texts, Wh."""
    points = one.throughput.again or [one.throughput.best] if one.throughput else []
    taken = [point.energy_j for point in points if point.energy_j is not None]
    if not points or len(taken) < len(points):
        return None
    texts = sum(point.sentences_per_s * statistics.median(point.samples_s) * len(point.samples_s) for point in points)
    return 1e6 * sum(taken) / texts / WH


def of_the_finetune(run: Record, _: RuntimeResult) -> float | None:
    """As the suite asks for it, which random weights cut short, Wh."""
    taken = run.finetune.energy_j
    return None if taken is None or run.weights == "random" else taken / WH
