"""The chart that compares the runtimes of one model."""

import plotly.graph_objects as go

from compactbench.record import Record
from compactbench.report.charts.style import BLUE, GREY, add_bars, error_bars, style
from compactbench.report.tables.metrics import LATENCY
from compactbench.report.tables.results import plain_rows, runtimes
from compactbench.report.text.words import html


def latencies_chart(record: Record) -> go.Figure:
    """The median latency of one sentence in each runtime, with its interval between processes."""
    rows = [row for row in plain_rows(runtimes([record])) if row["latency_p50_ms"] is not None][::-1]
    times = [row["latency_p50_ms"] for row in rows]
    ends = [(row["latency_p50_ms_low"], row["latency_p50_ms_high"]) for row in rows]
    figure = add_bars(
        go.Figure(),
        times,
        [html(row["label"] + (" GPU" if row["device"] == "cuda" else "")) for row in rows],
        "%{y}: %{customdata}",
        [BLUE if row is not rows[-1] else GREY for row in rows],
        error_x=error_bars(times, ends, GREY),
        customdata=[LATENCY.text(time) for time in times],
    )
    style(figure, "Latency by runtime", "median of one sentence; grey: as trained", height=150 + 40 * len(rows))
    figure.update_xaxes(title_text="Time of one call (ms)", rangemode="tozero")
    return figure.update_yaxes(showgrid=False)
