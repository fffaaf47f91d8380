"""The score statistic of a difference of paired proportions, by another way than the package's."""

import math

from scipy.optimize import minimize_scalar
from scipy.special import xlogy


def likelihood_score(n: float, only_one: float, only_other: float, difference: float) -> float:
    """The score statistic at `difference`, the nuisance parameter found by maximizing the likelihood numerically."""

    def loss(q: float) -> float:
        p = q + difference
        return -float(xlogy(only_one, p) + xlogy(only_other, q) + xlogy(n - only_one - only_other, 1 - p - q))

    bounds = max(0.0, -difference) + 1e-15, (1 - difference) / 2 - 1e-15
    q = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    return ((only_one - only_other) / n - difference) / math.sqrt((2 * q + difference - difference**2) / n)
