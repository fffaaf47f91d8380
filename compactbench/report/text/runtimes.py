"""The runtimes of a model in words and tables: quality kept beside speed gained."""

from collections.abc import Sequence

from compactbench.record import FailedRecord, Record, RuntimeResult
from compactbench.report.statistics.ties import differ
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, COST, CPU_TIME, LATENCY, RUNTIMES, SIZE
from compactbench.report.tables.results import plain_rows, runtimes
from compactbench.report.text.words import Markdown, markdown, markdown_table, notes, small

SPEED = next(column.name for column in RUNTIMES if isinstance(column, Metric))
"""The first metric of the table of runtimes, the median latency of a sentence."""


def table(record: Record) -> Markdown:
    """Every runtime of one model, a row each; the speed is held against the model as trained."""
    rows = plain_rows(runtimes([record]))
    costs = (CPU_TIME, COST)  # which have a table of their own
    first, *others = [column for column in RUNTIMES if isinstance(column, Metric) and column not in costs]
    others.sort(key=lambda metric: metric.unit != ACCURACY.unit)  # quality beside speed
    several = len({row["device"] for row in rows}) > 1
    body = []
    for row in rows:
        name = row["label"] + (" on " + row["device"] if several else "")
        gain = _gain(row, rows)
        values = [metric.of(row, unit=False) for metric in others]
        body.append([name, first.of(row, unit=False), f"{gain:.1f} ×" if gain else "–", *values])
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


def gains(records: Sequence[Record | FailedRecord]) -> Markdown:
    """The runtimes of several models, a row each and a column a runtime, as a Markdown table."""
    able = [record for record in records if isinstance(record, Record) and len(record.runtimes) > 1]
    if not able:
        return Markdown("No model of this group was measured in another runtime.")
    names = dict.fromkeys(_name(one) for record in able for one in record.runtimes if not _same(one, record.trained))
    body = []
    for record in sorted(able, key=lambda record: record.weights == "random"):
        rows = plain_rows(runtimes([record]))
        cells = {_name(one): _gained(record, one, row, rows) for one, row in zip(record.runtimes, rows, strict=True)}
        on_cpu = next((row[SPEED] for row in rows if row["device"] == "cpu"), None)
        title = markdown(record.title) + small(notes(record.weights, record.finetune.edited))
        body.append([Markdown(title), LATENCY.text(on_cpu, unit=False), *(cells.get(name, "") for name in names)])
    return markdown_table(["Model", "As trained (ms)", *names], body)


def _same(one: RuntimeResult, other: RuntimeResult) -> bool:
    """Whether they are the same runtime in the same precision, be it on another device."""
    return (one.runtime, one.precision) == (other.runtime, other.precision)


def _name(result: RuntimeResult) -> str:
    return result.label + (" on the GPU" if result.device == "cuda" else "")


def _gained(record: Record, result: RuntimeResult, row: Row, rows: list[Row]) -> Markdown:
    """One cell: how many times as fast, and how the accuracy changed where it is known."""
    if result.error:
        return small([result.error])
    gain = _gain(row, rows)
    text = f"{gain:.1f} ×" if gain else "–"
    return Markdown(text + (small([Markdown(_points(record, result))]) if record.weights != "random" else ""))


def _verdict(record: Record, result: RuntimeResult, row: Row, rows: list[Row]) -> str:
    shown = f"**{markdown(_name(result))}**"
    if result.error:
        return f"{shown} cannot run it: {markdown(result.error)}"
    gain = _gain(row, rows) or 1.0
    speed = f"{gain:.1f} times as fast" if gain >= 1 else f"**slower**, {gain:.2f} times as fast"
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
    """What a conversion did to the accuracy, and whether that is significant."""
    before, after = record.trained.quality, result.quality
    if before is None or after is None:
        return "its accuracy was not measured"
    if after.accuracy == before.accuracy:
        return "as accurate"
    verdict = "not significantly"
    if differ(after, before):
        verdict = "significantly " + ("**worse**" if after.accuracy < before.accuracy else "better")
    return f"accuracy {_points(record, result)}, {verdict} (McNemar, p < .05)"


def _points(record: Record, result: RuntimeResult) -> str:
    """How far the accuracy in a runtime is from that of the model as trained."""
    before, after = record.trained.quality, result.quality
    return f"{100 * (after.accuracy - before.accuracy):+.1f} points" if before and after else ""


def _gain(row: Row, rows: list[Row]) -> float | None:
    """How many times as fast as the model as trained, on the same device; None where either was not measured."""
    trained = next((other for other in rows if other["device"] == row["device"]), None)
    if trained is None or not row[SPEED] or not trained[SPEED]:
        return None
    return trained[SPEED] / row[SPEED]
