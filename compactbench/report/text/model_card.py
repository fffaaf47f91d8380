"""The model card of an artefact, in the hub's format: what it was fine-tuned on, what was measured, its limits."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from compactbench.foreign import line
from compactbench.record import Record
from compactbench.report.tables.metrics import ARTEFACT_ACCURACY, ARTEFACT_MACRO_F1, METRICS
from compactbench.report.text.background import machine_in_words, versions
from compactbench.report.text.run_page import layers_kept
from compactbench.report.text.runtimes import table as runtimes_table
from compactbench.report.text.runtimes import verdicts
from compactbench.report.text.serving import exported, of_torch, programs
from compactbench.report.text.words import Markdown, code, listed, markdown

FILE = "README.md"
MEASURED = {"accuracy": ARTEFACT_ACCURACY, "f1": ARTEFACT_MACRO_F1, "loss": METRICS["eval_loss"]}
"""The metrics of the card by the hub's names for them."""
LICENSES = {
    *("apache-2.0", "mit", "bsd-3-clause", "gpl-3.0", "cc0-1.0"),
    *("cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0"),
}
"""Licenses by the hub's names for them; it refuses a card with one that it does not know, unless that is `other`."""
FILES = """
The weights as trained are `model.safetensors`. In `onnx/` is the network in standard operators, for any engine:
`model.onnx` in fp32, `model_quantized.onnx` in int8. `onnxruntime/model_int8.onnx` is for ONNX Runtime alone, and
the one that was measured here."""
INT8 = """
In int8 it may answer otherwise on another kind of CPU than the one above, whose instructions round and overflow in
their own way."""


def write(record: Record, folder: Path) -> None:
    """Write the card of the artefact in `folder`; a pipeline of scikit-learn, which no hub serves, gets none."""
    if of_torch(record):
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
in {len(data.classes)} classes: {listed(data.classes)}.{_origin(record)}

## Answer with it

These programs run in this folder.{FILES if exported(record) else ""}

{programs(record)}

## What it was {learned} on

{markdown(data.name)} ({markdown(data.source)}):
{sum(data.train_counts):,} texts to learn from, {sum(data.test_counts):,} held out.
Cite: {markdown(data.cite)}. License of the texts: {markdown(data.license)}.
{_training(record)}

## What was measured

{_results(record) if not random else "Its accuracy means nothing and is not given."}

{runtimes_table(record)}

{verdicts(record)}

The latency is that of one sentence on the CPU, tokenizing included; the memory is that of the whole process.
Measured on {markdown(machine_in_words(record))}, on {record.started_at:%Y-%m-%d}.

{versions([record])}

## Limits

It was tested on {tested:,} texts of the same source as those it learned from. Other sources, languages and times will
give other results, and a text of no class still gets one of them. Texts beyond {longest}
tokens are cut.{INT8 if exported(record) else ""}
"""


def _origin(record: Record) -> Markdown:
    """What of the weights it started from was kept, and their license."""
    model = record.settings["model"]
    license = f" License of the weights it started from: {markdown(model['license'])}." if model.get("license") else ""
    return Markdown(layers_kept(record.model_name, model.get("keep_layers")) + license)


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
    suite, model = record.settings["suite"], record.settings["model"]
    on_hub = record.weights == "pretrained" and "/" in record.model_name and not model.get("path")
    hub_id, license = suite.get("dataset", {}).get("hub_id"), line(model.get("license") or "").lower() or None
    return ModelCardData(
        model_name=line(record.model + "-" + record.suite),
        license=license if license in LICENSES else license and "other",
        license_name=license if license not in LICENSES else None,
        language=[line(language) for language in record.data.languages or {}] or None,
        datasets=[line(hub_id)] if hub_id else None,
        base_model=line(record.model_name) if on_hub else None,
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["compact-transformers"],
        eval_results=results or None,
    )


def _results(record: Record) -> str:
    rows = [(metric, metric.cells(record, record.trained)) for metric in MEASURED.values()]
    return "\n".join(f"- {metric.label}: {metric.of(row)} (95 % interval {metric.ends(row)})" for metric, row in rows)
