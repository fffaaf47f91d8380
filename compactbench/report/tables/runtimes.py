"""The ways to serve each contender: a table with a row for each, and the best one in place of torch in fp32."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from compactbench.record import FailedRecord, Record, Runtime
from compactbench.report.statistics.noise import drift
from compactbench.report.statistics.ties import ALPHA, mcnemar
from compactbench.report.tables.results import latencies, sizes, throughputs

TYPES = {
    "suite": "str",
    "machine": "str",
    "model": "str",
    "runtime": "str",
    "device": "str",
    "precision": "str",
    "latency_p50_ms": "float64",
    "latency_p50_ms_low": "float64",
    "latency_p50_ms_high": "float64",
    "latency_p95_ms": "float64",
    "throughput_sentences_per_s": "float64",
    "size_mb": "float64",
    "load_time_s": "float64",
    "peak_ram_mb": "float64",
    "eval_accuracy": "float64",
    "eval_accuracy_low": "float64",
    "eval_accuracy_high": "float64",
    "agreement": "float64",
    "status": "str",
    "error": "str",
}
"""The columns of the table, in order. `peak_ram_mb` is the whole serving process, its libraries included."""
ANY = "any"
CHOICES = (ANY, "torch", "onnxruntime", "openvino")
"""What a reader may ask to be served with."""
NAMES = {
    "torch": "torch",
    "torch-compile": "torch.compile",
    "onnxruntime": "ONNX",
    "openvino": "OpenVINO",
    "scikit-learn": "scikit-learn",
}
"""Runtimes as labels name them."""


def ways(record: Record) -> list[Record]:
    """The record as each way to serve it would have left it, as trained first.

    What a way does not measure (latency on one core) is missing from it; its title names it.
    """
    return [record] + [_way(record, runtime) for runtime in record.runtimes if runtime.served]


def runtimes(records: list[Record | FailedRecord]) -> pd.DataFrame:
    """The flat table of the ways to serve: one row a run and way, null where not measured."""
    states = drift(records)
    rows: list[dict[str, Any]] = []
    for record in records:
        if isinstance(record, Record):
            rows += _rows(record, states[record.machine])
    return pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)


def served_by(records: list[Record | FailedRecord], runtime: str | None) -> list[Record | FailedRecord]:
    """The records with each contender served by its best way, of those with the `runtime` that the reader asks for.

    The best way is the fastest at the median of those that are not less accurate than torch in fp32, as far as a paired
    test on the same test texts can tell. A contender without any way of that runtime keeps no latency.

    Args:
        records: runs.
        runtime: one of CHOICES; None: as trained.
    """
    if runtime is None:
        return records
    return [_best(record, runtime) if isinstance(record, Record) else record for record in records]


def name(runtime: str, precision: str) -> str:
    """A way to serve as labels name it: "ONNX int8"."""
    return f"{NAMES[runtime]} {precision}"


def _best(record: Record, runtime: str) -> Record:
    asked = [way for way in ways(record) if runtime in (ANY, way.runtime) and _keeps_quality(way, record)]
    if not asked:
        return record.model_copy(update={"runtime": None, "latency": [], "latency_by_length": []})
    return min(asked, key=_p50)


def _keeps_quality(way: Record, trained: Record) -> bool:
    """Whether `way` classifies as well as the model did before its conversion; unknown, so true, for random weights."""
    if trained.weights == "random" or way.quality.accuracy >= trained.quality.accuracy:
        return True
    return mcnemar(way.quality.right, trained.quality.right) >= ALPHA


def _p50(record: Record) -> float:
    return latencies(record.latency, record.latency_by_length)["cpu_latency_p50_ms"] or float("inf")


def _way(record: Record, runtime: Runtime) -> Record:
    served = {field: getattr(runtime.served, field) for field in type(runtime.served).model_fields}
    conditions = record.conditions.model_copy(update={"precision": runtime.precision})
    title = f"{record.title} ({name(runtime.runtime, runtime.precision)})"
    return record.model_copy(
        update=served | {"runtime": runtime.runtime, "conditions": conditions, "title": title, "runtimes": []}
    )


def _rows(record: Record, drift: Sequence[float]) -> list[dict[str, Any]]:
    who = record.model_dump(include={"suite", "machine", "model"})
    rows = [who | _row(record, device, drift) for device in dict.fromkeys(("cpu", record.conditions.device))]
    for runtime in record.runtimes:
        way = runtime.model_dump(include={"runtime", "precision", "device", "agreement", "error"})
        found = _row(_way(record, runtime), runtime.device, drift) if runtime.served else {"status": "failed"}
        rows.append(who | found | way)
    if record.weights == "random":
        rows = [row | {"agreement": None} for row in rows]
    return rows


def _row(way: Record, device: str, drift: Sequence[float]) -> dict[str, Any]:
    """One way on one device; what was measured on another device is null."""
    samples = [one for one in way.latency if one.device == device]
    kind = "cpu" if device == "cpu" else "gpu"
    found = latencies(samples, [], drift)
    row = {
        "runtime": way.runtime,
        "device": device,
        "precision": way.conditions.precision,
        **{f"latency_{part}": found.get(f"{kind}_latency_{part}") for part in ("p50_ms", "p50_ms_low", "p50_ms_high")},
        "latency_p95_ms": found[f"{kind}_latency_p95_ms"],
        "size_mb": sizes(way.artefact)["artefact_size_mb"],
        "status": "ok",
    }
    if device == way.throughput.device:
        memory = way.inference_memory
        row |= {
            "throughput_sentences_per_s": throughputs(way.throughput, drift)["throughput_sentences_per_s"],
            "load_time_s": way.load_time_s,
            "peak_ram_mb": memory.baseline_ram_mb + memory.peak_ram_mb,
        }
    if way.weights != "random":
        row |= {"eval_accuracy": way.quality.accuracy}
        row["eval_accuracy_low"], row["eval_accuracy_high"] = way.quality.accuracy_interval
    return row
