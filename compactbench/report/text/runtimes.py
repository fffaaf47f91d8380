"""The ways to serve in words, tables and charts: quality kept beside speed gained."""

from collections.abc import Sequence

import plotly.graph_objects as go
from IPython.display import Markdown

from compactbench.record import FailedRecord, Record, Runtime
from compactbench.report.charts.style import BLUE, GREY, style
from compactbench.report.statistics.ties import ALPHA, mcnemar
from compactbench.report.tables.metrics import METRICS
from compactbench.report.tables.results import Row, plain_rows
from compactbench.report.tables.runtimes import name, runtimes
from compactbench.report.text.background import markdown_table

LATENCY, ACCURACY, SIZE = (METRICS[key] for key in ("cpu_latency_p50_ms", "eval_accuracy", "artefact_size_mb"))
SHOWN = {
    "eval_accuracy": ("Accuracy (%)", ACCURACY),
    "agreement": ("Agreement (%)", ACCURACY),
    "size_mb": ("Size (MB)", SIZE),
    "peak_ram_mb": ("Memory (MB)", METRICS["inference_peak_ram_mb"]),
    "load_time_s": ("First answer (s)", METRICS["load_time_s"]),
    "throughput_sentences_per_s": ("Sent./s", METRICS["throughput_sentences_per_s"]),
}
"""Columns of a run's table beside latency and speed: head, and the metric that writes the value."""


def table(record: Record) -> Markdown:
    """Every way to serve one contender, a row each; the speed is held against the model as trained."""
    rows = plain_rows(runtimes([record]))
    several = len({row["device"] for row in rows}) > 1
    body = []
    for row in rows:
        served = name(row["runtime"], row["precision"]) + (f" on {row['device']}" if several else "")
        gain = _gain(row, rows)
        latency = LATENCY.text(row["latency_p50_ms"], unit=False)
        others = [metric.text(row[key], unit=False) for key, (_, metric) in SHOWN.items()]
        body.append([served, latency, f"{gain:.1f} ×" if gain else "–", *others])
    head = ["Served by", "Latency p50 (ms)", "Speed", *(head for head, _ in SHOWN.values())]
    return Markdown(markdown_table(head, body))


def verdicts(record: Record) -> Markdown:
    """What each further way gains and costs, slower and worse ones named as such, as a list."""
    if not record.runtimes:
        return Markdown("It is served one way only.")
    return Markdown("\n".join(f"- {_verdict(record, runtime)}" for runtime in record.runtimes))


def latencies_chart(record: Record) -> go.Figure:
    """The median latency of one sentence by each way to serve, with its interval between processes."""
    rows = [row for row in plain_rows(runtimes([record])) if row["latency_p50_ms"] is not None][::-1]
    speeds, low, high = ([row[f"latency_p50_ms{end}"] for row in rows] for end in ("", "_low", "_high"))
    figure = go.Figure()
    figure.add_bar(
        x=speeds,
        y=[f"{name(row['runtime'], row['precision'])} {'GPU' if row['device'] == 'cuda' else ''}" for row in rows],
        orientation="h",
        marker={"color": [BLUE if row is not rows[-1] else GREY for row in rows], "opacity": 0.85},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(upper or speed) - speed for upper, speed in zip(high, speeds, strict=True)],
            "arrayminus": [speed - (lower or speed) for lower, speed in zip(low, speeds, strict=True)],
            "color": GREY,
            "thickness": 1.2,
            "width": 3,
        },
        customdata=[LATENCY.text(speed) for speed in speeds],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    style(figure, "Latency by runtime", "median of one sentence; grey: as trained", height=150 + 40 * len(rows))
    figure.update_xaxes(title_text="Time of one call (ms)", rangemode="tozero")
    return figure.update_yaxes(showgrid=False)


def gains(records: Sequence[Record | FailedRecord]) -> str:
    """The ways to serve of several contenders, a row each and a column a way, as a Markdown table."""
    able = [record for record in records if isinstance(record, Record) and record.runtimes]
    if not able:
        return "No contender of this group was measured with another runtime."
    kinds = dict.fromkeys(_kind(runtime) for record in able for runtime in record.runtimes)
    body = []
    for record in sorted(able, key=lambda record: record.weights == "random"):
        found = {_kind(runtime): runtime for runtime in record.runtimes}
        note = " <small>random weights</small>" if record.weights == "random" else ""
        rows = plain_rows(runtimes([record]))
        cells = [_gained(record, rows, found.get(kind)) for kind in kinds]
        body.append([record.title + note, LATENCY.text(rows[0]["latency_p50_ms"], unit=False), *cells])
    return markdown_table(["Contender", "As trained (ms)", *kinds], body)


def _gained(record: Record, rows: list[Row], runtime: Runtime | None) -> str:
    """One cell: how many times as fast, and how the accuracy changed where it is known."""
    if runtime is None:
        return ""
    if runtime.served is None:
        return f"<small>{runtime.error}</small>"
    gain = _gain(_row_of(rows, runtime), rows)
    text = f"{gain:.1f} ×" if gain else "–"
    if record.weights == "random":
        return text
    return f"{text} <small>{_points(record, runtime)}</small>"


def _verdict(record: Record, runtime: Runtime) -> str:
    shown = f"**{name(runtime.runtime, runtime.precision)}{' on the GPU' if runtime.device == 'cuda' else ''}**"
    if runtime.served is None:
        return f"{shown} cannot serve it: {runtime.error}"
    rows = plain_rows(runtimes([record]))
    row = _row_of(rows, runtime)
    gain = _gain(row, rows) or 1.0
    speed = f"{gain:.1f} times as fast" if gain >= 1 else f"**slower**, {gain:.2f} times as fast"
    text = f"{shown} is {speed} at {SIZE.text(row['size_mb'])}"
    if record.weights == "random":
        return f"{text}; with random weights nothing can be said of its quality."
    return f"{text}; {_kept(record, runtime)}; the same class for {ACCURACY.text(runtime.agreement)} of the texts."


def _kept(record: Record, runtime: Runtime) -> str:
    """What a conversion did to the accuracy, and whether chance may have done it."""
    before, after = record.quality, runtime.served.quality
    if after.accuracy == before.accuracy:
        return "as accurate"
    chance = mcnemar(after.right, before.right) >= ALPHA
    worse = after.accuracy < before.accuracy
    verdict = "which may be chance" if chance else "**worse** beyond chance" if worse else "better beyond chance"
    return f"accuracy {_points(record, runtime)}, {verdict} (McNemar's test, 5 %)"


def _points(record: Record, runtime: Runtime) -> str:
    """How far the accuracy by a way is from that of the model as trained."""
    change = 100 * (runtime.served.quality.accuracy - record.quality.accuracy)
    return f"{change:+.1f} points"


def _kind(runtime: Runtime) -> str:
    return name(runtime.runtime, runtime.precision) + (" on the GPU" if runtime.device == "cuda" else "")


def _row_of(rows: list[Row], runtime: Runtime) -> Row:
    key = (runtime.runtime, runtime.precision, runtime.device)
    return next(row for row in rows if (row["runtime"], row["precision"], row["device"]) == key)


def _gain(row: Row, rows: list[Row]) -> float | None:
    """How many times as fast as the model as trained, on the same device; None where either was not measured."""
    trained = next((other for other in rows if other["device"] == row["device"]), None)
    if trained is None or not row["latency_p50_ms"] or not trained["latency_p50_ms"]:
        return None
    return trained["latency_p50_ms"] / row["latency_p50_ms"]
