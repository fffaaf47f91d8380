"""The sentences on the page of one run, each made from a part of its record."""

import statistics
from pathlib import Path

from compactbench import ROOT, record
from compactbench.record.file import place
from compactbench.report.statistics.balance import majority_accuracy, majority_macro_f1, most_frequent
from compactbench.report.statistics.intervals import Samples
from compactbench.report.tables.columns import Metric
from compactbench.report.tables.metrics import (
    ACCURACY,
    EPOCH_TIME,
    LATENCY,
    METRICS,
    SIZE,
    by_length,
    latency,
    size_mb,
    texts_timed,
    tokenizing,
)
from compactbench.report.text.background import PAPER, commit
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table, notes
from compactbench.settings import DEFAULT_SUITE, Model, Suite

WEIGHTS = {
    "pretrained": "It starts from pre-trained weights.",
    "random": "**Random weights:** its pre-trained weights could not be had on this machine, so its size, memory and "
    "speed are measured, and its accuracy means nothing.",
    "none": "It learns from the training texts alone.",
}
PADDING = {
    "batch": "texts padded to the longest of their batch",
    "longest": "texts padded to the longest of the split",
    "other": "padding of the training function's own",
}
STOPPED = {
    "oom": "the next larger batch did not fit into memory",
    "plateau": "two doublings in a row gained less than 2 %",
    "cap": "the suite allows no larger batch",
}


def title(run: record.Record) -> Markdown:
    """The page's title: the model, what its numbers are not, the suite unless it is the starter, and the processor."""
    named = ", ".join([str(run.title), *notes(run.weights, run.finetune.edited)])
    suite = "" if run.suite == DEFAULT_SUITE else " on " + run.suite
    machine = run.conditions.machine
    return markdown(named + suite + " (" + (machine.gpu or machine.cpu) + f", {machine.cores} cores)")


def who(model: Model, classifier: record.Classifier, weights: record.Weights) -> Markdown:
    """Who the model is, what kind of classifier it becomes, and what it starts from."""
    named = code(model.model_name)
    paper = f" ([arXiv {model.paper}]({PAPER}{model.paper}))" if model.paper else ""
    license = f" License of the weights: {markdown(model.license)}." if model.license else ""
    own_code = " **It runs code of its publisher:** its file sets `trust_remote_code`." * model.trust_remote_code
    return Markdown(
        f"**{markdown(model.title)}**, {named}{paper}, {markdown(classifier.label)}. {markdown(model.summary)}"
        f"{layers_kept(model.model_name, model.keep_layers)}{license} {WEIGHTS[weights]}{own_code}"
    )


def layers_kept(name: str, kept: list[int] | None) -> Markdown:
    """Which layers of the model `name` are left, where some were dropped."""
    layers = listed(map(str, kept or []))
    return Markdown(f" Of the layers of {code(name)} it keeps {layers}, counted from 0." if kept else "")


def where(conditions: record.Conditions) -> Markdown:
    """The machine and what is fixed on it."""
    machine, versions = conditions.machine, conditions.versions
    rows = [
        ["CPU", machine.cpu + f", {machine.cores} cores"],
        ["Memory", f"{machine.ram_mb / 1000:.1f} GB"],
        ["GPU", machine.gpu + f" with {(machine.gpu_memory_mb or 0) / 1000:.0f} GB" if machine.gpu else "none"],
        ["System", machine.os],
        ["torch", versions["torch"] + f", {conditions.threads} threads"],
        ["transformers", versions["transformers"]],
        ["Measuring code", "commit " + commit(conditions)],
    ]
    return markdown_table(["", ""], rows, "ll")


def about_data(data: record.Data) -> Markdown:
    """Size, classes and peculiarities of the data set."""
    read = f"the first {data.first_words} words of each are read; " if data.first_words else ""
    return Markdown(
        f"{markdown(data.name)} ({markdown(data.source)}): {sum(data.train_counts):,} texts to learn from and "
        f"{sum(data.test_counts):,} to test on, in {len(data.classes)} classes; {read}half of the texts have "
        f"{data.words_p50:.0f} words or fewer, "
        f"95 % have {data.words_p95 or 0:.0f} or fewer, the longest has {data.words_max:,}. {oddities(data)}"
        f"{languages(data)}"
    )


def languages(data: record.Data) -> Markdown:
    """Which languages the texts are in, where they are not English, and what that means."""
    shares = {str(code): share for code, share in (data.languages or {}).items()}
    if not shares or shares.get("en", 0.0) >= 0.5:
        return Markdown()
    told = listed(f"{code} ({share:.0%})" for code, share in shares.items())
    return Markdown(f" By language the texts are {told}: models of English text are a poor guess for them.")


def oddities(data: record.Data) -> str:
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


