"""Another runtime than the one a model was trained with: the best of each model in its place."""

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.paired import MARGIN, against_trained
from compactbench.report.tables.metrics import latency, on
from compactbench.report.tables.results import Records

ANY = "any"
"""What a reader asks for who does not care which runtime it is."""


def names(records: Records) -> list[str]:
    """The runtimes that any of the records was measured in."""
    finished = [record for record in records if isinstance(record, Record)]
    return sorted({result.runtime for record in finished for result in record.runtimes})


def in_runtime(records: Records, runtime: str | None, margin: float = MARGIN) -> list[Record | FailedRecord]:
    """The records with the best runtime first, of those with the name that the reader asks for.

    The best is the one with the lowest median latency on the CPU among those that keep the quality of the model as
    trained: they are shown not to be less accurate by more than `margin`. Where none of the name is shown to, it is the
    most accurate of them. A model that has none of that name keeps no latency.

    Args:
        records: runs.
        runtime: one of `names`, or ANY; None: as trained.
        margin: as in `Comparison`.
    """
    if runtime is None:
        return list(records)
    return [deployed(record, runtime, margin) if isinstance(record, Record) else record for record in records]


def deployed(record: Record, runtime: str = ANY, margin: float = MARGIN) -> Record:
    """A record with its best runtime first, and named in its title; the arguments are those of `in_runtime`."""
    trained = record.trained
    able = [one for one in record.runtimes if runtime in (ANY, one.runtime) and one.quality and not one.error]
    if not able:
        error = f"it was not measured in {runtime}"
        nothing = trained.model_copy(update={"latency": [], "latency_by_length": [], "error": error})
        return record.model_copy(update={"runtimes": [nothing]})
    keeping = [one for one in able if _keeps_quality(one, record, margin)]
    most_accurate = max(able, key=lambda one: one.quality.accuracy if one.quality else 0.0)
    best = min(keeping, key=lambda one: _latency(record, one), default=most_accurate)
    if best is trained:
        return record
    others = [one for one in record.runtimes if one is not best]
    title = record.title + " (" + best.label + ")"
    return record.model_copy(update={"runtimes": [best, *others], "title": title})


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
