"""Whether the machine was quiet: the fixed piece of work that every run timed around its measurements."""

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence

from compactbench.record import FailedRecord, Record
from compactbench.report.statistics.intervals import STEADY

BOUND = 1.25
"""A window is disturbed when the fixed work took this many times as long as usual in it.

How it was chosen: tests/agreement/noise.py times that work on a quiet machine and beside one busy neighbour; the bound
lies above what quiet windows reach (1.10 at the 99th percentile), below what the neighbour costs (2.1 in the median).
"""
SHARE = 0.1
"""A run is noisy when more than this share of its windows is disturbed: one blip among thirty moves no median."""
LOADED = 0.1
"""A window is disturbed as well when others had more than this share of its cores' time, however usual that is there.

`tests/agreement/noise.py` tells it, too: others take less of a quiet machine, and one busy neighbour takes a core.
"""


def usual_ms(records: Sequence[Record | FailedRecord]) -> dict[str, float]:
    """What the fixed work usually takes on each machine: the median over the windows of its runs, ms."""
    windows: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if isinstance(record, Record):
            windows[record.machine] += medians_ms(record)
    return {machine: statistics.median(found) for machine, found in windows.items() if found}


def drift(records: Sequence[Record | FailedRecord]) -> dict[str, float]:
    """How much each machine's state differs from run to run: the standard deviation of the logarithm of the fixed work.

    0 for a machine with one run alone, or on which no run timed it, as the first version did not.
    """
    states: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if isinstance(record, Record) and record.fixed_work:
            states[record.machine].append(math.log(statistics.median(medians_ms(record))))
    known = {machine: statistics.stdev(found) for machine, found in states.items() if len(found) > 1}
    return defaultdict(lambda: STEADY, known)


def noisy(record: Record, usual: dict[str, float]) -> bool | None:
    """Whether something disturbed the run: see BOUND, LOADED and SHARE; None where it did not time the fixed work."""
    if not record.fixed_work:
        return None
    slowed = [window > BOUND * usual[record.machine] for window in medians_ms(record)]
    loaded = [window.others + window.steal > LOADED for window in record.load]
    return any(sum(disturbed) > SHARE * len(disturbed) for disturbed in (slowed, loaded))


def medians_ms(record: Record) -> list[float]:
    """The median time of the fixed work in each window around a measurement, ms."""
    return [statistics.median(window.samples_ms) for window in record.fixed_work]
