"""What the Markdown pages say in numbers: every fact computed from the records, by name, as Markdown.

A page names one by the role `fact` inside a sentence, by the directive `fact` where it is a block of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

import pandas as pd

from compactbench import ROOT
from compactbench.parameters import load_model
from compactbench.record import Record
from compactbench.report.choice.deciding import deciding
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import Recommendation, in_points, in_sentence, judged, points, recommend
from compactbench.report.statistics.noise import BOUND, LOADED, SHARE
from compactbench.report.statistics.paired import Pairs, against_trained, pairs
from compactbench.report.tables.collect import Problem
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.groups import Group
from compactbench.report.tables.metrics import ACCURACY, EPOCH_TIME, LATENCY, METRICS, SIZE
from compactbench.report.tables.results import Records, by_model, headline, plain_rows, results
from compactbench.report.tables.runtimes import ANY, deployed, in_runtime
from compactbench.report.text import background, health, then_and_now
from compactbench.report.text.across import other_data
from compactbench.report.text.left_out import left_out
from compactbench.report.text.pace import pace
from compactbench.report.text.runtimes import left_open
from compactbench.report.text.summary import says_little, verdict
from compactbench.report.text.value import with_interval
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table, notes, small

MODELS = ROOT / "params" / "models"
SIDE_BY_SIDE = (LATENCY, METRICS["gpu_latency_p50_ms"], SIZE, EPOCH_TIME, METRICS["finetune_peak_ram_mb"])
"""The metrics of the index page's table, beside accuracy."""
Facts = dict[str, Markdown]


def facts(
    records: Records,
    quoted: pd.DataFrame,
    pages: Collection[str],
    repository: str,
    problems: Sequence[Problem] = (),
    others: Mapping[Group, int] = {},
) -> Facts:
    """The facts that a page may name, but for those of situations and of machines.

    Args:
        records: every run that the site shows in full.
        quoted: the results of 2021, as in book/data/reference-2021.csv.
        pages: the page of each finished run that has one, as paths inside the book.
        repository: address of the project's repository.
        problems: what could not be read.
        others: how many runs each group has that is not shown in full.

    Raises:
        ValueError: there is no run at all.
    """
    shown = headline(records)
    machine, exports = shown[0].machine, in_runtime(shown, ANY)
    group, compared = results(exports), pairs(exports)
    finished = [record for record in records if isinstance(record, Record)]
    here = [record for record in shown if isinstance(record, Record)]
    choice = recommend(group, {}, compared)
    return {
        "answer": answer(group, choice, here),
        "numbers": numbers(group, choice),
        "exported": exported(here, choice),
        "other_data": other_data(records, shown[0].suite, machine, others),
        "left_out": left_out(records, others),
        "trade": trade(group, choice, compared),
        "models": models(group, pages),
        "unknown_accuracy": Markdown(unknown_accuracy(group) + health.note(problems)),
        "machine": code(machine),
        "machine_in_words": markdown(background.machine_in_words(here[0]) if here else machine),
        "catalogue": background.catalogue(load_model(file.stem) for file in sorted(MODELS.glob("*.yaml"))),
        "data_sets": background.data_sets(finished),
        "settings": background.settings(finished),
        "machines": background.machines(finished),
        "versions": background.versions(finished),
        "health": health.health(problems),
        **background.quoted_by_name(quoted),
        "quoted_table": background.quoted_table(quoted),
        "fronts_2021": then_and_now.fronts(results(shown), quoted),
        "latencies_2021": then_and_now.latencies(results(shown), quoted),
        "conclusions_2021": then_and_now.conclusions(results(shown), quoted, pairs(shown)),
        "noise_bound": markdown(f"{BOUND:g}"),
        "noise_load": markdown(f"{LOADED:.0%}".replace("%", "\N{NO-BREAK SPACE}%")),
        "noise_share": markdown(f"{SHARE:.0%}".replace("%", "\N{NO-BREAK SPACE}%")),
        "clone": clone(repository),
        "open_benchmark": Markdown(f"[Open the benchmark in Colab]({colab(repository, 'benchmark')})"),
        "open_summary": Markdown(f"[Open the summary in Colab]({colab(repository, 'summary')})"),
    }


