"""The fastest batch size and the largest: passes over the same texts, in batches that double until there is no gain."""

import itertools
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Literal

from compactbench.instruments.processor import Processor
from compactbench.record import Throughput, ThroughputPoint

GAIN = 1.02
"""A doubling that gains less than 2 % counts as none; two of them in a row are a plateau."""
PASS_S = 0.5
"""A pass holds as many texts as the model classifies in about so long."""
LEAST_TEXTS = 64
"""A pass of a slow model holds so many: of fewer, a large batch would hold texts less alike than in a real job."""
PROBE = 16
"""Texts of the one batch that tells how fast the model is."""
MIN_TIME_S = 0.25
"""A shorter pass is repeated until so much time is spent, and so long batches come before it that do not count."""

Classify = Callable[[list[str]], Any]
"""Classifies a batch and returns when the device is done."""


def spread(texts: list[str], count: int) -> list[str]:
    """`count` texts as long as all `texts` are, longest first: of equal slices by length, the middle one of each.

    All of them where there are fewer.
    """
    ordered, count = sorted(texts, key=len, reverse=True), min(count, len(texts))
    return [ordered[(2 * slice_ + 1) * len(texts) // (2 * count)] for slice_ in range(count)]


def sweep(classify: Classify, texts: list[str], cap: int, processor: Processor) -> Throughput:
    """Time passes in batches of 1, 2, 4 ... texts.

    Args:
        classify: classifies a batch.
        texts: what the texts of a pass are taken from.
        cap: the largest batch to try.
        processor: what `classify` computes on.
    """
    points: list[ThroughputPoint] = []
    chosen, size = affordable(classify, texts), 1
    stopped_by: Literal["oom", "plateau", "cap"] = "cap"
    while size <= cap:
        try:
            points.append(measure(classify, chosen, size, processor))
        except Exception as error:  # ONNX Runtime has its own, which derives from nothing more
            if not out_of_memory(error):
                raise
            stopped_by = "oom"
            break
        if plateau([point.sentences_per_s for point in points]):
            stopped_by = "plateau"
            break
        size *= 2
    if not points:
        raise MemoryError("not even a batch of one sentence fits into memory")
    return Throughput(points=points, stopped_by=stopped_by, cap=cap, texts=len(chosen), again=[])


def affordable(classify: Classify, texts: list[str]) -> list[str]:
    """The texts of a pass."""
    probe, count = spread(texts, PROBE), LEAST_TEXTS
    try:
        classify(probe)  # warm-up
        count = max(count, int(len(probe) * PASS_S / timed_s(lambda: classify(probe))))
    except Exception as error:
        if not out_of_memory(error):
            raise
    return spread(texts, count)


def out_of_memory(error: Exception) -> bool:
    """Whether `error` says that memory ran out; each runtime has words of its own for it, and no common exception."""
    words = ("out of memory", "allocate memory", "bad allocation", "bad_alloc", "status_alloc_failed", "memoryerror")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def plateau(speeds: list[float]) -> bool:
    """Whether each of the last two doublings brought less than `GAIN` over the best speed before it."""
    return len(speeds) > 2 and all(speeds[i] < GAIN * max(speeds[:i]) for i in (-2, -1))


def measure(
    classify: Classify, texts: list[str], size: int, processor: Processor, unsorted: bool = False
) -> ThroughputPoint:
    """Time passes over `texts` in batches of `size` on `processor`, sorted by length; and in no order, where asked for.

    A batch larger than the pass repeats its texts.
    """
    filled = list(itertools.islice(itertools.cycle(texts), max(len(texts), size)))
    by_length, energy_j = passes(classify, sorted(filled, key=len, reverse=True), size, processor)
    shuffled = random.Random(0).sample(filled, len(filled))
    mixed = passes(classify, shuffled, size, processor)[0] if unsorted else []
    return ThroughputPoint(
        batch_size=size,
        samples_s=by_length,
        sentences_per_s=len(filled) / statistics.median(by_length),
        unsorted_sentences_per_s=len(filled) / statistics.median(mixed) if mixed else None,
        energy_j=energy_j,
    )


def passes(classify: Classify, texts: list[str], size: int, processor: Processor) -> tuple[list[float], float | None]:
    """The time of each pass, s, and the energy of all, J or None, after batches to warm up: the first claims memory for
    this size, and on a GPU a fresh process stops for .3 s once more within the first few.
    """
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    warm_up = itertools.cycle(batches)
    begun = time.perf_counter()
    while time.perf_counter() - begun < MIN_TIME_S:
        classify(next(warm_up))
    samples: list[float] = []
    taken_j = processor.metered()
    while sum(samples) < max(MIN_TIME_S, processor.energy_s):
        samples.append(timed_s(lambda: [classify(batch) for batch in batches]))
    return samples, taken_j()


def timed_s(call: Callable[[], Any]) -> float:
    """Time of a call, s."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
