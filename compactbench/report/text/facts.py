"""What the Markdown pages say in numbers: every fact computed from the records, by name, as Markdown.

A page writes {{ name }}; the values that hold tables stand on a line of their own.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from compactbench import ROOT
from compactbench.parameters import load_model
from compactbench.record import FailedRecord, Record
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import ACCURACY, LATENCY, Recommendation, in_sentence, recommend
from compactbench.report.site.pages import unfinished
from compactbench.report.statistics.noise import BOUND, SHARE
from compactbench.report.statistics.ties import Ties, ties
from compactbench.report.tables.metrics import METRICS, Metric
from compactbench.report.tables.results import Row, headline, plain_rows, results
from compactbench.report.tables.runtimes import ANY, served_by
from compactbench.report.text import background
from compactbench.report.text.background import listed, literal, markdown_table
from compactbench.report.text.summary import verdict

MODELS = ROOT / "params" / "models"
COSTS = ["artefact_size_mb", "finetune_epoch_time_s"]
"""What the index shows of the recommended contender beside accuracy and latency."""
SIDE_BY_SIDE = [
    "cpu_latency_p50_ms",
    "gpu_latency_p50_ms",
    "artefact_size_mb",
    "finetune_epoch_time_s",
    "finetune_peak_ram_mb",
]
"""The metrics of the index page's table, beside accuracy."""
Facts = dict[str, Any]


def facts(records: list[Record | FailedRecord], quoted: pd.DataFrame, book: Path, repository: str) -> Facts:
    """Every fact that a page may name.

    Args:
        records: every run of the book.
        quoted: the results of 2021, as in book/data/reference-2021.csv.
        book: the folder of the pages.
        repository: address of the project's repository.

    Raises:
        ValueError: there is no run at all.
    """
    shown = headline(records)
    machine, group = shown[0].machine, results(shown)
    finished = [record for record in records if isinstance(record, Record)]
    here = [record for record in shown if isinstance(record, Record)]
    tied = ties(shown)
    choice = recommend(group, {}, tied)
    return {
        "answer": answer(group, choice, here),
        "numbers": numbers(group, choice),
        "exported": exported(here, choice),
        "trade": trade(group, choice, tied),
        "contenders": contenders(group, book),
        "unknown_accuracy": unknown_accuracy(group),
        "machine": f"`{machine}`",
        "machine_in_words": background.machine_in_words(here[0]) if here else machine,
        "catalogue": background.catalogue(load_model(file.stem) for file in sorted(MODELS.glob("*.yaml"))),
        "data_sets": background.data_sets(finished),
        "settings": background.settings(finished),
        "machines": background.machines(finished),
        "versions": background.versions(finished),
        "quoted": background.quoted_by_name(quoted),
        "quoted_table": background.quoted_table(quoted),
        "noise_bound": f"{BOUND:g}",
        "noise_share": f"{SHARE:.0%}".replace("%", "\N{NO-BREAK SPACE}%"),
        "clone": clone(repository),
        "open_benchmark": f"[Open the benchmark in Colab]({colab(repository, 'benchmark')})",
        "open_summary": f"[Open the summary in Colab]({colab(repository, 'summary')})",
    }


def answer(group: pd.DataFrame, choice: Recommendation, here: list[Record]) -> str:
    """Which contender to take, in one paragraph."""
    rows = _by_model(group)
    if choice.chosen is None:
        return (
            "**No contender can be recommended yet:** no run on this machine both finished and started from trained "
            "weights, so no accuracy is known."
        )
    chosen, data = rows[choice.chosen], here[0].data
    floor = chosen["weights"] == "none"
    rivals = [row for row in rows.values() if row["weights"] == "pretrained"]
    beaten = "no transformer beats the floor here" if rivals else "no transformer's accuracy is known here"
    what = f"Take {chosen['title']}: {beaten}" if floor else f"Fine-tune {chosen['title']}"
    texts = f"held-out {literal(data.name)} texts"
    text = f"**{what}.** It classifies {_accuracy(chosen)} of the {texts} right ({_interval(chosen)})"
    if choice.runner_up is None:
        return f"{text}; no other accuracy is known."
    second = rows[choice.runner_up]
    text += f"; the runner-up, {second['title']}, {_accuracy(second)} ({_interval(second)}). "
    return text + verdict(choice, rows) + _against_the_floor(rows, choice.chosen, choice.runner_up)