def about_parameters(parameters: record.Parameters) -> Markdown:
    """Parameters, and those that work on every token."""
    active = f"{parameters.active:,} ({parameters.active / parameters.total:.0%})"
    return Markdown(f"{parameters.total:,} parameters, of which {active} are not embedding tables.")


def about_tuning(
    trials: list[record.Trial], learning_rate: float | None, suite: Suite, weights: record.Weights
) -> Markdown:
    """The learning rates that were tried, and the one that was taken."""
    if not trials:
        return Markdown(f"None was tried: {_untried(learning_rate, suite, weights)}.")
    rows = []
    for trial in trials:
        rate = f"{trial.learning_rate:g}{' (taken)' * (trial.learning_rate == learning_rate)}"
        loss = METRICS["eval_loss"].text(trial.loss)
        f1 = METRICS["eval_macro_f1"].text(trial.macro_f1)
        rows.append([rate, f"{trial.steps:,}", f"{trial.time_s:,.1f} s", *_accuracy(trial), f1, loss])
    head = ["Learning rate", "Steps", "Time", "Accuracy", "95 % interval", "Macro F1", "Loss"]
    return Markdown(
        f"Judged on {trials[0].texts:,} training texts that no try learned from, and not on the test texts:\n\n"
        + markdown_table(head, rows)
    )


def _untried(learning_rate: float | None, suite: Suite, weights: record.Weights) -> str:
    if learning_rate is None:
        return "this model has none to set"
    if suite.learning_rates and weights == "random":
        return f"random weights would teach nothing about it; it is {learning_rate:g}"
    return f"it is {learning_rate:g}, as the suite or the model's own file says"


def about_finetune(finetune: record.Finetune) -> Markdown:
    """Time, speed and memory of the fine-tune."""
    epoch = EPOCH_TIME.text(finetune.epoch_time_s)
    how = "extrapolated from these steps" if finetune.epoch_derived else "measured"
    gpu = f", and {finetune.gpu.allocated_mb:,.0f} MB on the GPU" if finetune.gpu else ""
    procedure = ""
    if done := finetune.procedure:
        library = f"{markdown(done.optimizer)}, {markdown(done.attention)} attention"
        procedure = f" {done.precision} arithmetic, {library}, {PADDING[done.padding]}."
    elif finetune.arguments:
        chosen = listed(markdown(name) + f" {markdown(str(value))}" for name, value in finetune.arguments.items())
        procedure = f" Its linear model: {chosen}."
    if finetune.cut:
        procedure += f" {finetune.cut:,} training texts were longer than the suite's `max_length` and were cut."
    edited = " **Its training function was edited**, so no recommendation takes this run." if finetune.edited else ""
    return Markdown(
        f"{finetune.steps:,} steps over {finetune.samples:,} texts took {finetune.time_s:.1f} s. "
        f"One epoch takes {epoch} ({how}); after the first, slower steps it learns from {finetune.samples_per_s:,.0f} "
        f"texts a second. The process took up to {finetune.peak_ram_mb:,.0f} MB beyond its libraries{gpu}."
        f"{procedure}{edited}"
    )


def about_quality(quality: record.Quality, data: record.Data, weights: record.Weights) -> Markdown:
    """Accuracy with its interval, or that there is none."""
    if weights == "random":
        return Markdown(
            "With random weights and so few steps the predictions are noise. They were made for two batches of the "
            "test texts only, as proof that the path works; the record keeps them, and no table or chart uses them."
        )
    rows, names = [], ["accuracy", "macro_f1", "loss", "ece"]
    if data.unbalanced:
        names[:2] = reversed(names[:2])
    for name in names:
        metric, interval = METRICS[f"eval_{name}"], getattr(quality, f"{name}_interval")
        rows.append([metric.label, metric.text(getattr(quality, name)), metric.range(interval) if interval else "–"])
    for name, share in zip(data.classes, quality.class_f1, strict=True):
        rows.append(["F1 of " + name, METRICS["eval_macro_f1"].text(share), ""])
    floor = markdown(data.classes[most_frequent(data)]), ACCURACY.text(majority_accuracy(data))
    f1 = METRICS["eval_macro_f1"].text(majority_macro_f1(data))
    return Markdown(
        markdown_table(["", "", "95 % interval"], rows)
        + f"\n\nThe lowest floor: always answering {floor[0]}, the most frequent class, has {floor[1]} accuracy and "
        f"{f1} macro F1."
        + " The classes are unbalanced, so macro F1 decides: in it each class counts alike."
        * data.unbalanced
    )


