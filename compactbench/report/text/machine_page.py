"""What the site says of one machine, and of the same models on several."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from compactbench.record import Record
from compactbench.record.point import PointRecord
from compactbench.report.statistics.noise import drift
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import EPOCH_TIME, LATENCY
from compactbench.report.tables.results import Records, by_model, plain_rows, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.background import commit, machine_in_words, machines, versions
from compactbench.report.text.facts import Facts, models
from compactbench.report.text.grid import grid
from compactbench.report.text.pace import cell
from compactbench.report.text.value import with_interval
from compactbench.report.text.words import Markdown, code, listed, markdown, markdown_table

COMPARED = (LATENCY, EPOCH_TIME)
"""What machines are compared by: it differs between them, and less is better."""
Groups = Mapping[tuple[str, str], Records]
"""The runs of each suite on each machine, by machine and suite, in the order of these."""


def machine_facts(records: Records, pages: Collection[str], points: Sequence[PointRecord] = ()) -> Facts:
    """The facts of each machine's own page, and those of the page that lists them.

    Args:
        records: every run that the site shows in full.
        pages: as in `facts`.
        points: every point of a matrix.
    """
    groups, drifts = measured(records), drift(records)
    by_machine: dict[str, list[Record]] = {}
    for (machine, _), group in groups.items():
        by_machine.setdefault(machine, []).extend(run for run in group if isinstance(run, Record))
    found: Facts = {"machines_compared": compared(groups), "machine_pages": linked(by_machine)}
    for machine, runs in by_machine.items():
        told = {"words": in_words(runs), "noise": steadiness(results(runs), drifts[machine])}
        told |= {"hardware": machines(runs), "versions": versions(runs)}
        told |= {
            f"suite/{suite!s}": _suite(group, pages, points) for (one, suite), group in groups.items() if one == machine
        }
        found |= {f"machines/{machine!s}/{name}": fact for name, fact in told.items()}
    return found


def measured(records: Records) -> Groups:
    """The groups in which a run was finished."""
    finished = sorted({(run.machine, run.suite) for run in records if isinstance(run, Record)})
    return {group: [run for run in records if (run.machine, run.suite) == group] for group in finished}


def linked(by_machine: Mapping[str, list[Record]]) -> Markdown:
    """A link to the page of each machine, with what it is, as a list."""
    first = {machine: markdown(machine_in_words(runs[0])) for machine, runs in by_machine.items()}
    return Markdown("\n".join(f"- [{machine!s}](machines/{machine!s}.md): {words}" for machine, words in first.items()))


def in_words(runs: list[Record]) -> Markdown:
    """The machine of these runs, when it measured, and with what code."""
    days = sorted({f"{run.started_at:%Y-%m-%d}" for run in runs})
    when = f"from {days[0]} to {days[-1]}" if len(days) > 1 else f"on {days[0]}"
    count = f"{len(runs)} runs" if len(runs) > 1 else "One run"
    commits = listed(dict.fromkeys(code(commit(run.conditions)) for run in runs))
    return Markdown(f"{markdown(machine_in_words(runs[0]))}. {count}, {when}, by the code of commit {commits}.")


def steadiness(frame: pd.DataFrame, state: float) -> Markdown:
    """How far a machine's speed differs from run to run, and which of its runs were disturbed."""
    disturbed = [
        Markdown(f"{markdown(row['title'])} in {code(row['suite'])}") for row in plain_rows(frame) if row["noisy"]
    ]
    named = f"Disturbed were {listed(disturbed)}." if disturbed else "No run was disturbed."
    return Markdown(
        f"From one run to the next its speed differs by {100 * state:.1f}\N{NO-BREAK SPACE}% (one standard deviation, "
        f"with an allowance where it is known from few), which every interval of a latency holds. {named}"
    )


def compared(groups: Groups) -> Markdown:
    """The models that several machines ran, each suite by itself; the first machine is what the others are held to."""
    told = []
    for suite in dict.fromkeys(suite for _, suite in groups):
        on = {
            machine: by_model(results(in_runtime(group, ANY)))
            for (machine, one), group in groups.items()
            if one == suite
        }
        if len(on) > 1:
            told += [f"{code(suite)}, {metric.head}:\n\n{_compared(on, metric)}" for metric in COMPARED]
    return Markdown(
        "\n\n".join(told) or "No two of these machines ran the same suite yet: [run it on yours](run-it-yourself.md)."
    )


def _compared(on: Mapping[str, dict[str, Row]], metric: Metric) -> Markdown:
    """A row a model that two machines or more measured, a column a machine."""
    first, *_ = on.values()
    body = []
    for model in dict.fromkeys(model for rows in on.values() for model in rows):
        here = [rows.get(model) for rows in on.values()]
        if sum(row is not None and row[metric.name] is not None for row in here) > 1:
            title = next(row["title"] for row in here if row)
            body.append([title, *(_value(row, first.get(model), metric) for row in here)])
    return markdown_table(["Model", *map(code, on)], body)


def _value(row: Row | None, reference: Row | None, metric: Metric) -> Markdown:
    """A value, and how many times as fast it is as on the first machine."""
    if row is None or row[metric.name] is None:
        return Markdown("–")
    faster = [cell(row, reference, metric)] if reference and reference is not row else []
    return with_interval(metric, row, faster)


def _suite(group: Records, pages: Collection[str], points: Sequence[PointRecord]) -> Markdown:
    """What a suite is called, its models as one would deploy them, and what they reached at other learning rates."""
    title = next(run.settings["suite"].get("suite_title", run.suite) for run in group if isinstance(run, Record))
    told = [Markdown(f"{markdown(title)}."), models(results(in_runtime(group, ANY)), pages), grid(group, points)]
    return Markdown("\n\n".join(filter(None, told)))
