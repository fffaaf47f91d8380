"""The model card of an artefact, in the hub's format: what it was fine-tuned on, what was measured, its limits."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from compactbench.foreign import line
from compactbench.record import Record
from compactbench.report.tables.metrics import METRICS
from compactbench.report.text.background import machine_in_words, versions
from compactbench.report.text.runtimes import table as runtimes_table
from compactbench.report.text.words import code, listed, markdown

FILE = "README.md"
MEASURED = {"accuracy": METRICS["eval_accuracy"], "f1": METRICS["eval_macro_f1"], "loss": METRICS["eval_loss"]}
"""The metrics of the card by the hub's names for them."""


def write(record: Record, folder: Path) -> None:
    """Write the card of the artefact in `folder`; a baseline, which no hub serves, gets none."""
    if not record.classifier.baseline:
        (folder / FILE).write_text(card(record), encoding="utf-8")


def card(record: Record) -> str:
    """The card: metadata with the measured results, then the same in words."""
    data, learned = record.data, "fine-tuned" if record.classifier.fine_tuned else "trained"
    tested = sum(map(sum, record.trained.quality.confusion)) if record.trained.quality else 0
    longest = markdown(str(record.settings["suite"]["max_length"]))
    random = record.weights == "random"
    warning = "\n**Random weights: this model knows nothing. It serves to measure speed and size.**\n" if random else ""
    return f"""---
{metadata(record).to_yaml()}
---

# {markdown(record.title)}, {learned} on {markdown(data.name)}
{warning}
{code(record.model_name)}{f" at {code(record.revision)}" if record.revision else ""}, {learned} for text classification
in {len(data.classes)} classes: {listed(data.classes)}.

## What it was {learned} on

{markdown(data.name)} ({markdown(data.source)}):
{sum(data.train_counts):,} texts to learn from, {sum(data.test_counts):,} held out.
Cite: {markdown(data.cite)}. License of the texts: {markdown(data.license)}.
{_training(record)}

## What was measured

{_results(record) if not random else "Its accuracy means nothing and is not given."}

{runtimes_table(record)}

The latency is that of one sentence on the CPU, tokenizing included; the memory is that of the whole process.
Measured on {markdown(machine_in_words(record))}, on {record.started_at:%Y-%m-%d}.

{versions([record])}

## Limits

It was tested on {tested:,} texts of the same source as those it learned from. Other sources, languages and times will
give other results, and a text of no class still gets one of them. Texts beyond {longest}
tokens are cut.
"""


def _training(record: Record) -> str:
    """How it was trained: the trainer's settings, where there is a trainer."""
    finetune, seed = record.finetune, f"seed {record.conditions.seed}"
    edited = " The training function was edited." if finetune.edited else ""
    if finetune.learning_rate is None:
        return f"{seed.capitalize()}.{edited}"
    steps = f"{finetune.steps:,} steps of {finetune.batch_size} texts"
    return f"{steps}, learning rate {finetune.learning_rate:g},\n{seed}.{edited}"


def metadata(record: Record) -> ModelCardData:
    """The card's metadata; results with their 95 % intervals, none with random weights."""
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=line(record.suite),
            dataset_name=line(record.data.name),
            dataset_split="test",
            metric_type=kind,
            metric_name=metric.label,
            metric_value=row[metric.name],
            metric_args={"interval_95": [row[metric.low], row[metric.high]]},
        )
        for kind, metric in MEASURED.items()
        if (row := metric.cells(record, record.trained))[metric.name] is not None
    ]
    return ModelCardData(
        model_name=line(record.model + "-" + record.suite),
        base_model=line(record.model_name),
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["compact-transformers"],
        eval_results=results or None,
    )


def _results(record: Record) -> str:
    rows = [(metric, metric.cells(record, record.trained)) for metric in MEASURED.values()]
    return "\n".join(f"- {metric.label}: {metric.of(row)} (95 % interval {metric.ends(row)})" for metric, row in rows)