def about_memory(memory: record.Memory) -> Markdown:
    """Memory at inference."""
    gpu = f", and {memory.gpu.allocated_mb:,.0f} MB on the GPU" if memory.gpu else ""
    between = ""
    if peaks := memory.peaks_ram_mb:
        between = f" (median of {len(peaks)} processes, {min(peaks):,.0f} to {max(peaks):,.0f} MB)"
    return Markdown(
        f"Classifying {memory.batch_size} texts at once took up to {memory.peak_ram_mb:,.0f} MB{between} beyond the "
        f"{memory.baseline_ram_mb:,.0f} MB of a process with its libraries loaded{gpu}."
    )


def about_artefact(artefact: record.Artefact) -> Markdown:
    """Size of what is deployed."""
    whole, weights = SIZE.text(size_mb(artefact)), SIZE.text(size_mb(artefact, weights_alone=True))
    return Markdown(f"As trained and saved it has {whole}, its weights alone {weights}.")


def about_latency(results: list[record.RuntimeResult]) -> Markdown:
    """Percentiles of the fixed sentence and the mean over real lengths, with intervals between this run's processes.

    Args:
        results: the runtime that the model was trained with, on each device.
    """
    on = {result.device: result for result in results}
    cpu, gpu = on.get("cpu"), on.get("cuda")
    p99 = latency(cpu, 99)
    text = (
        f"Over {texts_timed(cpu):,} test texts of their own lengths, the mean is {_timed(by_length(cpu))}. "
        f"The fixed sentence takes {_timed(latency(cpu, 50))} in the median on all cores, "
        f"{_timed(latency(cpu, 95))} at the 95th percentile"
        + f", {_timed(p99)} at the 99th" * (p99 is not None)
        + f"; on one core the median is {_timed(latency(cpu, 50, one_core=True))}. "
    )
    if gpu:
        text += f"On the GPU the median is {_timed(latency(gpu, 50), METRICS['gpu_latency_p50_ms'])}. "
    return Markdown(
        f"{text}Tokenizing it alone takes {METRICS['tokenizer_p50_ms'].text(tokenizing(cpu))}. "
        "In brackets: 95\u00a0% intervals for another run, from the processes of this one alone."
    )


def _timed(samples: Samples | None, metric: Metric = LATENCY) -> str:
    """A time with its interval, as `metric` writes them."""
    if samples is None:
        return metric.text(None)
    found = samples.estimate()
    return metric.text(found.value) + (f" ({metric.range(found.interval)})" if found.interval else "")


def about_throughput(throughput: record.Throughput) -> Markdown:
    """The fastest batch, and why the search ended."""
    best = throughput.best
    largest = throughput.points[-1].batch_size
    others = [point.sentences_per_s for point in throughput.again]
    again = ""
    if others:
        middle, ends = statistics.median(others), f"{min(others):,.0f} to {max(others):,.0f}"
        again = f"; in {len(others)} further processes, which alone count, {middle:,.0f} in the median ({ends})"
    size = f"{best.batch_size} sentence{'s' * (best.batch_size > 1)}"
    told = "" if throughput.texts is None else f" A pass holds {throughput.texts:,} test texts, sorted by length."
    mixed = [one.unsorted_sentences_per_s for one in throughput.again if one.unsorted_sentences_per_s]
    told += f" With the texts in no order it is {statistics.median(mixed):,.0f} a second." if mixed else ""
    return Markdown(
        f"The batch chosen holds {size}: {best.sentences_per_s:,.0f} sentences a second{again}.{told} "
        f"The largest batch tried holds {largest} (of at most {throughput.cap}); the search ended "
        f"because {STOPPED[throughput.stopped_by]}."
    )


def about_export(results: list[record.RuntimeResult]) -> Markdown:
    """The runtimes beside the one that the model was trained with, and what failed on the way to them."""
    if not results:
        return Markdown("It runs in the runtime that it was trained with, and in no other.")
    rows = [[result.label, result.device, result.error or "ready"] for result in results]
    return markdown_table(["Runtime", "On", ""], rows, "lll")


def about_repeats(repeats: list[record.Repeat]) -> Markdown:
    """Accuracy from other seeds and with fewer labels."""
    if not repeats:
        return Markdown("This run has none: either the suite asks for none, or the weights are random.")
    rows = [[f"{one.seed}", f"{one.labels:,}", f"{one.time_s:.1f} s", *_accuracy(one)] for one in repeats]
    return markdown_table(["Seed", "Training texts", "Time", "Accuracy", "95 % interval"], rows, "rrrrr")


def _accuracy(tried: record.Trial | record.Repeat) -> list[str]:
    return [ACCURACY.text(tried.accuracy), ACCURACY.range(tried.accuracy_interval)]


def about_record(path: Path, digest: str) -> Markdown:
    """Where the record is, and the fingerprint of what it was made from."""
    path = place(path)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return Markdown(f"Written to {code(str(shown))}, fingerprint `{digest[:16]}`.")
