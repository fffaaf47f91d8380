"""The background of the numbers as Markdown tables: data sets, settings, machines, versions, and what 2021 reported."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from compactbench.record import Conditions, Record
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table
from compactbench.settings import Model

BYTES_PER_FP32 = 4
HUB, PAPER = "https://huggingface.co/", "https://arxiv.org/abs/"
NOT_ASKED = {"suite", "suite_title", "like", "dataset", "models"}
"""Keys of a suite that stand elsewhere on the page or ask nothing of a model."""
QUOTED_COLUMNS = {
    "eval_accuracy": ("Accuracy (%)", 100, ".1f"),
    "cpu_latency_ms": ("CPU latency (ms)", 1, ".1f"),
    "finetune_time_s": ("Fine-tune time (s)", 1, ",.0f"),
    "parameters": ("Parameters (M)", 1e-6, ".1f"),
    "eval_loss": ("Test loss (nats)", 1, ".3f"),
    "gpu_memory_finetune_mb": ("GPU memory, fine-tune (MB) *", 1, ",.0f"),
    "gpu_memory_inference_mb": ("GPU memory, inference (MB) *", 1, ",.0f"),
    "artefact_size_mb": ("Artefact (MB) *", 1, ".1f"),
    "inference_size_max_batch": ("Largest batch", 1, ",.0f"),
    "batched_prediction_speed": ("Sentences/s in it", 1, ",.0f"),
}
"""The columns of 2021: label, factor to the shown value, format. A star marks what was typed in by hand."""


def machine_in_words(record: Record) -> str:
    """The machine of a run in a few words, as text."""
    machine = record.conditions.machine
    size = f", {machine.cores} cores, {machine.ram_mb / 1e3:.0f} GB of memory, "
    return machine.cpu + size + (machine.gpu or "no GPU")


def data_sets(records: Iterable[Record]) -> Markdown:
    """The data set of each suite, a column a suite."""
    return _columns(records, "suite", _data_set)


def _data_set(run: Record) -> dict[str, str]:
    data = run.data
    return {
        "data set": data.name,
        "source": data.source,
        "training texts": f"{sum(data.train_counts):,}",
        "test texts": f"{sum(data.test_counts):,}",
        "classes": listed(data.classes),
        "exact duplicates dropped": f"{data.duplicates_dropped:,}",
        "leaked into the training texts, dropped": _number(data.leaked_dropped),
        "without a text, dropped": _number(data.empty_dropped),
        "without a label, dropped": _number(data.unlabelled_dropped),
        "with bytes that are no UTF-8": _number(data.undecodable),
        "read of each text": f"the first {data.first_words:,} words" if data.first_words else "all of it",
        "words per text, median": f"{data.words_p50:.0f}",
        "words per text, 95th percentile": _number(data.words_p95),
        "words of the longest text": f"{data.words_max:,}",
        "cite": data.cite,
        "may be used for": data.license,
    }


def settings(records: Iterable[Record]) -> Markdown:
    """What each suite asks, a column a suite: every setting but the data set and the list of models."""
    return _columns(records, "suite", _settings)


def _settings(run: Record) -> dict[str, str]:
    return {code(name): _plain(value) for name, value in run.settings["suite"].items() if name not in NOT_ASKED}


def catalogue(models: Iterable[Model]) -> Markdown:
    """Every model that has a file, a row each, those of one paper together."""
    rows = [
        [
            code(model.model),
            Markdown(f"{markdown(model.summary)} <small>{_weights(model)}</small>"),
            Markdown(f"[{model.paper}]({PAPER}{model.paper})") if model.paper else "–",
            model.license or "–",
        ]
        for model in sorted(models, key=lambda model: (model.kind, model.paper or "", model.model))
    ]
    return markdown_table(["Name", "In one line, and its weights", "arXiv", "License"], rows, "llll")


def _weights(model: Model) -> Markdown:
    name, on_hub = markdown(model.model_name), "/" in model.model_name and not model.path
    return Markdown(f"[{name}]({HUB}{quote(model.model_name)})") if on_hub else name


def machines(records: Iterable[Record]) -> Markdown:
    """The hardware and system of each machine, a column a machine."""
    return _columns(records, "machine", _machine)


def _machine(run: Record) -> dict[str, str]:
    machine, procedure = run.conditions.machine, run.finetune.procedure
    limits = {"{:g} cores": machine.cpu_limit, "{:.1f} GB": machine.ram_limit_mb and machine.ram_limit_mb / 1e3}
    return {
        "processor": machine.cpu,
        "identified as": machine.cpu_identity or "–",
        "instructions": listed(machine.cpu_instructions or ["–"]),
        "caches": listed(machine.cpu_caches or ["–"]),
        "virtual machine": {True: "yes", False: "no", None: "–"}[machine.virtual],
        "cores used": str(machine.cores),
        "main memory": f"{machine.ram_mb / 1e3:.1f} GB",
        "granted by the container": listed(form.format(limit) for form, limit in limits.items() if limit) or "no limit",
        "variables for threads": listed(
            [name + "=" + value for name, value in (machine.thread_variables or {}).items()] or ["–"]
        ),
        "frequency governor": machine.governor or "not readable",
        "operating system": machine.os,
        "GPU": machine.gpu or "none",
        "GPU memory": _number(machine.gpu_memory_mb, 1e-3, ".1f", " GB"),
        "GPU driver": machine.gpu_driver or "–",
        "GPU clock, highest": _number(machine.gpu_clock_mhz, unit=" MHz"),
        "threads": str(run.conditions.threads),
        "precision when classifying": run.trained.precision,
        "precision of the fine-tune": procedure.precision if procedure else "–",
        "measured (UTC)": f"{run.started_at:%Y-%m-%d}",
        "measuring code": commit(run.conditions),
    }


def versions(records: Iterable[Record]) -> Markdown:
    """The version of each package on each machine, a column a machine."""
    return _columns(records, "machine", lambda run: run.conditions.versions)


def quoted_by_name(quoted: pd.DataFrame) -> dict[str, Markdown]:
    """Every figure of 2021 by "<model>.<column>", written as in its table, and `fp32_mb`: what the parameters take."""
    written: dict[str, Markdown] = {}
    for row in quoted.to_dict("records"):
        figures = {column: _quoted(row, column) for column in QUOTED_COLUMNS}
        figures["fp32_mb"] = f"{row['parameters'] * BYTES_PER_FP32 / 1e6:.0f}"
        written |= {f"{row['name']}.{column}": markdown(figure) for column, figure in figures.items()}
    return written


def quoted_table(quoted: pd.DataFrame) -> Markdown:
    """The results of 2021, a row a model."""
    head = ["Model", *(label for label, _, _ in QUOTED_COLUMNS.values())]
    rows = quoted.to_dict("records")
    return markdown_table(
        head, [[row["model_name"], *(_quoted(row, column) for column in QUOTED_COLUMNS)] for row in rows]
    )


def _columns(
    records: Iterable[Record], key: Literal["suite", "machine"], answers: Callable[[Record], dict[str, str]]
) -> Markdown:
    """A table with a column for each suite or machine, and a row for each question with the different answers there."""
    told: dict[str, list[dict[str, str]]] = {}
    for run in records:
        told.setdefault(getattr(run, key), []).append(answers(run))
    questions = dict.fromkeys(question for column in told.values() for answers in column for question in answers)
    rows = [[question, *(_different(question, column) for column in told.values())] for question in questions]
    return markdown_table(["", *map(code, told)], rows, "l" * (len(told) + 1))


def _different(question: str, column: list[dict[str, str]]) -> Markdown:
    return Markdown(", ".join(dict.fromkeys(markdown(answers.get(question, "–")) for answers in column)))


def _number(value: float | None, factor: float = 1, form: str = ",.0f", unit: str = "") -> str:
    return "–" if value is None else format(value * factor, form) + unit


def commit(conditions: Conditions) -> str:
    """The commit of the measuring code, and whether the checkout had changes of its own."""
    return (conditions.git_commit or "–")[:8] + (" with changes" if conditions.git_dirty else "")


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    return "–" if value is None else format(value, "g") if isinstance(value, float) else str(value)


def _quoted(row: Mapping[Any, Any], column: str) -> str:
    _, factor, form = QUOTED_COLUMNS[column]
    return format(row[column] * factor, form)
