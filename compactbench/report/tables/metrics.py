"""The one table of columns and metrics, each with the function that reads it; all else derives from its entries."""

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from compactbench.record import Artefact, Device, Finetune, Memory, Record, RuntimeResult, Throughput
from compactbench.report.statistics.balance import majority_accuracy, majority_macro_f1
from compactbench.report.statistics.intervals import Estimate, Samples, percentile
from compactbench.report.statistics.learned import undertrained
from compactbench.report.statistics.once import once
from compactbench.report.statistics.seeds import of_all_labels, over_seeds
from compactbench.report.tables.columns import Column, Metric, Read
from compactbench.report.tables.energy import of_a_million_texts, of_the_finetune


def on(device: Device, record: Record, result: RuntimeResult) -> RuntimeResult | None:
    """What was measured on `device` in the runtime and precision of `result`; None where nothing was."""
    wanted = (result.runtime, result.precision, device)
    known = (result, *record.runtimes)
    return next((one for one in known if (one.runtime, one.precision, one.device) == wanted), None)


CALLS_FOR_P99 = 300
"""Calls in each process from which a 99th percentile is told: below it, it is little else than the slowest call."""


def latency(result: RuntimeResult | None, q: float, one_core: bool = False) -> Samples | None:
    """Percentile `q` of the calls with the fixed sentence on all cores, or on one, ms."""
    return _latency(result, q, one_core) if result else None


@once
def _latency(result: RuntimeResult, q: float, one_core: bool) -> Samples | None:
    threads = 1 if one_core else max((one.threads for one in result.latency), default=None)
    processes = [one.samples_ms for one in result.latency if one.threads == threads]
    too_few = q >= 99 and any(len(calls) < CALLS_FOR_P99 for calls in processes)
    return Samples(processes, percentile(q)) if processes and not too_few else None


def by_length(result: RuntimeResult | None) -> Samples | None:
    """The mean of the calls with real texts, ms."""
    processes = [one.samples_ms for one in result.latency_by_length] if result else []
    return Samples(processes, np.mean) if processes else None


def texts_timed(result: RuntimeResult | None) -> int:
    """The number of real texts; an earlier version had the same ones in each process."""
    shares = {tuple(one.tokens) for one in result.latency_by_length} if result else set()
    return sum(map(len, shares))


def tokenizing(result: RuntimeResult | None) -> float | None:
    """The median time of tokenizing the fixed sentence, with all cores at hand, ms."""
    samples = result.latency if result else []
    threads = max((one.threads for one in samples), default=None)
    times = [time for one in samples if one.threads == threads for time in one.tokenizer_ms]
    return float(np.median(times)) if times else None


def size_mb(artefact: Artefact | None, weights_alone: bool = False) -> float | None:
    """The files that a runtime reads, or those with weights alone, MB."""
    if artefact is None:
        return None
    names = artefact.weights_files if weights_alone else artefact.files
    return sum(artefact.files[name] for name in names) / 1e6


def _gpu_mb(part: Finetune | Memory | None) -> float | None:
    return part.gpu.allocated_mb if part and part.gpu else None


def _ram_mb(memory: Memory | None, libraries: bool = False) -> float | None:
    """The highest resident memory, with or without the libraries, MB."""
    return memory.peak_ram_mb + (memory.baseline_ram_mb if libraries else 0) if memory else None


def _on(device: Device, read: Callable[[RuntimeResult | None], float | Samples | None]) -> Read:
    """Reads what was measured on that device."""
    return lambda run, one: read(on(device, run, one))


def _cpu(q: float, one_core: bool = False) -> Read:
    return _on("cpu", lambda one: latency(one, q, one_core))


def _gpu(q: float) -> Read:
    return _on("cuda", lambda one: latency(one, q))


@once
def _throughput(one: RuntimeResult) -> Samples | None:
    """Sentences per second at the chosen batch size: the search takes the best of many, so further processes count."""
    points = one.throughput.again or [one.throughput.best] if one.throughput else []
    return Samples([[point.sentences_per_s] for point in points], np.median) if points else None


