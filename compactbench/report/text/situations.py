"""What to take in common situations, by the rule of the recommendation with another metric in latency's place."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from compactbench.record import FailedRecord, Record
from compactbench.report.choice.recommend import Recommendation, recommend
from compactbench.report.statistics.paired import MARGIN, pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import LATENCY, METRICS, SIZE
from compactbench.report.tables.results import by_model, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.words import Markdown, markdown, markdown_table


@dataclass(frozen=True)
class Situation:
    """Something that a reader wants most.

    Args:
        question: asks whether a reader is in it.
        words: what is wanted in it.
        metric: the best of this is taken.
        margin: among the models that are shown not to be less accurate than the best by more than this.
        runtime: what they run in; None: what they were trained in, where the metric is of that alone.
    """

    question: str
    words: str
    metric: Metric
    margin: float = MARGIN
    runtime: str | None = ANY


SITUATIONS = (
    Situation("Must it be small?", "the smallest within 2 points of the best", SIZE, margin=0.02),
    Situation("Must it be fast?", "the fastest within 2 points of the best", LATENCY, margin=0.02),
    Situation(
        "Has it one core?", "the fastest on one core, as trained", METRICS["cpu_latency_1core_p50_ms"], runtime=None
    ),
    Situation("Does it work in batches?", "the highest throughput", METRICS["throughput_sentences_per_s"]),
    Situation("Do you retrain daily?", "the quickest to retrain", METRICS["finetune_time_s"]),
    Situation("Have you a GPU?", "the fastest on a GPU", METRICS["gpu_latency_p50_ms"], runtime=None),
)


@dataclass(frozen=True)
class Answer:
    """What to take in a situation.

    Args:
        situation: the situation.
        best: the row of the model to take.
        open: that of the best model by the metric of which the test texts cannot tell whether it is within the margin;
            None where no such model is better.
    """

    situation: Situation
    best: Row
    open: Row | None


def answers(here: Sequence[Record | FailedRecord]) -> list[Answer]:
    """What to take in each situation whose metric was measured.

    Args:
        here: the runs of one suite on one machine.
    """

    @functools.cache  # several situations differ in their metric alone
    def standing(runtime: str | None, margin: float) -> tuple[Recommendation, dict[str, Row]]:
        records = in_runtime(here, runtime, margin)
        group = results(records)
        return recommend(group, {}, pairs(records, margin)), by_model(group)

    return [answer for one in SITUATIONS if (answer := _answer(one, *standing(one.runtime, one.margin)))]


def situations(found: Sequence[Answer]) -> Markdown:
    """The answers as a table."""
    body = [[one.situation.words, _named(one.best), one.situation.metric.of(one.best), _open(one)] for one in found]
    if not body:
        return Markdown("No accuracy is known here, so nothing can be recommended.")
    return markdown_table(["You want", "Take", "", "These texts cannot rule out"], body, "llrl")


def _answer(one: Situation, choice: Recommendation, rows: dict[str, Row]) -> Answer | None:
    best = _best(one.metric, [rows[name] for name in choice.as_good])
    if best is None:
        return None
    unclear = [rows[name] for name, found in choice.against.items() if found and found.undecided]
    better = [row for row in unclear if one.metric.below(*_lower_first(one.metric, row, best))]
    return Answer(one, best, _best(one.metric, better))


def _best(metric: Metric, rows: list[Row]) -> Row | None:
    known = [row for row in rows if row[metric.name] is not None]
    sign = 1 if metric.better == "lower" else -1
    return min(known, key=lambda row: sign * row[metric.name], default=None)


def _lower_first(metric: Metric, row: Row, other: Row) -> tuple[Row, Row]:
    """The two in the order in which the first has the lower value where `row` is the better one."""
    return (row, other) if metric.better == "lower" else (other, row)


def _named(row: Row) -> Markdown:
    return Markdown(f"**{markdown(row['title'])}**")


def _open(one: Answer) -> Markdown:
    row = one.open
    return Markdown(f"{markdown(row['title'])} ({one.situation.metric.of(row)})") if row else Markdown("–")
