"""Which classes are confused with which."""

import numpy as np


def confused_pairs(counts: np.ndarray) -> list[tuple[int, int]]:
    """Row and column of the pairs of different classes with a text in `counts`, those with most first.

    Args:
        counts: texts by true and predicted class, shape (classes, classes).
    """
    errors = counts - np.diag(counts.diagonal())
    places = np.argsort(-errors, axis=None, kind="stable")
    return [divmod(int(place), len(errors)) for place in places if errors.flat[place]]
