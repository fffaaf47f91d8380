"""Another runtime than the one a model was trained with: the best of each model in its place."""

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.ties import differ
from compactbench.report.tables.metrics import latency, on
from compactbench.report.tables.results import Records

ANY = "any"
"""What a reader asks for who does not care which runtime it is."""


def names(records: Records) -> list[str]:
    """The runtimes that any of the records was measured in."""
    finished = [record for record in records if isinstance(record, Record)]
    return sorted({result.runtime for record in finished for result in record.runtimes})


def in_runtime(records: Records, runtime: str | None) -> list[Record | FailedRecord]:
    """The records with the best runtime first, of those with the name that the reader asks for.

    The best is the one with the lowest median latency on the CPU among those that are not significantly less accurate
    than the model as trained. A model that has none of that name keeps no latency.

    Args:
        records: runs.
        runtime: one of `names`, or ANY; None: as trained.
    """
    if runtime is None:
        return list(records)
    return [_best(record, runtime) if isinstance(record, Record) else record for record in records]


def _best(record: Record, runtime: str) -> Record:
    trained = record.trained
    able = [one for one in record.runtimes if runtime in (ANY, one.runtime) and _keeps_quality(one, record)]
    if not able:
        error = f"it was not measured in {runtime}"
        nothing = trained.model_copy(update={"latency": [], "latency_by_length": [], "error": error})
        return record.model_copy(update={"runtimes": [nothing]})
    best = min(able, key=lambda one: _latency(record, one))
    if best is trained:
        return record
    others = [one for one in record.runtimes if one is not best]
    title = record.title + " (" + best.label + ")"
    return record.model_copy(update={"runtimes": [best, *others], "title": title})


def _latency(record: Record, result: RuntimeResult) -> float:
    """The median latency on the CPU, ms; infinite where it was not measured there."""
    found = latency(on("cpu", record, result), 50)
    return found.value if found else float("inf")


def _keeps_quality(result: RuntimeResult, record: Record) -> bool:
    """Whether `result` classifies as well as the model as trained; unknown, so true, for random weights."""
    before, after = record.trained.quality, result.quality
    if result.error or not after or not before:
        return False
    return record.weights == "random" or after.accuracy >= before.accuracy or not differ(after, before)
