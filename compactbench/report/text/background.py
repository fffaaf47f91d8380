"""The background of the numbers as Markdown tables: data sets, settings, machines, versions, and what 2021 reported."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from compactbench.record import Conditions, Machine, Record
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
    return _columns(
        _grouped(records, "suite"),
        {
            "data set": lambda run: run.data.name,
            "source": lambda run: run.data.source,
            "training texts": lambda run: f"{sum(run.data.train_counts):,}",
            "test texts": lambda run: f"{sum(run.data.test_counts):,}",
            "classes": lambda run: listed(run.data.classes),
            "exact duplicates dropped": lambda run: f"{run.data.duplicates_dropped:,}",
            "leaked into the training texts, dropped": lambda run: _counted(run.data.leaked_dropped),
            "without a text, dropped": lambda run: _counted(run.data.empty_dropped),
            "without a label, dropped": lambda run: _counted(run.data.unlabelled_dropped),
            "with bytes that are no UTF-8": lambda run: _counted(run.data.undecodable),
            "words per text, median": lambda run: f"{run.data.words_p50:.0f}",
            "words per text, 95th percentile": lambda run: _counted(run.data.words_p95),
            "words of the longest text": lambda run: f"{run.data.words_max:,}",
            "cite": lambda run: run.data.cite,
            "may be used for": lambda run: run.data.license,
        },
    )


def settings(records: Iterable[Record]) -> Markdown:
    """What each suite asks, a column a suite: every setting but the data set and the list of models."""
    suites = _grouped(records, "suite")
    names = dict.fromkeys(name for runs in suites.values() for run in runs for name in run.settings["suite"])
    return _columns(suites, {code(name): partial(_setting, name) for name in names if name not in NOT_ASKED})


def _setting(name: str, run: Record) -> str:
    return _plain(run.settings["suite"].get(name))


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
    asked: dict[str, Callable[[Record], str]] = {
        "processor": lambda run: run.conditions.machine.cpu,
        "cores used": lambda run: str(run.conditions.machine.cores),
        "main memory": lambda run: f"{run.conditions.machine.ram_mb / 1e3:.1f} GB",
        "granted by the container": lambda run: _granted(run.conditions.machine),
        "frequency governor": lambda run: run.conditions.machine.governor or "not readable",
        "operating system": lambda run: run.conditions.machine.os,
        "GPU": lambda run: run.conditions.machine.gpu or "none",
        "GPU memory": lambda run: _gigabytes(run.conditions.machine.gpu_memory_mb),
        "GPU driver": lambda run: run.conditions.machine.gpu_driver or "–",
        "GPU clock, highest": lambda run: _megahertz(run.conditions.machine.gpu_clock_mhz),
        "threads": lambda run: str(run.conditions.threads),
        "precision when classifying": lambda run: run.trained.precision,
        "precision of the fine-tune": lambda run: run.finetune.procedure.precision if run.finetune.procedure else "–",
        "measured (UTC)": lambda run: f"{run.started_at:%Y-%m-%d}",
        "measuring code": lambda run: commit(run.conditions),
    }
    return _columns(_grouped(records, "machine"), asked)


def versions(records: Iterable[Record]) -> Markdown:
    """The version of each package on each machine, a column a machine."""
    machines = _grouped(records, "machine")
    names = dict.fromkeys(name for runs in machines.values() for run in runs for name in run.conditions.versions)
    return _columns(machines, {name: partial(_version, name) for name in names})


def _version(name: str, run: Record) -> str:
    return run.conditions.versions.get(name, "–")


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


def _columns(columns: dict[str, list[Record]], asked: Mapping[str, Callable[[Record], str]]) -> Markdown:
    """A table with a column for each group of runs, and a row for each question with the different answers of each."""
    rows = [[question, *(_different(map(ask, runs)) for runs in columns.values())] for question, ask in asked.items()]
    return markdown_table(["", *map(code, columns)], rows, "l" * (len(columns) + 1))


def _different(answers: Iterable[str]) -> Markdown:
    return Markdown(", ".join(dict.fromkeys(map(markdown, answers))))


def _grouped(records: Iterable[Record], key: Literal["suite", "machine"]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(getattr(record, key), []).append(record)
    return groups


def _granted(machine: Machine) -> str:
    limits = []
    if machine.cpu_limit is not None:
        limits.append(f"{machine.cpu_limit:g} cores")
    if machine.ram_limit_mb is not None:
        limits.append(f"{machine.ram_limit_mb / 1e3:.1f} GB")
    return listed(limits) or "no limit"


def _counted(count: float | None) -> str:
    return "–" if count is None else f"{count:,.0f}"


def _megahertz(clock: float | None) -> str:
    return "–" if clock is None else f"{clock:,.0f} MHz"


def commit(conditions: Conditions) -> str:
    """The commit of the measuring code, and whether the checkout had changes of its own."""
    return (conditions.git_commit or "–")[:8] + (" with changes" if conditions.git_dirty else "")


def _gigabytes(megabytes: float | None) -> str:
    return "–" if megabytes is None else f"{megabytes / 1e3:.1f} GB"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    return "–" if value is None else format(value, "g") if isinstance(value, float) else str(value)


def _quoted(row: Mapping[Any, Any], column: str) -> str:
    _, factor, form = QUOTED_COLUMNS[column]
    return format(row[column] * factor, form)