def _against_the_floor(rows: dict[str, Row], *named: str) -> str:
    """How far the floor is below the recommended contender, where it was measured and not named yet."""
    floors = [row for row in rows.values() if row["weights"] == "none" and row["eval_accuracy"] is not None]
    if not floors or floors[0]["model"] in named:
        return ""
    floor, chosen = floors[0], rows[named[0]]
    faster = chosen["cpu_latency_p50_ms"] / floor["cpu_latency_p50_ms"]
    return (
        f" The floor, {floor['title']}, which is no transformer, reaches {_accuracy(floor)} ({_interval(floor)}) and "
        f"answers {faster:.0f} times as fast."
    )


def numbers(group: pd.DataFrame, choice: Recommendation) -> str:
    """The figures of the recommended contender, as a row of cards; nothing without a recommendation."""
    if choice.chosen is None:
        return ""
    row = _by_model(group)[choice.chosen]
    cards = [
        (_accuracy(row), f"accuracy, {_interval(row)}"),
        (LATENCY.text(row[LATENCY.name]), "median time to classify the one fixed sentence on the CPU"),
        *((METRICS[name].text(row[name]), in_sentence(METRICS[name])) for name in COSTS),
    ]
    items = [f":::{{grid-item-card}}\n:class-card: number\n**{value}**\n\n{label}\n:::" for value, label in cards]
    return "::::{grid} 2 2 4 4\n:gutter: 3\n\n" + "\n".join(items) + "\n::::"


def exported(here: list[Record], choice: Recommendation) -> str:
    """What the recommended contender gains in its best runtime, in a sentence."""
    if choice.chosen is None:
        return ""
    trained = next(record for record in here if record.model == choice.chosen)
    (best,) = served_by([trained], ANY)
    before, after = (plain_rows(results([record]))[0] for record in (trained, best))
    if best is trained:
        return f"No other runtime that was measured answers faster than {trained.title} as it was trained."
    size, gain = METRICS["artefact_size_mb"], before["cpu_latency_p50_ms"] / after["cpu_latency_p50_ms"]
    return (
        f"Exported it is faster still: **{best.title}** answers in {LATENCY.text(after['cpu_latency_p50_ms'])}, "
        f"{gain:.1f} times as fast, takes {size.text(after['artefact_size_mb'])}, and classifies {_accuracy(after)} of "
        "the same texts right ([serve it](serve-it.md))."
    )


def trade(group: pd.DataFrame, choice: Recommendation, tied: Ties) -> str:
    """What the less accurate contenders on the front of accuracy and latency offer in exchange, as a list."""
    rows = _by_model(group)
    known = [row for row in rows.values() if row["eval_accuracy"] is not None and row["model"] != choice.chosen]
    if not known:
        return "No other accuracy is known: there is nothing to trade."
    known.sort(key=lambda row: -row["eval_accuracy"])
    on_front = set(group.loc[front(group, "cpu_latency_p50_ms", "eval_accuracy", tied), "model"])
    return "\n".join(_exchange(row, rows[choice.chosen], row["model"] in on_front, tied) for row in known)


def _exchange(row: Row, chosen: Row, on_front: bool, tied: Ties) -> str:
    """What another contender gives and takes, held against the chosen one."""
    points = (row["eval_accuracy"] - chosen["eval_accuracy"]) * 100
    chance = ", which may be chance" if frozenset((row["model"], chosen["model"])) in tied else ""
    times = row["cpu_latency_p50_ms"] / chosen["cpu_latency_p50_ms"]
    pace = f"{1 / times:.1f} times as fast" if times < 1 else f"{times:.1f} times as slow"
    size = METRICS["artefact_size_mb"]
    return (
        f"- **{row['title']}**: {points:+.1f} points of accuracy{chance}; {pace} "
        f"({LATENCY.text(row['cpu_latency_p50_ms'])}); {size.text(row['artefact_size_mb'])} on disk against "
        f"{size.text(chosen['artefact_size_mb'])}.{' On the front of accuracy and latency.' if on_front else ''}"
    )