def answer(group: pd.DataFrame, choice: Recommendation, here: Sequence[Record]) -> Markdown:
    """Which model to take, in one paragraph."""
    rows = by_model(group)
    if choice.chosen is None:
        return Markdown(
            "**No model can be recommended yet:** no run on this machine both finished and started from trained "
            "weights, so no accuracy is known."
        )
    chosen, data, quality = rows[choice.chosen], here[0].data, choice.quality
    what = f"{'Fine-tune' if chosen['fine_tuned'] else 'Take'} {markdown(chosen['title'])}"
    if chosen["baseline"]:
        rivals = [row for row in rows.values() if row["baseline"] is False and row[ACCURACY.name] is not None]
        near = "" if choice.chosen == choice.best else f" by more than {in_points(choice.margin)}"
        surely = choice.chosen != choice.best or len(choice.leading) == 1
        beaten = f": no transformer {'beats' if surely else 'is shown to beat'} the baseline{near} here"
        what += beaten if rivals else ": no transformer's accuracy is known here"
    texts = f"held-out {markdown(data.name)} texts"
    reached = f"It classifies {quality.of(chosen)} of the {texts} right"
    if quality is not ACCURACY:
        reached = f"Its {in_sentence(quality)} on the {texts}, whose classes are unbalanced, is {quality.of(chosen)}"
    text = f"**{what}.** {reached} ({_interval(chosen, quality)})"
    if choice.runner_up is None:
        return Markdown(f"{text}; no other {in_sentence(quality)} is known.")
    second = rows[choice.runner_up]
    text += f"; the runner-up, {markdown(second['title'])}, {quality.of(second)} ({_interval(second, quality)}). "
    against = _against_the_baseline(rows, quality, choice.chosen, choice.runner_up)
    return Markdown(text + verdict(choice, rows) + against)


def _against_the_baseline(rows: dict[str, Row], quality: Metric, *named: str) -> str:
    """How far the baseline is below the recommended model, where it was measured and not named yet."""
    baselines = [row for row in rows.values() if row["baseline"] and row[ACCURACY.name] is not None]
    if not baselines or baselines[0]["model"] in named:
        return ""
    baseline, chosen = baselines[0], rows[named[0]]
    text = f" The baseline, {markdown(baseline['title'])}, which is no transformer, reaches {quality.of(baseline)}"
    speed = pace(baseline, chosen)
    return f"{text} ({_interval(baseline, quality)})" + (f" and answers {speed}." if speed else ".")


def numbers(group: pd.DataFrame, choice: Recommendation) -> Markdown:
    """The figures of the recommended model, as a row of cards; nothing without a recommendation."""
    if choice.chosen is None:
        return Markdown()
    row, quality = by_model(group)[choice.chosen], choice.quality
    cards = [
        (quality.of(row), f"{in_sentence(quality)}, {_interval(row, quality)}"),
        (LATENCY.of(row), "median time to classify the one fixed sentence on the CPU"),
        *((metric.of(row), in_sentence(metric)) for metric in (SIZE, EPOCH_TIME)),
    ]
    items = [f":::{{grid-item-card}}\n:class-card: number\n**{value}**\n\n{label}\n:::" for value, label in cards]
    return Markdown("::::{grid} 2 2 4 4\n:gutter: 3\n\n" + "\n".join(items) + "\n::::")


def exported(here: Sequence[Record], choice: Recommendation) -> Markdown:
    """What the recommended model gains in its best runtime, in a sentence."""
    if choice.chosen is None:
        return Markdown()
    trained = next(record for record in here if record.model == choice.chosen)
    best = deployed(trained)
    before, after = (plain_rows(results([record]))[0] for record in (trained, best))
    text = f"No other runtime is shown to keep the accuracy of {markdown(trained.title)} and to answer faster."
    if best is not trained:
        speed, kept = pace(after, before), against_trained(trained, best.trained)
        shown = "" if LATENCY.below(after, before) else "not shown to be "
        held = f" ({points(kept)})" if kept else ""
        reached = f"classifies {ACCURACY.of(after)} of the same texts right{held}"
        text = (
            f"Exported it is {shown}faster than as trained: **{markdown(best.title)}** answers in {LATENCY.of(after)}, "
            f"{speed + ', ' if speed else ''}takes {SIZE.of(after)}, and {reached} ([serve it](serve-it.md))."
        )
    return Markdown(" ".join(filter(None, (text, left_open([trained])))))


def trade(group: pd.DataFrame, choice: Recommendation, compared: Pairs) -> Markdown:
    """What each other model of known accuracy offers in exchange, as a list."""
    rows, quality = by_model(group), choice.quality
    known = [row for row in rows.values() if row[quality.name] is not None and row["model"] != choice.chosen]
    if not known or choice.chosen is None:
        return Markdown("No other accuracy is known: there is nothing to trade.")
    known.sort(key=lambda row: -row[quality.name])
    on_front = set(group.loc[front(group, LATENCY, quality, compared), "model"])
    chosen = rows[choice.chosen]
    return Markdown("\n".join(_exchange(row, chosen, quality, row["model"] in on_front, compared) for row in known))


