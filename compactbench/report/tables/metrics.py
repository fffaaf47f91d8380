"""The one table of columns and metrics, each with the function that reads it; all else derives from its entries."""

import numpy as np

from compactbench.record import (
    Artefact,
    Device,
    Finetune,
    Memory,
    Quality,
    Record,
    RuntimeResult,
    Throughput,
    ThroughputPoint,
)
from compactbench.report.statistics.intervals import Estimate, Samples, percentile
from compactbench.report.tables.columns import Column, Metric, Read


def on(device: Device, record: Record, result: RuntimeResult) -> RuntimeResult | None:
    """What was measured on `device` in the runtime and precision of `result`; None where nothing was."""
    wanted = (result.runtime, result.precision, device)
    known = (result, *record.runtimes)
    return next((one for one in known if (one.runtime, one.precision, one.device) == wanted), None)


def latency(result: RuntimeResult | None, q: float, one_core: bool = False) -> Samples | None:
    """Percentile `q` of the calls with the fixed sentence on all cores, or on one, ms."""
    samples = result.latency if result else []
    threads = 1 if one_core else max((one.threads for one in samples), default=None)
    processes = [one.samples_ms for one in samples if one.threads == threads]
    return Samples(processes, percentile(q)) if processes else None


def by_length(result: RuntimeResult | None) -> Samples | None:
    """The mean of the calls with real texts, ms."""
    processes = [one.samples_ms for one in result.latency_by_length] if result else []
    return Samples(processes, np.mean) if processes else None


def tokenizing(result: RuntimeResult | None) -> float | None:
    """The median time of tokenizing the fixed sentence, with all cores at hand, ms."""
    samples = result.latency if result else []
    threads = max((one.threads for one in samples), default=None)
    times = [time for one in samples if one.threads == threads for time in one.tokenizer_ms]
    return float(np.median(times)) if times else None


def best_point(throughput: Throughput) -> ThroughputPoint:
    """The best batch size of the search."""
    return max(throughput.points, key=lambda point: point.sentences_per_s)


def size_mb(artefact: Artefact | None, weights_alone: bool = False) -> float | None:
    """The files that a runtime reads, or those with weights alone, MB."""
    if artefact is None:
        return None
    names = artefact.weights_files if weights_alone else artefact.files
    return sum(artefact.files[name] for name in names) / 1e6


def _quality(record: Record, result: RuntimeResult) -> Quality | None:
    """The quality; none for random weights, whose accuracy means nothing."""
    return None if record.weights == "random" else result.quality


def _estimated(name: str) -> Read:
    """Reads a measure of quality with its recorded interval."""

    def read(record: Record, result: RuntimeResult) -> Estimate | None:
        found = _quality(record, result)
        return Estimate(getattr(found, name), getattr(found, f"{name}_interval")) if found else None

    return read


def _throughput(record: Record, result: RuntimeResult) -> Samples | None:
    """Sentences per second at the best batch size, over all processes that had it."""
    found = result.throughput
    points = [best_point(found), *found.again] if found else []
    return Samples([[point.sentences_per_s] for point in points], np.median, rate=True) if points else None


def _seeds(record: Record, result: RuntimeResult) -> list[float]:
    """The accuracy of each fine-tune with all texts, that of the run itself first."""
    found, texts = _quality(record, result), sum(record.data.train_counts)
    return [found.accuracy, *(one.accuracy for one in record.repeats if one.labels == texts)] if found else []


def _over_seeds(statistic: str, **options: int) -> Read:
    def read(record: Record, result: RuntimeResult) -> float | None:
        found = _seeds(record, result)
        return float(getattr(np, statistic)(found, **options)) if len(found) > 1 else None

    return read


def _cpu(q: float, one_core: bool = False) -> Read:
    return lambda record, result: latency(on("cpu", record, result), q, one_core)


def _gpu(q: float) -> Read:
    return lambda record, result: latency(on("cuda", record, result), q)


def _allocated(part: Finetune | Memory | None) -> float | None:
    return part.gpu.allocated_mb if part and part.gpu else None


