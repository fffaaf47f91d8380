"""A fixed piece of work, timed around each measurement: when it took longer, so did the measurement beside it."""

import time

import numpy as np

SIDE, PASSES = 768, 5
"""Matrices of SIDE x SIDE in fp32, multiplied PASSES times: some 10 ms on one core, and every core takes part."""


def fixed_work_ms() -> list[float]:
    """Time of each of PASSES passes, in ms, after one that warms up."""
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    matrix @ matrix
    return [_timed_ms(matrix) for _ in range(PASSES)]


def _timed_ms(matrix: np.ndarray) -> float:
    begun = time.perf_counter()
    matrix @ matrix
    return (time.perf_counter() - begun) * 1e3
