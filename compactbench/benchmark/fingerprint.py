"""temporary"""

from compactbench.record import Fingerprint


def fingerprint(model, suite, weights):
    return Fingerprint(settings={}, data={}, weights={}, code={}, versions={})
