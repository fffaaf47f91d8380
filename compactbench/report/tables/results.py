"""Records in, one flat table out: a row a run, null where not measured."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compactbench.record import Artefact, FailedRecord, LatencySamples, LengthSamples, Record, Throughput
from compactbench.record.file import read
from compactbench.report.statistics.intervals import STEADY, Statistic, between_runs, percentile
from compactbench.report.statistics.noise import drift, noisy, usual_ms

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
    "runtime": "str",
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
    "cpu_latency_p50_ms_low": "float64",
    "cpu_latency_p50_ms_high": "float64",
    "cpu_latency_p95_ms": "float64",
    "cpu_latency_p95_ms_low": "float64",
    "cpu_latency_p95_ms_high": "float64",
    "cpu_latency_p99_ms": "float64",
    "cpu_latency_p99_ms_low": "float64",
    "cpu_latency_p99_ms_high": "float64",
    "cpu_latency_1core_p50_ms": "float64",
    "cpu_latency_1core_p50_ms_low": "float64",
    "cpu_latency_1core_p50_ms_high": "float64",
    "gpu_latency_p50_ms": "float64",
    "gpu_latency_p50_ms_low": "float64",
    "gpu_latency_p50_ms_high": "float64",
    "gpu_latency_p95_ms": "float64",
    "gpu_latency_p95_ms_low": "float64",
    "gpu_latency_p95_ms_high": "float64",
    "tokenizer_p50_ms": "float64",
    "latency_by_length_ms": "float64",
    "latency_by_length_ms_low": "float64",
    "latency_by_length_ms_high": "float64",
    "load_time_s": "float64",
    "throughput_device": "str",
    "throughput_sentences_per_s": "float64",
    "throughput_sentences_per_s_low": "float64",
    "throughput_sentences_per_s_high": "float64",
    "throughput_batch_size": "Int64",
    "max_batch_size": "Int64",
    "throughput_stopped_by": "str",
    "eval_accuracy": "float64",
    "eval_accuracy_low": "float64",
    "eval_accuracy_high": "float64",
    "eval_macro_f1": "float64",
    "eval_macro_f1_low": "float64",
    "eval_macro_f1_high": "float64",
    "eval_loss": "float64",
    "eval_loss_low": "float64",
    "eval_loss_high": "float64",
    "eval_ece": "float64",
    "eval_ece_low": "float64",
    "eval_ece_high": "float64",
    "seeds": "Int64",
    "eval_accuracy_mean": "float64",
    "eval_accuracy_std": "float64",
    "status": "str",
    "error": "str",
}
COLUMNS = tuple(TYPES)
"""The columns of the table, in order."""
Row = dict[str, Any]
"""One row in plain Python values."""


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
    usual, states = usual_ms(records), drift(records)
    rows = [_row(record, states.get(record.machine, STEADY)) for record in records]
    for row, record in zip(rows, records, strict=True):
        row["noisy"] = noisy(record, usual) if isinstance(record, Record) else None
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


def headline(records: list[Record | FailedRecord]) -> list[Record | FailedRecord]:
    """The runs of the default group."""
    return [record for record in records if (record.suite, record.machine) == default_group(records)]


def plain_rows(frame: pd.DataFrame) -> list[Row]:
    """The rows of `frame` as plain Python values, None where null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def write_results(frame: pd.DataFrame, folder: Path) -> None:
    """Write `frame` into `folder` as results.csv, results.json (a list of rows, null for null) and results.parquet."""
    write_table(frame, folder, "results")
    frame.to_parquet(folder / "results.parquet", index=False)


def write_table(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write `frame` into `folder` as <name>.csv and <name>.json (a list of rows, null for null)."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.json").write_text(json.dumps(plain_rows(frame), indent=1, allow_nan=False) + "\n", "utf-8")


def _row(record: Record | FailedRecord, drift: Sequence[float]) -> Row:
    """One run as a row, on a machine of such a drift; a key that is missing is null in the table."""
    row: Row = record.model_dump(include={"suite", "machine", "model", "title", "model_name", "status"})
    if isinstance(record, FailedRecord):
        return row | {"error": f"{record.stage}: {record.error}"}
    finetune, memory = record.finetune, record.inference_memory
    return (
        row
        | record.model_dump(include={"revision", "weights", "fingerprint", "runtime"})
        | record.conditions.model_dump(include={"seed", "device", "precision"})
        | record.size.model_dump()
        | {
            "finetune_time_s": finetune.time_s,
            "finetune_steps": finetune.steps,
            "finetune_samples_per_s": finetune.samples_per_s,
            "finetune_epoch_time_s": finetune.epoch_time_s,
            "finetune_epoch_derived": finetune.epoch_derived,
            "finetune_peak_gpu_mb": finetune.gpu and finetune.gpu.allocated_mb,
            "finetune_peak_ram_mb": finetune.peak_ram_mb,
            "inference_peak_gpu_mb": memory.gpu and memory.gpu.allocated_mb,
            "inference_peak_ram_mb": memory.peak_ram_mb,
            "load_time_s": record.load_time_s,
        }
        | sizes(record.artefact)
        | latencies(record.latency, record.latency_by_length, drift)
        | throughputs(record.throughput, drift)
        | _quality(record)
    )


