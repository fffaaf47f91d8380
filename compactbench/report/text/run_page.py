"""The sentences on the page of one run, each made from what its stages returned."""

from IPython.display import Markdown, display

from compactbench import ROOT
from compactbench.benchmark.run import Run
from compactbench.benchmark.serving import Served
from compactbench.record import (
    Artefact,
    Conditions,
    Data,
    Finetune,
    Interval,
    LatencySamples,
    LengthSamples,
    Memory,
    Parameters,
    Quality,
    Repeat,
    Throughput,
    Trial,
)
from compactbench.report.tables.metrics import METRICS
from compactbench.report.tables.results import latencies, sizes
from compactbench.report.tables.runtimes import name
from compactbench.report.text.background import PAPER, listed, literal, markdown_table
from compactbench.settings import DEFAULT_SUITE

WEIGHTS = {
    "pretrained": "It starts from pre-trained weights.",
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
    """Glue the page's title: the contender, the machine and, but for the starter, the suite."""
    random = " (random weights)" if run.weights == "random" else ""
    suite = "" if run.suite.suite == DEFAULT_SUITE else f", {run.suite.suite}"
    text = f"{run.model.title} on {run.machine}{suite}{random}"
    glued = {"scrapbook": {"name": "title", "mime_prefix": ""}}  # as myst_nb.glue does it, which Colab does not have
    display({"text/plain": text}, raw=True, metadata=glued)


def who(run: Run) -> Markdown:
    """Who the contender is, and what it starts from."""
    model = run.model
    paper = f" ([arXiv {model.paper}]({PAPER}{model.paper}))" if model.paper else ""
    kept = model.keep_layers
    cut = (
        f" Of the layers of `{model.model_name}` it keeps {', '.join(map(str, kept))}, counted from 0." if kept else ""
    )
    licence = f" Licence of the weights: {model.licence}." if model.licence else ""
    code = " **It runs code of its publisher:** its file sets `trust_remote_code`." if model.trust_remote_code else ""
    text = f"**{model.title}**, `{model.model_name}`{paper}. {model.summary}{cut}{licence} {WEIGHTS[run.weights]}{code}"
    return Markdown(text)


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
        f"{literal(data.name)} ({literal(data.source)}): {sum(data.train_counts):,} texts to learn from and "
        f"{sum(data.test_counts):,} to test on, in {len(data.classes)} classes; half of the texts have "
        f"{data.words_p50:.0f} words or fewer, "
        f"95 % have {data.words_p95:.0f} or fewer, the longest has {data.words_max:,}. {oddities(data)}"
    )


def oddities(data: Data) -> str:
    """What was odd about the rows, and what became of it, in a sentence."""
    counted = {
        "exact duplicates": data.duplicates_dropped,
        "training texts that are test texts too": data.leaked_dropped,
        "rows without a text": data.empty_dropped,
        "rows without a label": data.unlabelled_dropped,
    }
    found = [f"{count:,} {what}" for what, count in counted.items() if count]
    text = f"Left out before the split: {listed(found)}." if found else "No row had to be left out."
    return text + (f" {data.undecodable:,} texts had bytes that are no UTF-8, replaced." if data.undecodable else "")


def about_size(size: Parameters) -> Markdown:
    """Parameters, and those that work on every token."""
    share = size.active_parameters / size.parameters
    return Markdown(
        f"{size.parameters:,} parameters, of which {size.active_parameters:,} ({share:.0%}) are not embedding tables."
    )


def about_tuning(run: Run, trials: list[Trial]) -> Markdown:
    """The learning rates that were tried, and the one that was taken."""
    if not trials:
        return Markdown(f"None was tried: {_untried(run)}.")
    rows = [
        [
            f"{trial.learning_rate:g}" + (" (taken)" if trial.learning_rate == run.learning_rate else ""),
            f"{trial.steps:,}",
            f"{trial.time_s:,.1f} s",
            METRICS["eval_accuracy"].text(trial.accuracy),
            _range("eval_accuracy", trial.accuracy_interval),
            METRICS["eval_loss"].text(trial.loss),
        ]
        for trial in trials
    ]
    head = ["Learning rate", "Steps", "Time", "Accuracy", "95 % interval", "Loss"]
    return Markdown(
        f"Judged on {trials[0].texts:,} training texts that no try learned from, and not on the test texts:\n\n"
        + markdown_table(head, rows)
    )


def _untried(run: Run) -> str:
    if run.model.kind == "tfidf":
        return "this contender has none to set"
    if run.suite.learning_rates and run.weights == "random":
        return f"random weights would teach nothing about it; it is {run.learning_rate:g}"
    return f"the suite sets {run.learning_rate:g}"


