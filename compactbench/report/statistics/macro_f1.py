"""How far the choice of test texts moves the difference of two macro F1 on the same texts.

Every model meets the same drawn texts, so a hundred models are scored a hundred times, and not once a pair.
"""

import functools

import numpy as np

from compactbench.record import parted

RESAMPLES = 999


def macro_f1_deviation(true: str, first: str, second: str, classes: int) -> float:
    """The bootstrap standard deviation of the first macro F1 less the second.

    Args:
        true: the class of each text; like both others `Numbers` of a record, of which the first texts count.
        first: the class that the first model gave.
        second: the class that the second model gave.
        classes: number of classes.
    """
    texts = min(1 + numbers.count(" ") for numbers in (true, first, second))
    scores = drawn_macro_f1(true, first, texts, classes) - drawn_macro_f1(true, second, texts, classes)
    return float(scores.std(ddof=1))


@functools.lru_cache(maxsize=4096)
def drawn_macro_f1(true: str, given: str, texts: int, classes: int) -> np.ndarray:
    """The macro F1 of one model on each draw of the first `texts`, shape (draws,); the other arguments as above."""
    of_class = np.eye(classes, dtype=np.float32)
    first, second = (of_class[parted(numbers)[:texts]] for numbers in (true, given))  # (texts, classes) each
    right, both = (_drawn(texts) @ counted for counted in (first * second, first + second))  # (draws, classes) each
    return np.asarray(np.divide(2 * right, both, out=np.zeros_like(both), where=both > 0).mean(axis=1, dtype=float))


@functools.lru_cache(maxsize=1)
def _drawn(texts: int) -> np.ndarray:
    """How often each draw holds each text, shape (draws, texts); such whole numbers are exact in 32 bits."""
    draws = np.random.default_rng(0).integers(texts, size=(RESAMPLES, texts))
    return np.stack([np.bincount(draw, minlength=texts) for draw in draws]).astype(np.float32)
