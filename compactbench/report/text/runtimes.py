"""The runtimes of a model in words and tables: quality kept beside speed gained."""

from collections.abc import Sequence

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.choice.recommend import WORDS, in_points, points, would_tell
from compactbench.report.statistics.paired import MARGIN, against_trained
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, COST, CPU_TIME, ENERGY, LATENCY, RUNTIMES, SIZE, latency
from compactbench.report.tables.results import plain_rows, runtimes
from compactbench.report.text.pace import cell, pace, speedup
from compactbench.report.text.words import Markdown, listed, markdown, markdown_table, notes, small

SPEED = next(column for column in RUNTIMES if isinstance(column, Metric))
"""The first metric of the table of runtimes, the median latency of a sentence."""


def first_session(results: Sequence[RuntimeResult]) -> Markdown:
    """The median latency in each runtime so far."""
    body = []
    for result in results:
        calls = latency(result, 50)
        name = Markdown(markdown(result.label) + " on " + result.device)
        processes = len(calls.processes) if calls else 0
        body.append([name, markdown(f"{processes}"), LATENCY.text(calls.value if calls else None, unit=False)])
    return markdown_table(["Runtime", "Processes so far", LATENCY.head], body)


def table(record: Record) -> Markdown:
    """Every runtime of one model, a row each; the speed is held against the model as trained."""
    rows = plain_rows(runtimes([record]))
    costs = (CPU_TIME, COST, ENERGY)  # which have a table of their own
    first, *others = [column for column in RUNTIMES if isinstance(column, Metric) and column not in costs]
    others.sort(key=lambda metric: metric.unit != ACCURACY.unit)  # quality beside speed
    several = len({row["device"] for row in rows}) > 1
    body = []
    for row in rows:
        name = row["label"] + (" on " + row["device"] if several else "")
        values = [metric.of(row, unit=False) for metric in others]
        body.append([name, first.of(row, unit=False), cell(row, _trained(row, rows), SPEED), *values])
    return markdown_table(["Runtime", first.head, "Speed", *(metric.head for metric in others)], body)


def verdicts(record: Record) -> Markdown:
    """What each further runtime gains and costs, slower and worse ones named as such, as a list."""
    rows = plain_rows(runtimes([record]))
    further = [number for number, one in enumerate(record.runtimes) if not _same(one, record.trained)]
    if not further:
        return Markdown("It was measured in one runtime only.")
    return Markdown(
        "\n".join(f"- {_verdict(record, record.runtimes[number], rows[number], rows)}" for number in further)
    )


def gains(records: Sequence[Record | FailedRecord], margin: float = MARGIN) -> Markdown:
    """The runtimes of several models, a row each and a column a runtime, as a Markdown table.

    Args:
        records: runs.
        margin: as in `Comparison`.
    """
    able = [record for record in records if isinstance(record, Record) and len(record.runtimes) > 1]
    if not able:
        return Markdown("No model of this group was measured in another runtime.")
    names = dict.fromkeys(_name(one) for record in able for one in record.runtimes if not _same(one, record.trained))
    body = []
    for record in sorted(able, key=lambda record: record.weights == "random"):
        rows = plain_rows(runtimes([record]))
        each = zip(record.runtimes, rows, strict=True)
        cells = {_name(one): _gained(record, one, cell(row, _trained(row, rows), SPEED), margin) for one, row in each}
        on_cpu = next((row[SPEED.name] for row in rows if row["device"] == "cpu"), None)
        title = markdown(record.title) + small(notes(record.weights, record.finetune.edited))
        body.append([Markdown(title), LATENCY.text(on_cpu, unit=False), *(cells.get(name, "") for name in names)])
    table = markdown_table(["Model", "As trained (ms)", *names], body)
    return Markdown("\n\n".join(filter(None, (table, left_open(able, margin)))))


def left_open(records: Sequence[Record], margin: float = MARGIN) -> Markdown:
    """A sentence on the runtimes that may keep the accuracy of a model or not; empty where the texts tell of all."""
    found = {
        Markdown(f"{markdown(record.title)} in {markdown(_name(one))} ({points(comparison)})"): comparison
        for record in records
        for one in record.runtimes
        if not _same(one, record.trained)
        if (comparison := against_trained(record, one, margin)) and comparison.undecided
    }
    if not found:
        return Markdown()
    return Markdown(
        f"**These texts cannot decide** whether the accuracy of {listed(found)} is lower than as trained by more than "
        f"{in_points(margin)}; {would_tell(found.values())}."
    )


def _same(one: RuntimeResult, other: RuntimeResult) -> bool:
    """Whether they are the same runtime in the same precision, be it on another device."""
    return (one.runtime, one.precision) == (other.runtime, other.precision)


def _name(result: RuntimeResult) -> str:
    return result.label + (" on the GPU" if result.device == "cuda" else "")


def _gained(record: Record, result: RuntimeResult, gain: str, margin: float) -> Markdown:
    """One cell: how many times as fast, and how the accuracy changed where it is known."""
    if result.error:
        return small([result.error])
    found = against_trained(record, result, margin)
    return Markdown(gain + small([points(found)] if found else []))


def _verdict(record: Record, result: RuntimeResult, row: Row, rows: list[Row]) -> str:
    shown = f"**{markdown(_name(result))}**"
    if result.error:
        return f"{shown} cannot run it: {markdown(result.error)}"
    trained = _trained(row, rows)
    speed = pace(row, trained, SPEED) or "of unknown speed"
    if speed.endswith("slow"):
        speed = f"**slower**, {speedup(row, trained, SPEED):.2f} times as fast"
    text = f"{shown} is {speed} at {SIZE.text(row['size_mb'])}"
    if record.weights == "random":
        return f"{text}; with random weights nothing can be said of its quality."
    agreed = f"the same class for {ACCURACY.text(result.agreement)} of the texts"
    return f"{text}; {_kept(record, result)}; {agreed}.{_batched(record, result)}"


def _batched(record: Record, result: RuntimeResult) -> str:
    """What a batch does to answers whose range of numbers is that of the whole batch."""
    if result.batched_otherwise is None or result.quality is None:
        return ""
    size, texts = markdown(str(record.settings["suite"]["eval_batch_size"])), sum(map(sum, result.quality.confusion))
    return f" In batches of {size}, {result.batched_otherwise:,} of {texts:,} texts get another class than one by one."


def _kept(record: Record, result: RuntimeResult) -> str:
    """What a conversion did to the accuracy, as far as the test texts can tell."""
    found = against_trained(record, result)
    if found is None:
        return "what that does to its accuracy is not known"
    told = WORDS[found.verdict].replace("worse", "**worse**")
    return f"accuracy {points(found)}: {told}" + f"; {would_tell([found])}" * found.undecided


def _trained(row: Row, rows: list[Row]) -> Row:
    """The row of the model as trained on the device of `row`, which is that one itself where there is no other."""
    return next(other for other in rows if other["device"] == row["device"])
