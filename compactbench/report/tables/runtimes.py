"""Another runtime than the one a model was trained with: the best of each model in its place."""

from collections.abc import Mapping

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.once import once
from compactbench.report.statistics.paired import MARGIN, against_trained
from compactbench.report.tables.metrics import METRICS, latency, on
from compactbench.report.tables.results import Records

ANY = "any"
"""What a reader asks for who does not care which runtime it is."""
NO_LIMITS: Mapping[str, float] = {}


def names(records: Records) -> list[str]:
    """The runtimes that any of the records was measured in."""
    finished = [record for record in records if isinstance(record, Record)]
    return sorted({result.runtime for record in finished for result in record.runtimes})


def in_runtime(
    records: Records, runtime: str | None, margin: float = MARGIN, limits: Mapping[str, float] = NO_LIMITS
) -> list[Record | FailedRecord]:
    """The records with the best runtime first, of those with the name that the reader asks for.

    The best is the one with the lowest median latency on the CPU among those that keep the quality of the model as
    trained (they are shown not to be less accurate by more than `margin`) and keep the limits. Where none keeps the
    limits, they do not count; where none of the name is shown to keep the quality, it is the most accurate of them. A
    model that has none of that name keeps no latency.

    Args:
        records: runs.
        runtime: one of `names`, or ANY; None: as trained.
        margin: as in `Comparison`.
        limits: a bound for each metric, as in `recommend`.
    """
    if runtime is None:
        return list(records)
    return [deployed(run, runtime, margin, limits) if isinstance(run, Record) else run for run in records]


def deployed(
    record: Record, runtime: str = ANY, margin: float = MARGIN, limits: Mapping[str, float] = NO_LIMITS
) -> Record:
    """A record with its best runtime first, and named in its title; the arguments are those of `in_runtime`."""
    trained = record.trained
    able = eligible(record, runtime, margin)
    if not able:
        error = f"it was not measured in {runtime}"
        nothing = trained.model_copy(update={"latency": [], "latency_by_length": [], "error": error})
        return record.model_copy(update={"runtimes": [nothing]})
    within = [one for one in able if all(METRICS[name].keeps(record, one, limit) for name, limit in limits.items())]
    return first(record, min(within or able, key=lambda one: _latency(record, one)))


def eligible(record: Record, runtime: str = ANY, margin: float = MARGIN) -> list[RuntimeResult]:
    """The runtimes of that name that keep the quality of the model as trained, else the most accurate of the name."""
    able = [one for one in record.runtimes if runtime in (ANY, one.runtime) and one.quality and not one.error]
    keeping = [one for one in able if _keeps_quality(one, record, margin)]
    most_accurate = max(able, key=lambda one: one.quality.accuracy if one.quality else 0.0, default=None)
    return keeping or ([most_accurate] if most_accurate else [])


def first(record: Record, result: RuntimeResult) -> Record:
    """The record with that runtime first; the title names it, unless the model was trained in it."""
    return record if result is record.trained else _first(record, result)


@once  # so that what was worked out of it serves whoever asks for it again
def _first(record: Record, result: RuntimeResult) -> Record:
    others = [one for one in record.runtimes if one is not result]
    title = record.title + " (" + result.label + ")"
    return record.model_copy(update={"runtimes": [result, *others], "title": title})


def _latency(record: Record, result: RuntimeResult) -> float:
    """The median latency on the CPU, ms; infinite where it was not measured there."""
    found = latency(on("cpu", record, result), 50)
    return found.value if found else float("inf")


def _keeps_quality(result: RuntimeResult, record: Record, margin: float) -> bool:
    """Whether `result` classifies as well as the model as trained; unknown, so true, for random weights."""
    if result is record.trained or record.weights == "random":
        return True
    found = against_trained(record, result, margin)
    return found is not None and found.not_inferior
