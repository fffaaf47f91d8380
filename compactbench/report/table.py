"""Records in, one flat table out: a row a run, null where not measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compactbench.record import Artefact, FailedRecord, LatencySamples, LengthSamples, Record, read

TYPES = {
    "suite": "str",
    "machine": "str",
    "model": "str",
    "title": "str",
    "model_name": "str",
    "revision": "str",
    "weights": "str",
    "seed": "Int64",
    "device": "str",
    "precision": "str",
    "fingerprint": "str",
    "noisy": "boolean",
    "parameters": "Int64",
    "active_parameters": "Int64",
    "finetune_time_s": "float64",
    "finetune_steps": "Int64",
    "finetune_samples_per_s": "float64",
    "finetune_epoch_time_s": "float64",
    "finetune_epoch_derived": "boolean",
    "finetune_peak_gpu_mb": "float64",
    "finetune_peak_ram_mb": "float64",
    "inference_peak_gpu_mb": "float64",
    "inference_peak_ram_mb": "float64",
    "artefact_size_mb": "float64",
    "weights_size_mb": "float64",
    "cpu_latency_p50_ms": "float64",
    "cpu_latency_p95_ms": "float64",
    "cpu_latency_p99_ms": "float64",
    "cpu_latency_1core_p50_ms": "float64",
    "gpu_latency_p50_ms": "float64",
    "gpu_latency_p95_ms": "float64",
    "latency_by_length_ms": "float64",
    "throughput_device": "str",
    "throughput_sentences_per_s": "float64",
    "throughput_batch_size": "Int64",
    "max_batch_size": "Int64",
    "throughput_stopped_by": "str",
    "eval_accuracy": "float64",
    "eval_accuracy_low": "float64",
    "eval_accuracy_high": "float64",
    "eval_macro_f1": "float64",
    "eval_loss": "float64",
    "eval_ece": "float64",
    "status": "str",
    "error": "str",
}
COLUMNS = tuple(TYPES)
"""The columns of the table, in order."""


def collect(runs: Path) -> list[Record | FailedRecord]:
    """Every run under `runs`, from <suite>/<machine>/<model>.json, or <model>.failed.json where that is all there is.

    Raises:
        ValueError: a file is not a record; the message names it.
    """
    found: dict[Path, Path] = {}
    for path in sorted(runs.glob("*/*/*.json")):  # <model>.failed.json sorts before <model>.json, which replaces it
        found[path.with_name(path.name.removesuffix(".json").removesuffix(".failed"))] = path
    return [read(path) for path in found.values()]


def results(records: list[Record | FailedRecord]) -> pd.DataFrame:
    """The flat table: one row a run with the columns of COLUMNS, sorted by suite, machine and model."""
    rows = [_row(record) for record in records]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(TYPES)
    return frame.sort_values(["suite", "machine", "model"], ignore_index=True)


def default_group(records: list[Record | FailedRecord]) -> tuple[str, str]:
    """The suite and machine that a reader most likely means: his own newest runs, else a reference's.

    Raises:
        ValueError: there is no run at all.
    """
    if not records:
        raise ValueError("There is no run to report: measure a contender first.")
    own = [record for record in records if not record.machine.startswith("reference-")]
    if own:
        newest = max(own, key=lambda record: record.started_at)
        return newest.suite, newest.machine
    return min(((record.suite, record.machine) for record in records), key=lambda group: (group[0] != "starter", group))


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of `frame` as plain Python values, None where null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def write_results(frame: pd.DataFrame, folder: Path) -> None:
    """Write `frame` into `folder` as results.csv, results.json (a list of rows, null for null) and results.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / "results.csv", index=False)
    (folder / "results.json").write_text(json.dumps(plain_rows(frame), indent=1, allow_nan=False) + "\n", "utf-8")
    frame.to_parquet(folder / "results.parquet", index=False)


