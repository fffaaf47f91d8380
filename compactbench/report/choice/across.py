"""Models over several data sets: the quality in each, and ranks; never a mean of accuracies of different data."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.deciding import decides
from compactbench.report.statistics.learned import undertrained
from compactbench.report.tables.columns import Metric, Row


@dataclass(frozen=True)
class Standing:
    """One model over the data sets.

    Args:
        title: of the model.
        cells: by data set, the value of the metric that decides there and the ends of its interval.
        mean_rank: over all data sets, 1 is best, equal values share a rank; None where one of them lacks the model.
        wins: data sets in which no model has a higher value, of those that are ranked; None likewise.
    """

    title: str
    cells: dict[str, Row]
    mean_rank: float | None
    wins: int | None


def across(records: Sequence[Record | FailedRecord], machine: str) -> tuple[dict[str, Metric], list[Standing]]:
    """The data sets that were run on a machine, each with its metric, and the models, the best mean rank first.

    Ranks are averaged as Demsar does (2006, "Statistical Comparisons of Classifiers over Multiple Data Sets"). A model
    counts as in the recommendation: neither with random weights, nor edited, nor undertrained. Of the suites of one
    data set, the one that most models ran in stands for it.
    """
    suites: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if isinstance(record, Record) and record.machine == machine and _counts(record):
            suites.setdefault((record.data.name, record.suite), []).append(record)
    of_data: dict[str, list[Record]] = {}
    for name, suite in sorted(suites, key=lambda one: (-len(suites[one]), one)):
        of_data.setdefault(name, suites[name, suite])
    metrics = {name: decides(runs[0].data) for name, runs in of_data.items()}
    titles: dict[str, str] = {}
    cells: dict[str, dict[str, Row]] = {}
    for name, runs in of_data.items():
        for run in runs:
            titles[run.model] = run.title
            cells.setdefault(run.model, {})[name] = metrics[name].cells(run, run.runtimes[0])
    values = {model: {name: row[metrics[name].name] for name, row in found.items()} for model, found in cells.items()}
    complete = pd.DataFrame.from_dict(values, orient="index", columns=list(metrics)).dropna()
    ranks = complete.rank(ascending=False).mean(axis=1).to_dict()
    wins = (complete == complete.max()).sum(axis=1).to_dict()
    found = [Standing(titles[model], cells[model], ranks.get(model), wins.get(model)) for model in cells]
    return metrics, sorted(found, key=lambda one: (one.mean_rank is None, one.mean_rank, one.title))


def _counts(record: Record) -> bool:
    known = record.weights != "random" and record.runtimes[0].quality is not None
    return known and not record.finetune.edited and undertrained(record) is None
