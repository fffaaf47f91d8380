"""The fastest batch and the largest: double it until memory runs out, the gain ends, or the cap is reached."""

import statistics
import time
from collections.abc import Callable
from typing import Literal

from compactbench.record import Throughput, ThroughputPoint

GAIN = 1.02
"""A doubling that gains less than 2 % counts as none; two of them in a row are a plateau."""
MIN_PASSES = 2
MIN_TIME_S = 0.3


def sweep(run_batch: Callable[[int], None], cap: int) -> Throughput:
    """Time batches of 1, 2, 4 ... sentences.

    Args:
        run_batch: classifies a batch of the given size and returns when the device is done.
        cap: the largest batch to try.
    """
    points: list[ThroughputPoint] = []
    size = 1
    stopped_by: Literal["oom", "plateau", "cap"] = "cap"
    while size <= cap:
        try:
            points.append(measure(run_batch, size))
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
    return Throughput(points=points, stopped_by=stopped_by, cap=cap, again=[])


def out_of_memory(error: Exception) -> bool:
    """Whether `error` says that memory ran out; each runtime has words of its own for it, and no common exception."""
    words = ("out of memory", "allocate memory", "bad allocation", "bad_alloc", "status_alloc_failed")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def plateau(speeds: list[float]) -> bool:
    """Whether each of the last two doublings brought less than `GAIN` over the best speed before it."""
    return len(speeds) > 2 and all(speeds[i] < GAIN * max(speeds[:i]) for i in (-2, -1))


def measure(run_batch: Callable[[int], None], size: int) -> ThroughputPoint:
    """Time batches of `size` sentences after one to warm up."""
    run_batch(size)  # warm-up: the first pass claims the memory for this size
    samples: list[float] = []
    while len(samples) < MIN_PASSES or sum(samples) < MIN_TIME_S:
        begun = time.perf_counter()
        run_batch(size)
        samples.append(time.perf_counter() - begun)
    return ThroughputPoint(batch_size=size, samples_s=samples, sentences_per_s=size / statistics.median(samples))
