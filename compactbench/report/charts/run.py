"""The charts on the page of one run, but for those of its classes. Each takes the part of the record that it draws."""

import numpy as np
import plotly.graph_objects as go

from compactbench import record
from compactbench.report.charts.style import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    ORANGE,
    PURPLE,
    add_bars,
    add_line,
    add_marks,
    error_bars,
    style,
    value_axis,
    with_legend,
)
from compactbench.report.statistics.label_curve import fitted_curve, marks
from compactbench.report.tables.metrics import LATENCY, texts_timed
from compactbench.report.text.run_page import STOPPED
from compactbench.report.text.words import html, notes


def learning_rates(trials: list[record.Trial], taken: float) -> go.Figure:
    """Accuracy of each learning rate that was tried, with its interval; the one that was taken is filled."""
    rates, accuracies = [trial.learning_rate for trial in trials], [trial.accuracy for trial in trials]
    figure = go.Figure().add_scatter(
        x=rates,
        y=accuracies,
        error_y=error_bars(accuracies, [trial.accuracy_interval for trial in trials], GREY),
        name="tries",
        mode="markers",
        marker={
            "size": 11,
            "color": [BLUE if rate == taken else "rgba(0, 0, 0, 0)" for rate in rates],
            "line": {"color": BLUE, "width": 2},
        },
        hovertemplate="%{x:g}: %{y:.1%}<extra></extra>",
    )
    style(figure, "Learning rates tried", f"taken: {taken:g} (filled)", height=360)
    written = [f"{rate:g}" for rate in rates]
    figure.update_xaxes(title_text="Peak learning rate", type="log", tickvals=rates, ticktext=written)
    return figure.update_yaxes(title_text="Accuracy on held-out training texts", tickformat=".0%")


def learning_curve(finetune: record.Finetune, weights: record.Weights) -> go.Figure:
    """Training loss against the optimizer step, labelled when the weights are random or the training was edited."""
    steps, losses = [point.step for point in finetune.loss_curve], [point.loss for point in finetune.loss_curve]
    hover = "step %{x}: %{y:.3f} nats"
    figure = add_line(go.Figure(), steps, losses, "training loss", hover, "lines+markers", marker={"size": 6})
    noted = "".join(f"{note}: " for note in notes(weights, finetune.edited))
    style(figure, "Learning curve", f"{noted}{finetune.steps:,} steps, {finetune.samples:,} texts seen", height=360)
    figure.update_xaxes(title_text="Optimizer step")
    return figure.update_yaxes(title_text="Training loss (nats)", rangemode="tozero")