def contenders(group: pd.DataFrame, book: Path) -> str:
    """The compact table: every contender of the group, the most accurate first, those of unknown accuracy last."""
    left_out = unfinished(book)
    shown = [METRICS[name] for name in SIDE_BY_SIDE if group[name].notna().any()]
    body = []
    for row in sorted(plain_rows(group), key=_known_first):
        page = f"runs/{row['suite']}/{row['machine']}/{row['model']}.ipynb"
        name = f"[{row['title']}]({page})" if (book / page).is_file() and page not in left_out else row["title"]
        low_high = f" <small>{_interval(row, word='')}</small>" if row["eval_accuracy"] is not None else ""
        accuracy = ACCURACY.text(row["eval_accuracy"], unit=False) + low_high
        body.append([name + _note(row), accuracy, *(_cell(row, metric) for metric in shown)])
    return markdown_table(["Contender", ACCURACY.axis, *(metric.axis for metric in shown)], body)


def unknown_accuracy(group: pd.DataFrame) -> str:
    """A sentence on the contenders whose accuracy is not known, and why."""
    rows = plain_rows(group)
    random = [row["title"] for row in rows if row["weights"] == "random"]
    failed = [f"{row['title']} ({row['error']})" for row in rows if row["status"] == "failed"]
    parts = []
    if random:
        parts.append(
            f"{listed(random)} ran with **random weights**, because the trained ones could not be had on this machine. "
            "Their memory, size and speed are measured, and the time of an epoch (≈) is extrapolated from a few "
            "measured steps; all of it holds for the trained model too. Their accuracy is not known here, so they are "
            "never recommended."
        )
    if failed:
        parts.append(f"These runs failed: {'; '.join(failed)}.")
    return " ".join(parts) or "Every contender ran with trained weights, and every run finished."


def clone(repository: str) -> str:
    """The commands from nothing to a finished report."""
    commands = [
        f"git clone {repository}",
        f"cd {repository.rsplit('/', 1)[1]}",
        "make report    # set up, measure, build the site",
        "make serve     # read it in a browser",
    ]
    return "\n".join(["```bash", *commands, "```"])


def colab(repository: str, notebook: str) -> str:
    """Where a template notebook of the repository opens in Colab."""
    return (
        f"{repository.replace('github.com', 'colab.research.google.com/github')}/blob/main/notebooks/{notebook}.ipynb"
    )


def _by_model(group: pd.DataFrame) -> dict[str, Row]:
    return {row["model"]: row for row in plain_rows(group)}


def _known_first(row: Row) -> tuple[bool, bool, float, float]:
    """The table's order: by accuracy, then those of unknown accuracy from the fastest on, then those that failed."""
    unknown = row["eval_accuracy"] is None
    return row["status"] == "failed", unknown, 0 if unknown else -row["eval_accuracy"], row["cpu_latency_p50_ms"] or 0


def _accuracy(row: Row) -> str:
    return ACCURACY.text(row["eval_accuracy"])


def _interval(row: Row, word: str = "95\u00a0% interval ") -> str:
    low, high = (ACCURACY.text(row[f"eval_accuracy_{end}"], unit=False) for end in ("low", "high"))
    return f"{word}{low} to {high}"


def _cell(row: Row, metric: Metric) -> str:
    """One number of the table; what was extrapolated is marked as roughly so."""
    derived = metric.name == "finetune_epoch_time_s" and row["finetune_epoch_derived"]
    return ("≈ " if derived else "") + metric.text(row[metric.name], unit=False)


def _note(row: Row) -> str:
    """What a reader must know about a row of the table."""
    if row["status"] == "failed":
        return f" <small>failed: {row['error']}</small>"
    note = {"random": "random weights", "none": "the floor: no transformer"}.get(row["weights"])
    return f" <small>{note}</small>" if note else ""