_WHO = (
    Column("suite", "Suite", lambda run, _: run.suite),
    Column("machine", "Machine", lambda run, _: run.machine),
    Column("model", "", lambda run, _: run.model),
)
_LOAD_TIME = Metric("load_time_s", "Start to first answer", lambda _, one: one.load_time_s, unit="s")
_THROUGHPUT = Metric(
    "throughput_sentences_per_s",
    "Batched throughput",
    _throughput,
    unit="sentences/s",
    better="higher",
    format=",.0f",
    interval=True,
)
_ACCURACY = Metric(
    "eval_accuracy", "Accuracy", _estimated("accuracy"), unit="%", better="higher", scale=100, interval=True
)

RESULTS: tuple[Column, ...] = (
    *_WHO,
    Column("title", "Model", lambda run, _: run.title),
    Column("model_name", "", lambda run, _: run.model_name),
    Column("revision", "", lambda run, _: run.revision),
    Column("weights", "", lambda run, _: run.weights),
    Column("kind", "Kind", lambda run, _: run.classifier.kind),
    Column("classifier", "", lambda run, _: run.classifier.label),
    Column("fine_tuned", "", lambda run, _: run.classifier.fine_tuned, "boolean"),
    Column("baseline", "", lambda run, _: run.classifier.baseline, "boolean"),
    Column("edited", "Edited training", lambda run, _: run.finetune.edited, "boolean"),
    Column("seed", "", lambda run, _: run.conditions.seed, "Int64"),
    Column("device", "Fine-tuned on", lambda run, _: run.conditions.device),
    Column("precision", "Precision", lambda _, one: one.precision),
    Column("runtime", "Runtime", lambda _, one: None if one.error else one.runtime),
    Column("fingerprint", "", lambda run, _: run.fingerprint.digest),
    Column("noisy", "Noisy machine", lambda *_: None, "boolean"),  # takes the other runs to tell: `results` does
    Metric("parameters", "Parameters", lambda run, _: run.parameters.total, "Int64", unit="M", scale=1e-6),
    Metric(
        "active_parameters",
        "Parameters without embeddings",
        lambda run, _: run.parameters.active,
        "Int64",
        unit="M",
        scale=1e-6,
    ),
    Metric("finetune_time_s", "Fine-tune time", lambda run, _: run.finetune.time_s, unit="s"),
    Column("finetune_steps", "Fine-tune steps", lambda run, _: run.finetune.steps, "Int64"),
    Metric(
        "finetune_samples_per_s",
        "Fine-tune speed",
        lambda run, _: run.finetune.samples_per_s,
        unit="texts/s",
        better="higher",
        format=",.0f",
    ),
    Metric(
        "finetune_epoch_time_s", "Time of one fine-tuning epoch", lambda run, _: run.finetune.epoch_time_s, unit="s"
    ),
    Column(
        "finetune_epoch_derived", "Epoch time from fewer steps", lambda run, _: run.finetune.epoch_derived, "boolean"
    ),
    Metric(
        "finetune_peak_gpu_mb",
        "Peak GPU memory at fine-tune",
        lambda run, _: _allocated(run.finetune),
        unit="MB",
        format=",.0f",
    ),
    Metric(
        "finetune_peak_ram_mb",
        "Peak memory at fine-tune",
        lambda run, _: run.finetune.peak_ram_mb,
        unit="MB",
        format=",.0f",
    ),
    Metric(
        "inference_peak_gpu_mb",
        "Peak GPU memory at inference",
        lambda _, one: _allocated(one.memory),
        unit="MB",
        format=",.0f",
    ),
    Metric(
        "inference_peak_ram_mb",
        "Peak memory at inference",
        lambda _, one: one.memory.peak_ram_mb if one.memory else None,
        unit="MB",
        format=",.0f",
    ),
    Metric("artefact_size_mb", "Artefact size", lambda _, one: size_mb(one.artefact), unit="MB"),
    Metric(
        "weights_size_mb", "Size of the weights", lambda _, one: size_mb(one.artefact, weights_alone=True), unit="MB"
    ),
    Metric("cpu_latency_p50_ms", "CPU latency, median", _cpu(50), unit="ms", interval=True),
    Metric("cpu_latency_p95_ms", "CPU latency, 95th percentile", _cpu(95), unit="ms", interval=True),
    Metric("cpu_latency_p99_ms", "CPU latency, 99th percentile", _cpu(99), unit="ms", interval=True),
    Metric(
        "cpu_latency_1core_p50_ms", "CPU latency on one core, median", _cpu(50, one_core=True), unit="ms", interval=True
    ),
    Metric("gpu_latency_p50_ms", "GPU latency, median", _gpu(50), unit="ms", format=".2f", interval=True),
    Metric("gpu_latency_p95_ms", "GPU latency, 95th percentile", _gpu(95), unit="ms", format=".2f", interval=True),
    Metric(
        "tokenizer_p50_ms",
        "Tokenizing one sentence, median",
        lambda run, one: tokenizing(on("cpu", run, one)),
        unit="ms",
        format=".2f",
    ),
    Metric(
        "latency_by_length_ms",
        "Latency over the data set's own lengths, mean",
        lambda run, one: by_length(on("cpu", run, one)),
        unit="ms",
        interval=True,
    ),
    _LOAD_TIME,
    Column("throughput_device", "Throughput on", lambda _, one: one.device if one.throughput else None),
    _THROUGHPUT,
    Column(
        "throughput_batch_size",
        "Batch size of that throughput",
        lambda _, one: best_point(one.throughput).batch_size if one.throughput else None,
        "Int64",
    ),
    Column(
        "max_batch_size",
        "Largest batch tried",
        lambda _, one: max(point.batch_size for point in one.throughput.points) if one.throughput else None,
        "Int64",
    ),
    Column(
        "throughput_stopped_by",
        "Batches stopped by",
        lambda _, one: one.throughput.stopped_by if one.throughput else None,
    ),
    _ACCURACY,
    Metric("eval_macro_f1", "Macro F1", _estimated("macro_f1"), unit="%", better="higher", scale=100, interval=True),
    Metric("eval_loss", "Test loss", _estimated("loss"), unit="nats", format=".3f", interval=True),
    Metric("eval_ece", "Calibration error", _estimated("ece"), unit="%", scale=100, interval=True),
    Column("seeds", "", lambda run, one: len(_seeds(run, one)) or None, "Int64"),
    Column("eval_accuracy_mean", "", _over_seeds("mean"), "float64"),
    Column("eval_accuracy_std", "", _over_seeds("std", ddof=1), "float64"),
    Column("status", "Run", lambda run, _: run.status),
    Column("error", "", lambda *_: None),
)
"""The columns of the table of runs, in order."""
RUNTIMES: tuple[Column, ...] = (
    *_WHO,
    Column("runtime", "", lambda _, one: one.runtime),
    Column("label", "Runtime", lambda _, one: one.label),
    Column("device", "", lambda _, one: one.device),
    Column("precision", "", lambda _, one: one.precision),
    Metric("latency_p50_ms", "Latency, median", lambda _, one: latency(one, 50), unit="ms", interval=True),
    Metric("latency_p95_ms", "Latency, 95th percentile", lambda _, one: latency(one, 95), unit="ms", interval=True),
    _THROUGHPUT,
    Metric("size_mb", "Size", lambda _, one: size_mb(one.artefact), unit="MB"),
    _LOAD_TIME,
    Metric(
        "peak_ram_mb",
        "Memory",
        lambda _, one: one.memory.baseline_ram_mb + one.memory.peak_ram_mb if one.memory else None,
        unit="MB",
        format=",.0f",
    ),
    _ACCURACY,
    Metric(
        "agreement",
        "Agreement",
        lambda run, one: None if run.weights == "random" else one.agreement,
        unit="%",
        better="higher",
        scale=100,
    ),
    Column("status", "", lambda _, one: "failed" if one.error else "ok"),
    Column("error", "", lambda _, one: one.error),
)
"""The columns of the table of runtimes, in order; the memory is that of the whole process, its libraries included."""

METRICS = {column.name: column for column in RESULTS if isinstance(column, Metric)}
"""Every metric that a chart, a table, a limit or the recommendation may use, by column."""
ACCURACY, LATENCY = METRICS["eval_accuracy"], METRICS["cpu_latency_p50_ms"]
"""What the recommendation, the Pareto front and most sentences are about."""
SIZE, EPOCH_TIME = METRICS["artefact_size_mb"], METRICS["finetune_epoch_time_s"]
"""What else the index shows of a model."""