def _row(record: Record | FailedRecord) -> dict[str, Any]:
    """One run as a row; a key that is missing is null in the table."""
    row: dict[str, Any] = record.model_dump(include={"suite", "machine", "model", "title", "model_name", "status"})
    if isinstance(record, FailedRecord):
        return row | {"error": f"{record.stage}: {record.error}"}
    finetune, memory = record.finetune, record.inference_memory
    return (
        row
        | record.model_dump(include={"revision", "weights", "fingerprint"})
        | record.conditions.model_dump(include={"seed", "device", "precision"})
        | record.size.model_dump()
        | {
            "finetune_time_s": finetune.time_s,
            "finetune_steps": finetune.steps,
            "finetune_samples_per_s": finetune.samples_per_s,
            "finetune_epoch_time_s": finetune.epoch_time_s,
            "finetune_epoch_derived": finetune.epoch_derived,
            "finetune_peak_gpu_mb": finetune.peak_gpu_mb,
            "finetune_peak_ram_mb": finetune.peak_ram_mb,
            "inference_peak_gpu_mb": memory.peak_gpu_mb,
            "inference_peak_ram_mb": memory.peak_ram_mb,
        }
        | sizes(record.artefact)
        | latencies(record.latency, record.latency_by_length)
        | _throughput(record)
        | _quality(record)
    )


def sizes(artefact: Artefact) -> dict[str, float]:
    """The columns on size: the whole folder, and its weights alone, MB."""
    files = artefact.files
    return {
        "artefact_size_mb": sum(files.values()) / 1e6,
        "weights_size_mb": sum(files[name] for name in artefact.weights_files) / 1e6,
    }


def latencies(latency: list[LatencySamples], by_length: list[LengthSamples]) -> dict[str, float | None]:
    """The columns on latency: percentiles over the calls of all processes, ms."""
    cpu = [samples for samples in latency if samples.device == "cpu"]
    all_cores = max((samples.threads for samples in cpu), default=None)
    most = _pooled([samples for samples in cpu if samples.threads == all_cores])
    one_core = _pooled([samples for samples in cpu if samples.threads == 1])
    gpu = _pooled([samples for samples in latency if samples.device == "cuda"])
    real = [time for texts in by_length if texts.device == "cpu" for time in texts.samples_ms]
    return {
        "cpu_latency_p50_ms": _percentile(most, 50),
        "cpu_latency_p95_ms": _percentile(most, 95),
        "cpu_latency_p99_ms": _percentile(most, 99),
        "cpu_latency_1core_p50_ms": _percentile(one_core, 50),
        "gpu_latency_p50_ms": _percentile(gpu, 50),
        "gpu_latency_p95_ms": _percentile(gpu, 95),
        "latency_by_length_ms": float(np.mean(real)) if real else None,
    }


def _pooled(processes: list[LatencySamples]) -> list[float]:
    return [time for process in processes for time in process.samples_ms]


def _percentile(samples: list[float], q: float) -> float | None:
    return float(np.percentile(samples, q)) if samples else None


def _throughput(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {
        "throughput_device": record.throughput.device,
        "throughput_stopped_by": record.throughput.stopped_by,
    }
    if points := record.throughput.points:  # empty when memory ran out at the first batch
        best = max(points, key=lambda point: point.sentences_per_s)
        found["throughput_sentences_per_s"] = best.sentences_per_s
        found["throughput_batch_size"] = best.batch_size
        found["max_batch_size"] = max(point.batch_size for point in points)
    return found


def _quality(record: Record) -> dict[str, float]:
    """What the record says of quality; nothing for random weights, whose accuracy means nothing."""
    if record.weights == "random":
        return {}
    quality = record.quality
    return {
        "eval_accuracy": quality.accuracy,
        "eval_accuracy_low": quality.accuracy_low,
        "eval_accuracy_high": quality.accuracy_high,
        "eval_macro_f1": quality.macro_f1,
        "eval_loss": quality.loss,
        "eval_ece": quality.ece,
    }
