"""What the chooser needs to answer under any limits: each model in each runtime, and what the texts say of any two.

All statistics are done here. The page's script filters, looks up and sorts, as `recommend` does.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compactbench.foreign import line
from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.choice.deciding import decides
from compactbench.report.statistics.noise import drift
from compactbench.report.statistics.paired import MARGIN, EveryPair, Pairs, pairs
from compactbench.report.tables.columns import Metric
from compactbench.report.tables.metrics import ACCURACY, COST, CPU_TIME, LATENCY, METRICS, SIZE
from compactbench.report.tables.runtimes import eligible, first, names

LIMITS: tuple[Metric, ...] = (
    METRICS["cpu_latency_p95_ms"],
    METRICS["throughput_sentences_per_s"],
    SIZE,
    METRICS["inference_peak_ram_mb"],
    METRICS["finetune_peak_ram_mb"],
    CPU_TIME,
    replace(COST, label="Cost", unit="per million texts"),
)
"""What a reader can limit, beside the quality that decides; the cost where an hour of the machine has a price."""
QUOTED = replace(ACCURACY, name="quoted_accuracy", label="Accuracy, quoted from 2021 (AG News)")
"""What a reader may choose to weigh by in place of the quality that was measured."""
NOT_INFERIOR, LEADS, UNDECIDED, TIED = 1, 2, 4, 8
"""Bits of what is known of two candidates: the first is shown not to be worse than the second by the margin; it is the
better one where some seed is left out; it may be worse by more than the margin or equal; they are tied."""
Candidate = tuple[Record, RuntimeResult]


def chooser(
    records: Sequence[Record | FailedRecord], quoted: Mapping[str, float], margin: float = MARGIN
) -> list[dict[str, Any]]:
    """For each suite on each machine what the chooser needs, as JSON holds it; the order is that of suite and machine.

    Args:
        records: every run that the site shows in full.
        quoted: the accuracy that 2021 reported of each model, a share.
        margin: as in `Comparison`.
    """
    groups: dict[tuple[str, str], list[Record | FailedRecord]] = {}
    for run in sorted(records, key=lambda run: run.model):
        groups.setdefault((run.suite, run.machine), []).append(run)
    states = drift(records)
    found = []
    for (_, machine), runs in sorted(groups.items()):
        reasons = [(run, _why_not(run)) for run in runs]
        able = [run for run, why in reasons if isinstance(run, Record) and why is None]
        others = [[line(run.title), line(why)] for run, why in reasons if why is not None]
        if able:
            found.append(_group(able, quoted, margin, states[machine]) | {"others": others})
    suites = Counter(data for _, data in {(group["suite"], group["data"]) for group in found})
    for group in found:
        if suites[group["data"]] > 1:
            group["data"] += f" ({line(group['suite'])})"
    return found


def _why_not(run: Record | FailedRecord) -> str | None:
    """Why a run can be recommended under no limits, whatever its accuracy; None where it can."""
    if isinstance(run, FailedRecord):
        return "its run failed (" + run.stage + ": " + run.error + ")"
    return "its training was edited" if run.finetune.edited else None


def _group(runs: list[Record], quoted: Mapping[str, float], margin: float, drift: float) -> dict[str, Any]:
    quality = decides(runs[0].data)
    candidates = [(run, result) for run in runs for result in run.runtimes if result.quality and not result.error]
    return {
        "suite": runs[0].suite,
        "data": line(runs[0].data.name),
        "machine": runs[0].machine,
        "margin": margin,
        "runtimes": names(runs),
        "metrics": list(map(_metric, LIMITS)),
        "candidates": [_candidate(one, [quality, *LIMITS, LATENCY], quoted) for one in candidates],
        "eligible": {name: _eligible(candidates, name, margin) for name in ("any", *names(runs))},
        "faster": _faster(candidates, drift),
        "sources": [_measured(candidates, quality, pairs(runs, margin)), _by_quoted(candidates, quoted, margin)],
    }


def _measured(candidates: Sequence[Candidate], quality: Metric, known: Pairs) -> dict[str, Any]:
    """The quality measured here, the numbers of the candidates that are weighed by it, and what it says of any two."""
    weighed = [number for number, (run, _) in enumerate(candidates) if run.model in known.records]
    return {"name": "measured", "metric": _metric(quality), "weighed": weighed, "pairs": _all_pairs(candidates, known)}


def _by_quoted(candidates: Sequence[Candidate], quoted: Mapping[str, float], margin: float) -> dict[str, Any]:
    """The same of the values of 2021, by their plain difference: without intervals nothing is tied or left open."""

    def bits(one: Record, other: Record) -> str:
        if one.model == other.model or not {one.model, other.model} <= quoted.keys():
            return "0"
        difference = round(quoted[one.model] - quoted[other.model], 9)  # else .93 would be too far below .94
        return f"{NOT_INFERIOR * (difference >= -margin) + LEADS * (difference > 0):x}"

    weighed = [number for number, (run, _) in enumerate(candidates) if run.model in quoted]
    told = ["".join(bits(one, other) for other, _ in candidates) for one, _ in candidates]
    return {"name": "quoted", "metric": _metric(QUOTED), "weighed": weighed, "pairs": told}


def _metric(metric: Metric) -> dict[str, Any]:
    about = {"name": metric.name, "label": metric.label, "unit": metric.unit, "better": metric.better}
    return about | {"scale": metric.scale}


def _candidate(one: Candidate, metrics: Sequence[Metric], quoted: Mapping[str, float]) -> dict[str, Any]:
    """A model in a runtime; its values in the columns' units, null where not known, and as people read them."""
    run, result = one
    values = {metric.name: metric.cells(run, result)[metric.name] for metric in metrics}
    values[QUOTED.name] = quoted.get(run.model)
    return {
        "model": run.model,
        "title": line(first(run, result).title),
        "runtime": result.runtime,
        "random": run.weights == "random",
        "values": {name: None if value is None else float(value) for name, value in values.items()},
        "texts": {metric.name: metric.text(values[metric.name]) for metric in (*metrics, QUOTED)},
    }