def _cpu_seconds_per_million(run: Record, one: RuntimeResult) -> float | None:
    """Time times the cores that were used; None on a GPU."""
    speed = _throughput(one)
    return 1e6 / speed.value * one.threads if speed and one.device == "cpu" else None


def _cost_per_million(run: Record, one: RuntimeResult) -> float | None:
    speed = _throughput(one)
    return _money(run, 1e6 / speed.value) if speed else None


def _training_s(run: Record) -> float | None:
    """Time of the fine-tune as the suite asks for it, which random weights cut short, s."""
    return None if run.weights == "random" else run.finetune.time_s


def _training_cpu_s(run: Record, _: RuntimeResult) -> float | None:
    seconds = _training_s(run)
    return seconds * run.conditions.threads if seconds and run.conditions.device == "cpu" else None


def _training_cost(run: Record, _: RuntimeResult) -> float | None:
    seconds = _training_s(run)
    return _money(run, seconds) if seconds else None


def _money(run: Record, seconds: float) -> float | None:
    """What so much time of the machine costs; None without a price of an hour."""
    price = run.settings["suite"].get("price_per_hour")
    return price * seconds / 3600 if price else None


def _searched(read: Callable[[Throughput], str | int]) -> Read:
    """Reads from the search for the best batch size."""
    return lambda _, one: read(one.throughput) if one.throughput else None


def _quality(name: str) -> Read:
    """Reads a measure of quality with its recorded interval; with random weights it means nothing."""

    def read(run: Record, one: RuntimeResult) -> Estimate | None:
        if one.quality is None or run.weights == "random":
            return None
        return Estimate(getattr(one.quality, name), getattr(one.quality, f"{name}_interval"))

    return read


def _agreement(run: Record, one: RuntimeResult) -> float | None:
    return None if run.weights == "random" else one.agreement


def _over_seeds(measure: Literal["accuracy", "macro_f1"]) -> Read:
    """Reads the mean of a measure of quality over the seeds."""
    return lambda run, one: None if run.weights == "random" else over_seeds(run, one, measure)


def _seeds(statistic: Callable[[list[float]], float], at_least: int = 2) -> Read:
    """Reads a statistic of the accuracies from all seeds, each with all training texts."""

    def read(run: Record, one: RuntimeResult) -> float | None:
        found = [repeat.accuracy for repeat in of_all_labels(run)]
        if one.quality is None or run.weights == "random" or 1 + len(found) < at_least:
            return None
        return statistic([one.quality.accuracy, *found])

    return read


_WHO = (
    Column("suite", "Suite", lambda run, _: run.suite),
    Column("machine", "Machine", lambda run, _: run.machine),
    Column("model", "", lambda run, _: run.model),
)
_MILLIONS: dict[str, Any] = {"unit": "M", "scale": 1e-6, "dtype": "Int64"}
_PER_SECOND: dict[str, Any] = {"format": ",.0f", "better": "higher"}
_LOAD_TIME = Metric("load_time_s", "Start to first answer", lambda _, one: one.load_time_s, "s")
_SPEED, _WORDS = "throughput_sentences_per_s", "Batched throughput"
_THROUGHPUT = Metric(_SPEED, _WORDS, lambda _, one: _throughput(one), "sentences/s", **_PER_SECOND, interval=True)
_CURRENCY = "in the currency of price_per_hour"
CPU_TIME = Metric("cpu_s_per_million_texts", "CPU time of a million texts", _cpu_seconds_per_million, "s", ",.0f")
COST = Metric("cost_per_million_texts", "Cost of a million texts", _cost_per_million, _CURRENCY, ",.2f")
ENERGY = Metric("energy_wh_per_million_texts", "Energy of a million texts", of_a_million_texts, "Wh", ",.1f")
TRAINING_CPU_TIME = Metric("finetune_cpu_s", "CPU time of the fine-tune", _training_cpu_s, "s", ",.0f")
TRAINING_COST = Metric("finetune_cost", "Cost of the fine-tune", _training_cost, _CURRENCY, ",.2f")
TRAINING_ENERGY = Metric("finetune_energy_wh", "Energy of the fine-tune", of_the_finetune, "Wh", ",.1f")
ACCURACY = Metric("eval_accuracy", "Accuracy", _over_seeds("accuracy"), "%", better="higher", scale=100, interval=True)
MACRO_F1 = Metric("eval_macro_f1", "Macro F1", _over_seeds("macro_f1"), "%", better="higher", scale=100, interval=True)
ARTEFACT_ACCURACY = replace(ACCURACY, read=_quality("accuracy"))
ARTEFACT_MACRO_F1 = replace(MACRO_F1, read=_quality("macro_f1"))
"""Those of the artefact, which the run's own seed left: further runtimes answer with no other."""