def _exchange(row: Row, chosen: Row, quality: Metric, on_front: bool, compared: Pairs) -> str:
    """What another model gives and takes, held against the chosen one."""
    found = compared.compare(row["model"], chosen["model"])
    apart = 100 * (found.difference if found else row[quality.name] - chosen[quality.name])
    told = f" ({judged(found)})" if found else says_little(row)
    speed = pace(row, chosen)
    named = f"**{markdown(row['title'])}**{small(notes(row['weights'], row['edited']))}"
    return (
        f"- {named}: {apart:+.1f} points of {in_sentence(quality)}{told}; "
        f"{speed} ({LATENCY.of(row)}); {SIZE.of(row)} on disk against "
        f"{SIZE.of(chosen)}.{f' On the Pareto front of {in_sentence(quality)} and latency.' if on_front else ''}"
    )


def models(group: pd.DataFrame, pages: Collection[str]) -> Markdown:
    """The compact table: every model of the group, the best first, those of unknown accuracy last."""
    quality = deciding(group)
    shown = [metric for metric in SIDE_BY_SIDE if group[metric.name].notna().any()]
    body = []
    for row in sorted(plain_rows(group), key=lambda row: _known_first(row, quality)):
        page = "/".join(("runs", row["suite"], row["machine"], row["model"] + ".ipynb"))
        name = f"[{markdown(row['title'])}](/{quote(page)})" if page in pages else markdown(row["title"])
        told = [with_interval(quality, row), *(_cell(row, metric) for metric in shown)]
        body.append([Markdown(name + _note(row)), *told])
    return markdown_table(["Model", quality.head, *(metric.head for metric in shown)], body)


def unknown_accuracy(group: pd.DataFrame) -> Markdown:
    """A sentence on the models whose accuracy is not known, and why."""
    rows = plain_rows(group)
    random = [row["title"] for row in rows if row["weights"] == "random"]
    edited = [row["title"] for row in rows if row["edited"]]
    failed = [row["title"] + " (" + row["error"] + ")" for row in rows if row["status"] == "failed"]
    parts = []
    if random:
        parts.append(
            f"{listed(random)} ran with **random weights**, because the trained ones could not be had on this machine. "
            "Their memory, size and speed are measured, and the time of an epoch (≈) is extrapolated from a few "
            "measured steps; all of it holds for the trained model too. Their accuracy is not known here, so they are "
            "never recommended."
        )
    if edited:
        parts.append(f"{listed(edited)} ran with an **edited training** and cannot be compared with the others.")
    if failed:
        parts.append(f"These runs failed: {'; '.join(map(markdown, failed))}.")
    return Markdown(" ".join(parts) or "Every model ran with trained weights, and every run finished.")


def clone(repository: str) -> Markdown:
    """The commands from nothing to a finished report."""
    return Markdown(f"""```bash
git clone {repository}
cd {repository.rpartition("/")[2]}
make report    # set up, measure, build the site
make serve     # read it in a browser
```""")


def colab(repository: str, notebook: str) -> str:
    """Where a template notebook of the repository opens in Colab."""
    there = repository.replace("github.com", "colab.research.google.com/github")
    return f"{there}/blob/main/notebooks/{notebook}.ipynb"


def _known_first(row: Row, quality: Metric) -> tuple[bool, bool, float, float]:
    """The table's order: by quality, then those of unknown accuracy from the fastest on, then those that failed."""
    unknown = row[quality.name] is None
    return row["status"] == "failed", unknown, 0 if unknown else -row[quality.name], row[LATENCY.name] or 0


def _interval(row: Row, quality: Metric) -> str:
    return f"95\u00a0% interval {quality.ends(row)}"


def _cell(row: Row, metric: Metric) -> Markdown:
    """One number of the table; what was extrapolated is marked as roughly so."""
    derived = metric is EPOCH_TIME and row["finetune_epoch_derived"]
    return Markdown(("≈ " if derived else "") + with_interval(metric, row))


def _note(row: Row) -> Markdown:
    """What a reader must know about a row of the table."""
    if row["status"] == "failed":
        return small(["failed: " + row["error"]])
    early = ["undertrained"] * bool(row["undertrained"])
    return small(notes(row["weights"], row["edited"]) + early + [row["classifier"]] * bool(row["baseline"]))
