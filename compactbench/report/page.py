"""The sentences on the page of one run, each made from what its stages returned."""

from IPython.display import Markdown, display

from compactbench import ROOT
from compactbench.measure.run import Run
from compactbench.metrics import METRICS
from compactbench.record import (
    Artefact,
    Conditions,
    Data,
    Finetune,
    LatencySamples,
    LengthSamples,
    Memory,
    Parameters,
    Quality,
    Throughput,
)
from compactbench.report.table import latencies, sizes

PAPER = "https://arxiv.org/abs/"
WEIGHTS = {
    "pretrained": "It starts from its pre-trained weights.",
    "random": "**Random weights:** its pre-trained weights could not be had on this machine, so its size, memory and "
    "speed are measured, and its accuracy means nothing.",
    "none": "It learns from the training texts alone.",
}
STOPPED = {
    "oom": "the next larger batch did not fit into memory",
    "plateau": "two doublings in a row gained less than 2 %",
    "cap": "the suite allows no larger batch",
}


def title(run: Run) -> None:
    """Glue the page's title: the contender and the machine."""
    text = f"{run.model.title} on {run.machine}"
    glued = {"scrapbook": {"name": "title", "mime_prefix": ""}}  # as myst_nb.glue does it, which Colab does not have
    display({"text/plain": text}, raw=True, metadata=glued)


def who(run: Run) -> Markdown:
    """Who the contender is, and what it starts from."""
    model = run.model
    paper = f" ([arXiv {model.paper}]({PAPER}{model.paper}))" if model.paper else ""
    cut = f" Layers kept: {', '.join(map(str, model.keep_layers))}." if model.keep_layers else ""
    return Markdown(f"**{model.title}**, `{model.model_name}`{paper}. {model.summary}{cut} {WEIGHTS[run.weights]}")


def where(found: Conditions) -> Markdown:
    """The machine and what is fixed on it."""
    machine = found.machine
    gpu = f"{machine.gpu} with {machine.gpu_memory_mb / 1000:.0f} GB" if machine.gpu else "none"
    rows = {
        "CPU": f"{machine.cpu}, {machine.cores} cores",
        "Memory": f"{machine.ram_mb / 1000:.1f} GB",
        "GPU": gpu,
        "System": machine.os,
        "torch": f"{found.versions['torch']}, {found.threads} threads, {found.precision}",
        "transformers": found.versions["transformers"],
    }
    return Markdown("| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows.items()))


def about_data(data: Data) -> Markdown:
    """Size, classes and peculiarities of the data set."""
    return Markdown(
        f"{data.name} ({data.source}): {sum(data.train_counts):,} texts to learn from and {sum(data.test_counts):,} to "
        f"test on, in {len(data.classes)} classes; half of the texts have {data.words_p50:.0f} words or fewer, the "
        f"longest has {data.words_max}. {data.duplicates_dropped} exact duplicates were left out before the split."
    )


def about_size(size: Parameters) -> Markdown:
    """Parameters, and those that work on every token."""
    share = size.active_parameters / size.parameters
    return Markdown(
        f"{size.parameters:,} parameters, of which {size.active_parameters:,} ({share:.0%}) are not embedding tables."
    )


def about_finetune(finetune: Finetune) -> Markdown:
    """Time, speed and memory of the fine-tune."""
    epoch = METRICS["finetune_epoch_time_s"].text(finetune.epoch_time_s)
    how = "extrapolated from these steps" if finetune.epoch_derived else "measured"
    gpu = "" if finetune.peak_gpu_mb is None else f", and {finetune.peak_gpu_mb:,.0f} MB on the GPU"
    return Markdown(
        f"{finetune.steps:,} steps over {finetune.samples:,} texts took {finetune.time_s:.1f} s. "
        f"One epoch takes {epoch} ({how}), {finetune.samples_per_s:,.0f} texts a second. The process took up to "
        f"{finetune.peak_ram_mb:,.0f} MB beyond its libraries{gpu}."
    )


def about_quality(run: Run, quality: Quality) -> Markdown:
    """Accuracy with its interval, or that there is none."""
    if run.weights == "random":
        return Markdown(
            "With random weights and so few steps these predictions are noise, made for two batches only. They are "
            "kept in the record as proof that the path works, and no table or chart uses them."
        )
    return Markdown(
        f"Accuracy **{quality.accuracy:.1%}** (95 % interval {quality.accuracy_low:.1%} to "
        f"{quality.accuracy_high:.1%}), macro F1 {quality.macro_f1:.1%}, "
        f"test loss {quality.loss:.3f} nats, calibration error {quality.ece:.1%}."
    )


def about_memory(memory: Memory) -> Markdown:
    """Memory at inference."""
    gpu = "" if memory.peak_gpu_mb is None else f", and {memory.peak_gpu_mb:,.0f} MB on the GPU"
    return Markdown(
        f"Classifying {memory.batch_size} texts at once took up to {memory.peak_ram_mb:,.0f} MB beyond the "
        f"{memory.baseline_ram_mb:,.0f} MB of a process with its libraries loaded{gpu}."
    )


def about_artefact(artefact: Artefact) -> Markdown:
    """Size of what is deployed."""
    found = sizes(artefact)
    whole, weights = (METRICS[name].text(found[name]) for name in ("artefact_size_mb", "weights_size_mb"))
    return Markdown(f"The saved folder has {whole}, its weights alone {weights}.")


def about_latency(latency: list[LatencySamples], by_length: list[LengthSamples]) -> Markdown:
    """Percentiles of the fixed sentence, and the mean over real lengths."""
    found = {name: METRICS[name].text(value) for name, value in latencies(latency, by_length).items()}
    return Markdown(
        f"The fixed sentence takes {found['cpu_latency_p50_ms']} in the median on all cores, "
        f"{found['cpu_latency_p95_ms']} at the 95th percentile and {found['cpu_latency_p99_ms']} at the 99th; "
        f"on one core the median is {found['cpu_latency_1core_p50_ms']}. "
        f"Over texts as long as the data set's own, the mean is {found['latency_by_length_ms']}."
    )


def about_throughput(throughput: Throughput) -> Markdown:
    """The fastest batch, and why the search ended."""
    best = max(throughput.points, key=lambda point: point.sentences_per_s)
    largest = throughput.points[-1].batch_size
    return Markdown(
        f"The fastest batch holds {best.batch_size} sentences: {best.sentences_per_s:,.0f} sentences a second. The "
        f"largest batch tried holds {largest} (of at most {throughput.cap}); the search ended because "
        f"{STOPPED[throughput.stopped_by]}."
    )


def about_record(run: Run) -> Markdown:
    """Where the record is, and what it was made from."""
    path = run.path.relative_to(ROOT) if run.path.is_relative_to(ROOT) else run.path.name
    return Markdown(f"Written to `{path}`, fingerprint `{run.fingerprint[:16]}`.")