def label_curve(repeats: list[record.Repeat], quality: record.Quality, data: record.Data) -> go.Figure:
    """Accuracy against the number of training texts: a mark for each fine-tune, the line through their means.

    Where there are two numbers of texts or more, the fitted curve runs on to twice all texts, in its 95 % interval.
    """
    found = marks(repeats, quality, data)
    counts = sorted({labels for labels, _ in found})
    means = [float(np.mean([accuracy for labels, accuracy in found if labels == count])) for count in counts]
    figure = add_line(go.Figure(), counts, means, "mean", "%{x:,} texts: %{y:.1%} in the mean")
    if fitted := fitted_curve(repeats, quality, data):
        band = {
            "name": "95\u00a0% interval",
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        figure.add_scatter(x=fitted.labels, y=fitted.low, **band)
        figure.add_scatter(x=fitted.labels, y=fitted.high, fill="tonexty", fillcolor=GRID, **band)
        hover, dashed = "%{x:,.0f} texts: %{y:.1%}", {"color": GREY, "width": 2, "dash": "dash"}
        add_line(figure, fitted.labels, fitted.accuracy, "fitted", hover).data[-1].update(line=dashed)
    labels, accuracies = zip(*found, strict=True)
    add_marks(figure, labels, accuracies, "one fine-tune", "%{x:,} texts: %{y:.1%}", BLUE, size=9)
    seeds = len({repeat.seed for repeat in repeats})
    told = f"{seeds} seeds; line: their mean; dashed: power law with 95\u00a0% interval"
    style(figure, "Accuracy against the number of labels", told, height=400)
    figure.update_xaxes(title_text="Training texts", type="log", tickvals=counts)
    figure.update_yaxes(title_text="Accuracy", tickformat=".0%")
    return with_legend(figure)


def latency_distribution(results: list[record.RuntimeResult]) -> go.Figure:
    """The share of calls that are answered within a time: each process as a thin line, all of a setting as a thick one.

    The spread between the thin lines is the spread between processes; the marks are the median and the 95th percentile
    of the pooled calls. Method: empirical distribution function, without bins to choose.

    Args:
        results: the runtime that the model was trained with, on each device.
    """
    figure = go.Figure()
    settings: dict[str, list[list[float]]] = {}
    for result in sorted(results, key=lambda result: result.device, reverse=True):
        for sample in sorted(result.latency, key=lambda sample: -sample.threads):
            threads = f"{sample.threads} thread{'s' if sample.threads > 1 else ''}"
            settings.setdefault("GPU" if result.device == "cuda" else threads, []).append(sample.samples_ms)
    times: list[float] = []
    for (name, processes), colour in zip(settings.items(), (BLUE, ORANGE, GREEN, PURPLE), strict=False):
        for number, samples in enumerate(processes):
            _add_steps(figure, samples, f"{name}, process {number}", colour, width=1, opacity=0.8)
        pooled = [time for samples in processes for time in samples]
        times += pooled
        quantiles = np.percentile(pooled, [50, 95]).tolist()
        p50, p95 = map(LATENCY.text, quantiles)
        _add_steps(figure, pooled, f"{name}: p50 {p50}, p95 {p95}", colour, width=2.5, opacity=1)
        figure.add_scatter(
            x=quantiles,
            y=[0.5, 0.95],
            name=f"{name}: p50, p95",
            mode="markers",
            cliponaxis=False,
            marker={"color": colour, "size": 9, "symbol": "diamond"},
            hovertemplate=f"{name}: %{{y:.0%}} of calls within %{{x:.2f}} ms<extra></extra>",
            showlegend=False,
        )
    style(figure, "Latency of one sentence", "thin: a process each; thick: all; marked: p50, p95")
    figure.update_xaxes(**value_axis(times), title_text="Time of one call (ms)")
    figure.update_yaxes(title_text="Calls answered within that time", tickformat=".0%", range=[0, 1.03])
    return with_legend(figure, rows=len(settings))


def latency_by_length(results: list[record.RuntimeResult]) -> go.Figure:
    """Time of a call against the tokens of its text, of the runtime trained with on each device."""
    figure = go.Figure()
    for result in sorted(results, key=lambda result: result.device):
        name, colour = ("GPU", GREEN) if result.device == "cuda" else ("CPU", BLUE)
        tokens = [count for sample in result.latency_by_length for count in sample.tokens]
        times = [time for sample in result.latency_by_length for time in sample.samples_ms]
        if times:
            add_marks(figure, tokens, times, name, f"%{{x}} tokens: %{{y:.1f}} ms ({name})", colour, size=8)
    texts = max(map(texts_timed, results), default=0)
    style(figure, "Latency by length of the text", f"{texts:,} test texts", height=380)
    figure.update_xaxes(title_text="Tokens")
    figure.update_yaxes(title_text="Time of the call (ms)", rangemode="tozero")
    return with_legend(figure) if len(figure.data) > 1 else figure


def throughput(measured: record.Throughput) -> go.Figure:
    """Sentences per second against the batch size; the best is marked."""
    sizes = [point.batch_size for point in measured.points]
    speeds = [point.sentences_per_s for point in measured.points]
    hover = "batch of %{x}: %{y:,.0f} sentences/s"
    figure = add_line(go.Figure(), sizes, speeds, "throughput", hover, "lines+markers", marker={"size": 8})
    best = measured.best
    figure.add_scatter(
        x=[best.batch_size],
        y=[best.sentences_per_s],
        name="best",
        mode="markers+text",
        text=[f"{best.sentences_per_s:,.0f} at {best.batch_size}"],
        textposition="top left" if best.batch_size > sizes[0] else "top right",
        cliponaxis=False,
        marker={"size": 14, "color": ORANGE, "symbol": "circle-open", "line": {"width": 2.5}},
        hoverinfo="skip",
    )
    style(figure, "Batched throughput", f"ended because {STOPPED[measured.stopped_by]}", height=380)
    figure.update_xaxes(title_text="Batch size (doubled each time)", type="log", tickvals=sizes)
    figure.update_yaxes(title_text="Sentences per second", range=[0, 1.18 * max(speeds)])
    return figure.update_layout(showlegend=False)


def artefact_size(artefact: record.Artefact) -> go.Figure:
    """The files of the saved folder by size, largest on top; weights in a colour of their own."""
    files = sorted(artefact.files.items(), key=lambda file: file[1])
    megabytes = [size / 1e6 for _, size in files]
    figure = add_bars(
        go.Figure(),
        megabytes,
        [html(name) for name, _ in files],
        "%{y}: %{x:,.3f} MB",
        [BLUE if name in artefact.weights_files else GREY for name, _ in files],
        text=[f"{size:,.1f} MB" if size >= 0.05 else f"{size * 1000:,.1f} kB" for size in megabytes],
    )
    style(figure, "What a user deploys", f"{sum(megabytes):,.1f} MB in all; blue: the weights", 130 + 34 * len(files))
    figure.update_xaxes(
        title_text="Size (MB, 10\N{SUPERSCRIPT SIX} bytes)", range=[0, 1.45 * max(megabytes, default=1)]
    )
    return figure.update_yaxes(showgrid=False)


def parameters(counts: record.Parameters) -> go.Figure:
    """Parameters in one bar: those of the embedding tables, and those at work for every token."""
    figure = go.Figure()
    for what, count, colour in (
        ("embeddings", counts.total - counts.active, GREY),
        ("all others", counts.active, BLUE),
    ):
        name = f"{what}: {count:,} ({count / counts.total:.0%})"
        add_bars(figure, [count], ["parameters"], f"{what}: %{{x:,}}", colour, name=name)
    style(figure, f"{counts.total:,} parameters", height=210)
    figure.update_layout(barmode="stack", bargap=0.1)
    figure.update_yaxes(visible=False)
    return with_legend(figure, rows=2)


def _add_steps(figure: go.Figure, samples: list[float], name: str, colour: str, width: float, opacity: float) -> None:
    """Draw the empirical distribution function of `samples` (ms) as steps."""
    ordered = sorted(samples)
    figure.add_scatter(
        x=[ordered[0], *ordered],
        y=[rank / len(ordered) for rank in range(len(ordered) + 1)],
        name=name,
        mode="lines",
        line={"color": colour, "width": width, "shape": "hv"},
        opacity=opacity,
        hovertemplate=f"{name}: %{{y:.0%}} within %{{x:.1f}} ms<extra></extra>",
        showlegend=width > 1,
    )
