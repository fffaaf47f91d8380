"""What a reader plans by: how long for all their rows, what more labels would bring, what it costs."""

from collections.abc import Sequence
from itertools import compress

from compactbench import record
from compactbench.report.statistics.label_curve import fitted_curve
from compactbench.report.statistics.memory_line import ALLOWED, MemoryLine, memory_line
from compactbench.report.tables.metrics import COST, CPU_TIME, ENERGY, TRAINING_COST, TRAINING_CPU_TIME, TRAINING_ENERGY
from compactbench.report.tables.results import plain_rows, results, runtimes
from compactbench.report.text.words import Markdown, listed, markdown, markdown_table, notes, small
from compactbench.settings import Suite

ROWS = (1_000, 10_000, 100_000, 1_000_000)
"""Training texts that the time is foretold for."""
GIGABYTES = (4, 8, 16, 24)
"""Memory of machines and cards, GB."""
MALLOC = "MALLOC_MMAP_THRESHOLD_=131072"
"""Has glibc do what it did in the measurement."""


def about_rows(finetune: record.Finetune, suite: Suite) -> Markdown:
    """Time and memory of the same fine-tune with other numbers of rows, as a table."""
    passes = suite.epochs if finetune.batch_size else 1
    grouped = finetune.procedure is not None and finetune.procedure.group_by_length and not finetune.step_tokens
    few = f"It is judged by {finetune.steps} steps" + ", which began with the longest texts" * grouped + "."
    rows = [
        [f"{count:,}", _duration(finetune.time_for(passes * count)), f"{finetune.peak_ram_for(passes * count):,.0f} MB"]
        for count in ROWS
    ]
    table = markdown_table(["Training texts", "Time", "Memory, libraries included"], rows, "rrr")
    told = f"With as many texts of such lengths, {passes:g} pass{'es' * (passes != 1)} over them, on this machine:"
    return Markdown(f"{told}\n\n{table}" + f"\n\n{few}" * finetune.epoch_derived)


def _duration(seconds: float) -> str:
    """In the unit that people would take."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.{0 if seconds >= 10 else 1}f} s"


def about_fit(points: Sequence[record.MemoryPoint], device: record.Device) -> Markdown:
    """Memory of the fine-tune on `device` by batch size, and the largest batch under each of `GIGABYTES`."""
    line = memory_line(points)
    if line is None:
        return Markdown("It was not measured: that takes a trainer, and three batch sizes that fit into memory.")
    where = "graphics card" if device == "cuda" else "machine"
    malloc = f" So it takes with `{MALLOC}` in the environment; glibc's malloc alone keeps some more."
    fitted = listed(str(point.batch_size) for point in points if point is not line.held)
    told = Markdown(
        f"Texts of {line.tokens} tokens take {line.token_mb * line.tokens:,.0f} MB each, beside {line.base_mb:,.0f} MB "
        f"for all else. That line, fitted to batches of {fitted}, foretells {line.foretold_mb:,.0f} MB for a batch of "
        f"{line.held.batch_size}; {line.held.peak_mb:,.0f} MB were measured ({100 * line.error:+.1f}\u00a0%)."
    ) + Markdown(malloc * (device == "cpu"))
    if not line.holds:
        return Markdown(f"{told} More than {ALLOWED:.0%} off, it foretells no other batch.")
    table = markdown_table([f"Memory of the {where}", *_sizes()], [["largest batch", *_batches(line)]])
    return Markdown(f"{told}\n\n{table}")


def fits(records: Sequence[record.Record | record.FailedRecord]) -> Markdown:
    """The largest batch under each of `GIGABYTES`, a row a model whose memory was measured, as a table.

    Batches are blank where the line is too far off what was measured.
    """
    finished = [run for run in records if isinstance(run, record.Record)]
    lines = [(run, line) for run in finished if (line := memory_line(run.memory_points))]
    if not lines:
        return Markdown("No run of this group measured it.")
    body = [
        [
            Markdown(markdown(run.title) + small(notes(run.weights, run.finetune.edited))),
            f"{line.tokens}",
            *(_batches(line) if line.holds else [""] * len(GIGABYTES)),
            f"{100 * line.error:+.1f}",
        ]
        for run, line in lines
    ]
    return markdown_table(["Model", "Tokens", *_sizes(), "Error (%)"], body)


def _sizes() -> list[str]:
    return [f"{size} GB" for size in GIGABYTES]


def _batches(line: MemoryLine) -> list[str]:
    return [f"{line.largest_batch(size):,}" if line.largest_batch(size) else "none" for size in GIGABYTES]


def about_labels(repeats: list[record.Repeat], quality: record.Quality, data: record.Data) -> Markdown:
    """What twice the labels would bring, in a sentence; empty where there are no fine-tunes with fewer."""
    fitted = fitted_curve(repeats, quality, data)
    if fitted is None:
        return Markdown()
    low, high = (f"{100 * end:.1f}" for end in fitted.gain_interval)
    unsure = " These fine-tunes cannot tell whether it would be a gain." * (fitted.gain_interval[0] <= 0)
    few = " Less where the curve levels off, which takes more numbers of labels to tell." * (not fitted.may_level_off)
    return Markdown(
        f"Twice the labels ({2 * sum(data.train_counts):,} texts) would bring about {100 * fitted.gain:.1f} points of "
        f"accuracy (95\u00a0% interval {low} to {high}), by the power law through these fine-tunes.{unsure}{few}"
    )


def about_cost(run: record.Record) -> Markdown:
    """CPU seconds of another fine-tune and of a million texts in each runtime, with their energy where the machine told
    it, and money where an hour has a price.
    """
    (trained,), price = plain_rows(results([run])), run.settings["suite"].get("price_per_hour")
    lines = [(markdown("the fine-tune once more"), trained, (TRAINING_CPU_TIME, TRAINING_ENERGY, TRAINING_COST))]
    for row in plain_rows(runtimes([run])):
        if row["status"] == "ok":
            where = " on the GPU" if row["device"] == "cuda" else ""
            what = Markdown(f"a million texts, {markdown(row['label'])}{where}")
            lines.append((what, row, (CPU_TIME, ENERGY, COST)))
    counted = any(row[energy.name] is not None for _, row, (_, energy, _) in lines)
    shown = (True, counted, bool(price))
    heads = compress(("CPU seconds", f"Energy ({ENERGY.unit})", "Cost"), shown)
    body = [[what, *(one.of(row, unit=False) for one in compress(metrics, shown))] for what, row, metrics in lines]
    told = [
        "CPU seconds are time on all cores that were used.",
        f"The cost is at {price:g} an hour." if price else "The suite's `price_per_hour` makes money of them.",
        "Energy is what the machine's counters tell: on a CPU, of all its packages, with whatever else computed there; "
        "on a GPU, of its whole board, without the CPU." * counted,
    ]
    return Markdown(f"{markdown_table(['', *heads], body)}\n\n{' '.join(filter(None, told))}")