def sizes(artefact: Artefact) -> dict[str, float]:
    """The columns on size: the whole folder, and its weights alone, MB."""
    files = artefact.files
    return {
        "artefact_size_mb": sum(files.values()) / 1e6,
        "weights_size_mb": sum(files[name] for name in artefact.weights_files) / 1e6,
    }


def latencies(
    latency: list[LatencySamples], by_length: list[LengthSamples], drift: Sequence[float] = STEADY
) -> dict[str, float | None]:
    """The columns on latency, ms: percentiles over the calls of all processes, each with its interval.

    Without the machine's `drift` the intervals are those between this run's processes alone.
    """
    cpu = [samples for samples in latency if samples.device == "cpu"]
    all_cores = max((samples.threads for samples in cpu), default=None)
    most = [samples.samples_ms for samples in cpu if samples.threads == all_cores]
    one_core = [samples.samples_ms for samples in cpu if samples.threads == 1]
    gpu = [samples.samples_ms for samples in latency if samples.device == "cuda"]
    real = [texts.samples_ms for texts in by_length if texts.device == "cpu"]
    tokenizing = [time for samples in cpu if samples.threads == all_cores for time in samples.tokenizer_ms]
    return {
        **_with_interval("cpu_latency_p50_ms", most, percentile(50), drift),
        **_with_interval("cpu_latency_p95_ms", most, percentile(95), drift),
        **_with_interval("cpu_latency_p99_ms", most, percentile(99), drift),
        **_with_interval("cpu_latency_1core_p50_ms", one_core, percentile(50), drift),
        **_with_interval("gpu_latency_p50_ms", gpu, percentile(50), drift),
        **_with_interval("gpu_latency_p95_ms", gpu, percentile(95), drift),
        **_with_interval("latency_by_length_ms", real, np.mean, drift),
        "tokenizer_p50_ms": float(np.median(tokenizing)) if tokenizing else None,
    }


def throughputs(found: Throughput, drift: Sequence[float] = STEADY) -> dict[str, Any]:
    """The columns on throughput: the best batch size of the search, the speed at it over all processes that served."""
    best = max(found.points, key=lambda point: point.sentences_per_s)
    speeds = [[point.sentences_per_s] for point in (best, *found.again)]
    return {
        "throughput_device": found.device,
        "throughput_stopped_by": found.stopped_by,
        **_with_interval("throughput_sentences_per_s", speeds, np.median, drift, rate=True),
        "throughput_batch_size": best.batch_size,
        "max_batch_size": max(point.batch_size for point in found.points),
    }


def _with_interval(
    name: str, processes: list[list[float]], statistic: Statistic, drift: Sequence[float], rate: bool = False
) -> dict[str, float | None]:
    """A column and its interval; null where nothing was measured, the interval where there is one process alone."""
    value = float(statistic(np.concatenate(processes))) if processes else None
    low, high = between_runs(processes, statistic, drift, rate) if len(processes) > 1 else (None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _quality(record: Record) -> dict[str, float | None]:
    """What the record says of quality; nothing for random weights, whose accuracy means nothing."""
    if record.weights == "random":
        return {}
    quality = record.quality
    found: dict[str, float | None] = {}
    for name in ("accuracy", "macro_f1", "loss", "ece"):
        found[f"eval_{name}"] = getattr(quality, name)
        found[f"eval_{name}_low"], found[f"eval_{name}_high"] = getattr(quality, f"{name}_interval")
    everything = sum(record.data.train_counts)
    seeds = [quality.accuracy, *(repeat.accuracy for repeat in record.repeats if repeat.labels == everything)]
    if len(seeds) > 1:
        found |= {"eval_accuracy_mean": float(np.mean(seeds)), "eval_accuracy_std": float(np.std(seeds, ddof=1))}
    return found | {"seeds": len(seeds)}