def about_finetune(finetune: Finetune) -> Markdown:
    """Time, speed and memory of the fine-tune."""
    epoch = METRICS["finetune_epoch_time_s"].text(finetune.epoch_time_s)
    how = "extrapolated from these steps" if finetune.epoch_derived else "measured"
    gpu = f", and {finetune.gpu.allocated_mb:,.0f} MB on the GPU" if finetune.gpu else ""
    done = finetune.procedure
    procedure = (
        f" {done.precision} arithmetic, {done.optimizer}, {done.attention} attention, texts padded to the longest of "
        f"{'their batch' if done.padding == 'batch' else 'the split'}."
        if done
        else ""
    )
    if finetune.cut:
        procedure += f" {finetune.cut:,} training texts were longer than the suite's `max_length` and were cut."
    return Markdown(
        f"{finetune.steps:,} steps over {finetune.samples:,} texts took {finetune.time_s:.1f} s. "
        f"One epoch takes {epoch} ({how}); after the first, slower steps it learns from {finetune.samples_per_s:,.0f} "
        f"texts a second. The process took up to {finetune.peak_ram_mb:,.0f} MB beyond its libraries{gpu}.{procedure}"
    )


def about_quality(run: Run, quality: Quality) -> Markdown:
    """Accuracy with its interval, or that there is none."""
    if run.weights == "random":
        return Markdown(
            "With random weights and so few steps the predictions are noise. They were made for two batches of the "
            "test texts only, as proof that the path works; the record keeps them, and no table or chart uses them."
        )
    return Markdown(
        "| | | 95 % interval |\n|---|---:|---:|\n"
        + _measured("eval_accuracy", quality.accuracy, quality.accuracy_interval)
        + _measured("eval_macro_f1", quality.macro_f1, quality.macro_f1_interval)
        + _measured("eval_loss", quality.loss, quality.loss_interval)
        + _measured("eval_ece", quality.ece, quality.ece_interval)
        + "".join(
            f"| F1 of {literal(name)} | {METRICS['eval_macro_f1'].text(share)} | |\n"
            for name, share in zip(run.data_facts.classes, quality.class_f1, strict=True)
        )
    )


def about_memory(memory: Memory) -> Markdown:
    """Memory at inference."""
    gpu = f", and {memory.gpu.allocated_mb:,.0f} MB on the GPU" if memory.gpu else ""
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
    """Percentiles of the fixed sentence and the mean over real lengths, with intervals between this run's processes."""
    found = latencies(latency, by_length)

    def said(name: str) -> str:
        low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
        interval = f" ({_range(name, (low, high))})" if low is not None else ""
        return METRICS[name].text(found[name]) + interval

    return Markdown(
        f"The fixed sentence takes {said('cpu_latency_p50_ms')} in the median on all cores, "
        f"{said('cpu_latency_p95_ms')} at the 95th percentile and {said('cpu_latency_p99_ms')} at the 99th; "
        f"on one core the median is {said('cpu_latency_1core_p50_ms')}. Tokenizing alone takes "
        f"{said('tokenizer_p50_ms')}. "
        f"Over {len(by_length[0].tokens)} test texts of their own lengths, the mean is {said('latency_by_length_ms')}. "
        "In brackets: 95\u00a0% intervals between the processes of this run alone."
    )


def about_throughput(throughput: Throughput) -> Markdown:
    """The fastest batch, and why the search ended."""
    best = max(throughput.points, key=lambda point: point.sentences_per_s)
    largest = throughput.points[-1].batch_size
    others = [f"{point.sentences_per_s:,.0f}" for point in throughput.again]
    again = f"; further processes reached {listed(others)}" if others else ""
    return Markdown(
        f"The fastest batch holds {_sentences(best.batch_size)}: {best.sentences_per_s:,.0f} sentences a "
        f"second{again}. The largest batch tried holds {largest} (of at most {throughput.cap}); the search ended "
        f"because {STOPPED[throughput.stopped_by]}."
    )


def _sentences(count: int) -> str:
    return "1 sentence" if count == 1 else f"{count} sentences"


def about_export(ways: list[Served]) -> Markdown:
    """By what the fine-tuned model can be served beside torch in fp32, and what failed on the way."""
    if not ways:
        return Markdown("It is served as it was trained, and no other way.")
    rows = [[name(way.route.runtime, way.route.precision), way.route.device, way.error or "ready"] for way in ways]
    return Markdown(markdown_table(["Served by", "On", ""], rows, "lll"))


def about_repeats(repeats: list[Repeat]) -> Markdown:
    """Accuracy from other seeds and with fewer labels."""
    if not repeats:
        return Markdown("This run has none: either the suite asks for none, or the weights are random.")
    rows = [
        f"| {repeat.seed} | {repeat.labels:,} | {repeat.time_s:.1f} s | "
        f"{METRICS['eval_accuracy'].text(repeat.accuracy)} | {_range('eval_accuracy', repeat.accuracy_interval)} |"
        for repeat in repeats
    ]
    head = "| Seed | Training texts | Time | Accuracy | 95 % interval |\n|---:|---:|---:|---:|---:|\n"
    return Markdown(head + "\n".join(rows))


def _measured(name: str, value: float, interval: Interval) -> str:
    return f"| {METRICS[name].label} | {METRICS[name].text(value)} | {_range(name, interval)} |\n"


def _range(name: str, interval: Interval) -> str:
    low, high = (METRICS[name].text(end, unit=False) for end in interval)
    return f"{low} to {high}"


def about_record(run: Run) -> Markdown:
    """Where the record is, and what it was made from."""
    path = run.path.relative_to(ROOT) if run.path.is_relative_to(ROOT) else run.path.name
    return Markdown(f"Written to `{path}`, fingerprint `{run.fingerprint[:16]}`.")
