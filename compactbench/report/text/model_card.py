"""The model card of an artefact, in the hub's format: what it was fine-tuned on, what was measured, its limits."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from compactbench.record import Interval, Record
from compactbench.report.tables.metrics import METRICS
from compactbench.report.text.background import listed, literal, machine_in_words, versions
from compactbench.report.text.runtimes import table as runtimes_table

FILE = "README.md"


def write(record: Record, folder: Path) -> None:
    """Write the card of the artefact in `folder`; the floor, which no hub serves, gets none."""
    if record.weights != "none":
        (folder / FILE).write_text(card(record), encoding="utf-8")


def card(record: Record) -> str:
    """The card: metadata with the measured results, then the same in words."""
    data, quality = record.data, record.quality
    cite = record.settings["suite"]["dataset"]
    random = record.weights == "random"
    warning = "\n**Random weights: this model knows nothing. It serves to measure speed and size.**\n" if random else ""
    return f"""---
{metadata(record).to_yaml()}
---

# {record.title}, fine-tuned on {literal(data.name)}
{warning}
`{record.model_name}`{f" at `{record.revision}`" if record.revision else ""}, fine-tuned for text classification in
{len(data.classes)} classes: {listed([literal(name) for name in data.classes])}.

## What it was fine-tuned on

{literal(data.name)} ({literal(data.source)}):
{sum(data.train_counts):,} texts to learn from, {sum(data.test_counts):,} held out.
Cite: {cite["cite"]}. Licence of the texts: {cite["licence"]}.
{record.finetune.steps:,} steps of {record.finetune.batch_size} texts, learning rate {record.finetune.learning_rate:g},
seed {record.conditions.seed}.

## What was measured

{_results(record) if not random else "Its accuracy means nothing and is not given."}

{runtimes_table(record).data}

The latency is that of one sentence on the CPU, tokenizing included; the memory is that of the whole serving process.
Measured on {machine_in_words(record)}, on {record.started_at:%Y-%m-%d}.

{versions([record])}

## Limits

It was tested on {sum(map(sum, quality.confusion)):,} texts of the same source as those it learned from. Other sources,
languages and times will give other results, and a text of no class still gets one of them. Texts beyond
{record.settings["suite"]["max_length"]} tokens are cut.
"""


def metadata(record: Record) -> ModelCardData:
    """The card's metadata; results with their 95 % intervals, none with random weights."""
    quality, data = record.quality, record.data

    def result(kind: str, name: str, value: float, interval: Interval) -> EvalResult:
        return EvalResult(
            task_type="text-classification",
            dataset_type=record.suite,
            dataset_name=data.name,
            dataset_split="test",
            metric_type=kind,
            metric_name=name,
            metric_value=value,
            metric_args={"interval_95": list(interval)},
        )

    results = [
        result("accuracy", "Accuracy", quality.accuracy, quality.accuracy_interval),
        result("f1", "Macro F1", quality.macro_f1, quality.macro_f1_interval),
        result("loss", "Loss", quality.loss, quality.loss_interval),
    ]
    return ModelCardData(
        model_name=f"{record.model}-{record.suite}",
        base_model=record.model_name,
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["compact-transformers"],
        eval_results=None if record.weights == "random" else results,
    )


def _results(record: Record) -> str:
    quality = record.quality
    shown = {
        "eval_accuracy": (quality.accuracy, quality.accuracy_interval),
        "eval_macro_f1": (quality.macro_f1, quality.macro_f1_interval),
        "eval_loss": (quality.loss, quality.loss_interval),
    }
    lines = [
        f"- {METRICS[name].label}: {METRICS[name].text(value)} (95 % interval "
        f"{METRICS[name].text(low, unit=False)} to {METRICS[name].text(high, unit=False)})"
        for name, (value, (low, high)) in shown.items()
    ]
    return "\n".join(lines)
