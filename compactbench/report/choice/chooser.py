"""What the chooser needs to answer under any limits: each model in each runtime, and what the texts say of any two.

All statistics are done here. The page's script filters, looks up and sorts, as `recommend` does.
"""

from collections.abc import Sequence
from typing import Any

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.choice.deciding import decides
from compactbench.report.statistics.noise import drift
from compactbench.report.statistics.paired import MARGIN, Comparison, Pairs, pairs
from compactbench.report.tables.columns import Metric
from compactbench.report.tables.metrics import CPU_TIME, LATENCY, METRICS, SIZE
from compactbench.report.tables.runtimes import eligible, first, names

LIMITS: tuple[Metric, ...] = (
    METRICS["cpu_latency_p95_ms"],
    METRICS["throughput_sentences_per_s"],
    SIZE,
    METRICS["inference_peak_ram_mb"],
    METRICS["finetune_peak_ram_mb"],
    CPU_TIME,
)
"""What a reader can limit, beside the quality that decides."""
NOT_INFERIOR, LEADS, UNDECIDED, TIED = 1, 2, 4, 8
"""Bits of what is known of two candidates: the first is shown not to be worse than the second by the margin; it is the
better one where some seed is left out; it may be worse by more than the margin or equal; they are tied."""
Candidate = tuple[Record, RuntimeResult]


def chooser(records: Sequence[Record | FailedRecord], margin: float = MARGIN) -> list[dict[str, Any]]:
    """For each suite on each machine what the chooser needs, as JSON holds it; the order is that of suite and machine.

    Args:
        records: every run of the book.
        margin: as in `Comparison`.
    """
    groups: dict[tuple[str, str], list[Record]] = {}
    for run in records:
        if isinstance(run, Record) and not run.finetune.edited:
            groups.setdefault((run.suite, run.machine), []).append(run)
    states = drift(records)
    return [
        _group(sorted(runs, key=lambda run: run.model), margin, states[machine])
        for (_, machine), runs in sorted(groups.items())
    ]


def _group(runs: list[Record], margin: float, drift: float) -> dict[str, Any]:
    known, quality = pairs(runs, margin), decides(runs[0].data)
    candidates = [(run, result) for run in runs for result in run.runtimes if result.quality and not result.error]
    weighed = [number for number, (run, _) in enumerate(candidates) if run.model in known.records]
    metrics = [quality, *LIMITS]
    return {
        "suite": runs[0].suite,
        "data": runs[0].data.name,
        "machine": runs[0].machine,
        "margin": margin,
        "quality": quality.name,
        "runtimes": names(runs),
        "metrics": [_metric(metric) for metric in metrics],
        "candidates": [_candidate(one, [*metrics, LATENCY], one[0].model in known.records) for one in candidates],
        "eligible": {name: _eligible(candidates, name, margin) for name in ("any", *names(runs))},
        "weighed": weighed,
        "pairs": _all_pairs([candidates[number] for number in weighed], known),
        "faster": _faster([candidates[number] for number in weighed], drift),
    }


def _metric(metric: Metric) -> dict[str, Any]:
    about = {"name": metric.name, "label": metric.label, "unit": metric.unit, "better": metric.better}
    return about | {"scale": metric.scale}


def _candidate(one: Candidate, metrics: Sequence[Metric], known: bool) -> dict[str, Any]:
    """A model in a runtime; its values in the columns' units, null where not measured, and as people read them."""
    run, result = one
    values = {metric.name: metric.cells(run, result)[metric.name] for metric in metrics}
    return {
        "model": run.model,
        "title": first(run, result).title,
        "runtime": result.runtime,
        "known": known,
        "random": run.weights == "random",
        "values": {name: None if value is None else float(value) for name, value in values.items()},
        "texts": {metric.name: metric.text(values[metric.name]) for metric in metrics},
    }


def _eligible(candidates: Sequence[Candidate], runtime: str, margin: float) -> list[int]:
    """The numbers of the candidates that may stand for their model where a reader asks for that runtime."""
    runs = {run.model: run for run, _ in candidates}
    allowed = {model: eligible(run, runtime, margin) for model, run in runs.items()}
    return [
        number for number, (run, result) in enumerate(candidates) if any(result is one for one in allowed[run.model])
    ]


def _all_pairs(weighed: Sequence[Candidate], known: Pairs) -> list[str]:
    """For each weighed candidate a digit for each: the bits of what the test texts say of the two, in base 16.

    Candidates of one model are not compared. Runtimes that give the same answers are compared once.
    """
    found: dict[Any, str] = {}

    def bits(one: Candidate, other: Candidate) -> str:
        key = (_answers(one), _answers(other))
        if key not in found:
            chosen = {run.model: first(run, result) for run, result in (one, other)}
            compared = Pairs({**known.records, **chosen}, known.margin).compare(one[0].model, other[0].model)
            found[key] = "0" if compared is None else _bits(compared)
        return found[key]

    return ["".join("0" if one[0] is other[0] else bits(one, other) for other in weighed) for one in weighed]


def _faster(weighed: Sequence[Candidate], drift: float) -> list[str]:
    """For each weighed candidate a sign for each: 1 where it is shown to answer faster, beyond the noise of both."""
    times = [LATENCY.cells(run, result, drift) for run, result in weighed]
    return ["".join("01"[LATENCY.below(one, other)] for other in times) for one in times]


def _answers(one: Candidate) -> tuple[Any, ...]:
    """Model and answers of a candidate: two with the same ones are told apart from no third."""
    run, result = one
    quality = result.quality
    return (run.model, *((quality.right, quality.predicted, quality.macro_f1) if quality else ()))


def _bits(compared: Comparison) -> str:
    told = {
        NOT_INFERIOR: compared.not_inferior,
        LEADS: compared.highest > 0,
        UNDECIDED: compared.undecided,
        TIED: compared.verdict == "tied",
    }
    return f"{sum(bit for bit, holds in told.items() if holds):x}"