def _eligible(candidates: Sequence[Candidate], runtime: str, margin: float) -> list[int]:
    """The numbers of the candidates that may stand for their model where a reader asks for that runtime."""
    runs = {run.model: run for run, _ in candidates}
    allowed = {model: eligible(run, runtime, margin) for model, run in runs.items()}
    return [
        number for number, (run, result) in enumerate(candidates) if any(result is one for one in allowed[run.model])
    ]


def _all_pairs(candidates: Sequence[Candidate], known: Pairs) -> list[str]:
    """For each candidate a digit for each: the bits of what the test texts say of the two, in base 16.

    Candidates of one model, and those that are not weighed, are not compared. Runtimes that give the same answers are
    compared once.
    """
    weighed = {_answers(one): first(*one) for one in candidates if one[0].model in known.records}
    if not weighed:
        return ["0" * len(candidates)] * len(candidates)
    shown = EveryPair(list(weighed.values()), known.margin, known.error).shown
    bits = NOT_INFERIOR * shown.not_inferior + LEADS * shown.leads + UNDECIDED * shown.undecided + TIED * shown.tied
    models = np.array([run.model for run in weighed.values()])
    compared = np.where(models[:, None] == models, 0, bits)
    numbers = {answers: number for number, answers in enumerate(weighed)}
    of_each = [numbers.get(_answers(one), -1) for one in candidates]  # the last, which is added, is compared with none
    table = np.pad(compared, (0, 1))[np.ix_(of_each, of_each)]
    return ["".join(f"{told:x}" for told in row) for row in table.tolist()]


def _faster(candidates: Sequence[Candidate], drift: float) -> list[str]:
    """For each candidate a sign for each: 1 where it is shown to answer faster, beyond the noise of both."""
    times = [LATENCY.cells(run, result, drift) for run, result in candidates]
    return ["".join("01"[LATENCY.below(one, other)] for other in times) for one in times]


def _answers(one: Candidate) -> tuple[Any, ...]:
    """Model and answers of a candidate: two with the same ones are told apart from no third."""
    run, result = one
    quality = result.quality
    return (run.model, *((quality.right, quality.predicted, quality.macro_f1) if quality else ()))
