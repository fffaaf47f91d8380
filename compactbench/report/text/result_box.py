"""What the page of a run says first: its numbers as deployed and as trained, the machine, and where the record is."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from compactbench.foreign import line
from compactbench.record import Record
from compactbench.report.tables.columns import Row
from compactbench.report.tables.metrics import ACCURACY, EPOCH_TIME, LATENCY, MACRO_F1, METRICS, SIZE
from compactbench.report.text.background import commit, machine_in_words
from compactbench.report.text.words import Markdown, code, markdown, markdown_table

SHOWN = [
    LATENCY,
    METRICS["cpu_latency_p95_ms"],
    METRICS["throughput_sentences_per_s"],
    SIZE,
    METRICS["inference_peak_ram_mb"],
]
"""Beside quality, what a runtime changes."""
TRAINING_MEMORY = METRICS["finetune_peak_ram_mb"]
RANDOM = Markdown(
    "**Random weights:** the trained ones could not be had on this machine. Time, memory, size and speed are measured, "
    "and hold for the trained model too; its accuracy is not known here."
)
EDITED = Markdown("**Edited training:** it was not trained as the others were, and no recommendation takes it.")
NOISY = Markdown("**Noisy:** the machine was disturbed while this was measured.")


def result_box(run: Record, trained: Row, deployed: Row, files: Sequence[str]) -> Markdown:
    """The box.

    Args:
        run: the run, as trained.
        trained: its row as trained, in the table of all runs.
        deployed: its row in the runtime that one would deploy; the same where that is the one it was trained in.
        files: the names of its record's files, the record's own last.
    """
    labels = _labels(run)
    columns = [trained] if _in(deployed) == _in(trained) else [deployed, trained]
    heads = ["as deployed: ", "as trained: "][-len(columns) :]
    head = ["", *(words + labels[_in(row)] for words, row in zip(heads, columns, strict=True))]
    quality = [MACRO_F1, ACCURACY] if run.data.unbalanced else [ACCURACY, MACRO_F1]
    body = [[metric.label, *(metric.with_ends(row) for row in columns)] for metric in [*quality, *SHOWN]]
    roughly = "about " if trained["finetune_epoch_derived"] else ""
    warnings = [RANDOM] * (run.weights == "random") + [EDITED] * run.finetune.edited
    warnings += [NOISY] * bool(trained["noisy"])
    told = Markdown(
        f"In brackets: 95\u00a0% intervals. One epoch of its training takes {roughly}{EPOCH_TIME.of(trained)} and up "
        f"to {TRAINING_MEMORY.of(trained)}. Measured on {code(run.machine)}, {markdown(machine_in_words(run))}, on "
        f"{run.started_at:%Y-%m-%d}, by the code of commit {code(commit(run.conditions))}. {_files(run, files)}"
    )
    return Markdown("\n\n".join([*warnings, markdown_table(head, body), told]))


def result_line(run: Record, deployed: Row) -> str:
    """The most asked-for numbers as deployed, as one line of text: what a preview of the page shows."""
    asked = [MACRO_F1 if run.data.unbalanced else ACCURACY, LATENCY, SIZE]
    numbers = [f"{metric.label}: {metric.of(deployed)}" for metric in asked if deployed[metric.name] is not None]
    return line("; ".join(numbers) + " (" + _labels(run)[_in(deployed)] + ", " + machine_in_words(run) + ")")


def _labels(run: Record) -> dict[str, str]:
    """What each runtime of a run is called."""
    return {one.runtime + " " + one.precision: one.label for one in run.runtimes}


def _in(row: Row) -> str:
    return str(row["runtime"]) + " " + str(row["precision"])


def _files(run: Record, names: Sequence[str]) -> Markdown:
    """Links to what is published beside the page."""
    page = PurePosixPath("runs", run.suite, run.machine, run.model)
    up = "../" * (len(page.parts) - 1)
    *samples, record = map(quote, names)
    links = [f"[Record with all conditions]({record})", *(f"[raw samples]({one})" for one in samples)]
    return Markdown(", ".join([*links, f"[notebook]({quote(f'{up}_sources/' + str(page) + '.ipynb')})."]))