RESULTS: tuple[Column, ...] = (
    *_WHO,
    Column("title", "Model", lambda run, _: run.title),
    Column("model_name", "", lambda run, _: run.model_name),
    Column("revision", "", lambda run, _: run.revision),
    Column("weights", "", lambda run, _: run.weights),
    Column("kind", "Kind", lambda run, _: run.classifier.kind),
    Column("classifier", "", lambda run, _: run.classifier.label),
    Column("fine_tuned", "", lambda run, _: run.classifier.fine_tuned, dtype="boolean"),
    Column("baseline", "", lambda run, _: run.classifier.baseline, dtype="boolean"),
    Column("edited", "Edited training", lambda run, _: run.finetune.edited, dtype="boolean"),
    Column("undertrained", "Undertrained", lambda run, _: undertrained(run)),
    Column("seed", "", lambda run, _: run.conditions.seed, dtype="Int64"),
    Column("device", "Fine-tuned on", lambda run, _: run.conditions.device),
    Column("precision", "Precision", lambda _, one: one.precision),
    Column("runtime", "Runtime", lambda _, one: None if one.error else one.runtime),
    Column("fingerprint", "", lambda run, _: run.fingerprint.digest),
    Column("noisy", "Noisy machine", lambda *_: None, dtype="boolean"),  # takes the other runs to tell: see `results`
    Metric("parameters", "Parameters", lambda run, _: run.parameters.total, **_MILLIONS),
    Metric("active_parameters", "Parameters without embeddings", lambda run, _: run.parameters.active, **_MILLIONS),
    Metric("finetune_time_s", "Fine-tune time", lambda run, _: run.finetune.time_s, "s"),
    Column("finetune_steps", "Fine-tune steps", lambda run, _: run.finetune.steps, dtype="Int64"),
    Metric(
        "finetune_samples_per_s", "Fine-tune speed", lambda run, _: run.finetune.samples_per_s, "texts/s", **_PER_SECOND
    ),
    Metric("finetune_epoch_time_s", "Time of one fine-tuning epoch", lambda run, _: run.finetune.epoch_time_s, "s"),
    Column(
        "finetune_epoch_derived",
        "Epoch time from fewer steps",
        lambda run, _: run.finetune.epoch_derived,
        dtype="boolean",
    ),
    TRAINING_CPU_TIME,
    TRAINING_COST,
    TRAINING_ENERGY,
    Metric("finetune_peak_gpu_mb", "Peak GPU memory at fine-tune", lambda run, _: _gpu_mb(run.finetune), "MB", ",.0f"),
    Metric("finetune_peak_ram_mb", "Peak memory at fine-tune", lambda run, _: run.finetune.peak_ram_mb, "MB", ",.0f"),
    Metric("inference_peak_gpu_mb", "Peak GPU memory at inference", lambda _, one: _gpu_mb(one.memory), "MB", ",.0f"),
    Metric("inference_peak_ram_mb", "Peak memory at inference", lambda _, one: _ram_mb(one.memory), "MB", ",.0f"),
    Metric("artefact_size_mb", "Artefact size", lambda _, one: size_mb(one.artefact), "MB"),
    Metric("weights_size_mb", "Size of the weights", lambda _, one: size_mb(one.artefact, weights_alone=True), "MB"),
    Metric("cpu_latency_p50_ms", "CPU latency, median", _cpu(50), "ms", interval=True),
    Metric("cpu_latency_p90_ms", "CPU latency, 90th percentile", _cpu(90), "ms", interval=True),
    Metric("cpu_latency_p95_ms", "CPU latency, 95th percentile", _cpu(95), "ms", interval=True),
    Metric("cpu_latency_p99_ms", "CPU latency, 99th percentile", _cpu(99), "ms", interval=True),
    Metric("cpu_latency_1core_p50_ms", "CPU latency on one core, median", _cpu(50, one_core=True), "ms", interval=True),
    Metric("gpu_latency_p50_ms", "GPU latency, median", _gpu(50), "ms", ".2f", interval=True),
    Metric("gpu_latency_p95_ms", "GPU latency, 95th percentile", _gpu(95), "ms", ".2f", interval=True),
    Metric("tokenizer_p50_ms", "Tokenizing one sentence, median", _on("cpu", tokenizing), "ms", ".2f"),
    Metric(
        "latency_by_length_ms",
        "Latency over the data set's own lengths, mean",
        _on("cpu", by_length),
        "ms",
        interval=True,
    ),
    _LOAD_TIME,
    Column("throughput_device", "Throughput on", lambda _, one: one.device if one.throughput else None),
    _THROUGHPUT,
    Column("throughput_batch_size", "Best batch size", _searched(lambda one: one.best.batch_size), dtype="Int64"),
    Column("max_batch_size", "Largest batch tried", _searched(lambda one: one.points[-1].batch_size), dtype="Int64"),
    CPU_TIME,
    COST,
    ENERGY,
    Column("throughput_stopped_by", "Batches stopped by", _searched(lambda one: one.stopped_by)),
    ACCURACY,
    MACRO_F1,
    Metric("eval_loss", "Test loss", _quality("loss"), "nats", ".3f", interval=True),
    Metric("eval_ece", "Calibration error", _quality("ece"), "%", scale=100, interval=True),
    Column("unbalanced", "", lambda run, _: run.data.unbalanced, dtype="boolean"),
    Column("majority_accuracy", "", lambda run, _: majority_accuracy(run.data), dtype="float64"),
    Column("majority_macro_f1", "", lambda run, _: majority_macro_f1(run.data), dtype="float64"),
    Column("seeds", "", _seeds(len, at_least=1), dtype="Int64"),
    Column("eval_accuracy_mean", "", _seeds(statistics.fmean), dtype="float64"),
    Column("eval_accuracy_std", "", _seeds(statistics.stdev), dtype="float64"),
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
    Metric("latency_p50_ms", "Latency, median", lambda _, one: latency(one, 50), "ms", interval=True),
    Metric("latency_p95_ms", "Latency, 95th percentile", lambda _, one: latency(one, 95), "ms", interval=True),
    _THROUGHPUT,
    CPU_TIME,
    COST,
    ENERGY,
    Metric("size_mb", "Size", lambda _, one: size_mb(one.artefact), "MB"),
    _LOAD_TIME,
    Metric("peak_ram_mb", "Memory", lambda _, one: _ram_mb(one.memory, libraries=True), "MB", ",.0f"),
    ARTEFACT_ACCURACY,
    Metric("agreement", "Agreement", _agreement, "%", better="higher", scale=100),
    Column("status", "", lambda _, one: "failed" if one.error else "ok"),
    Column("error", "", lambda _, one: one.error),
)
"""The columns of the table of runtimes, in order; the memory is that of the whole process, its libraries included."""

METRICS = {column.name: column for column in RESULTS if isinstance(column, Metric)}
"""Every metric that a chart, a table, a limit or the recommendation may use, by column."""
LATENCY, SIZE = METRICS["cpu_latency_p50_ms"], METRICS["artefact_size_mb"]
EPOCH_TIME = METRICS["finetune_epoch_time_s"]
"""Beside ACCURACY, what the recommendation and most sentences are about."""
