"""The learning rates of a suite with a matrix: what each model reached with each of them."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from compactbench.record import Record
from compactbench.record.point import PointRecord, alike
from compactbench.report.choice.deciding import decides
from compactbench.report.tables.columns import Metric
from compactbench.report.tables.metrics import ACCURACY
from compactbench.report.tables.results import Records
from compactbench.report.text.words import Markdown, markdown, markdown_table, small

SAID = (
    "By peak learning rate, as the mean over the seeds with the lowest and the highest of them. Bold is the rate that "
    "the model was run with: the best on training texts that it had not learned from. The test texts choose none, as "
    "the best of a row would promise more than it keeps."
)


def grid(runs: Records, points: Sequence[PointRecord]) -> Markdown | None:
    """A row a model, a column a learning rate.

    Args:
        runs: of one suite on one machine.
        points: all of the book.

    Returns:
        None where no model of the suite learned at two rates.
    """
    finished = {run.model: run for run in runs if isinstance(run, Record)}
    found = {model: cells for model, run in finished.items() if (cells := _reached(run, points))}
    rates = sorted({rate for cells in found.values() for rate in cells})
    if len(rates) < 2:
        return None
    body = [_row(finished[model], cells, rates) for model, cells in found.items()]
    head = ["Model", *(f"{rate:g}" for rate in rates)]
    first, *_ = finished.values()
    return Markdown(f"{decides(first.data).head}. {SAID}\n\n{markdown_table(head, body)}")


def _reached(run: Record, points: Sequence[PointRecord]) -> dict[float, list[float]]:
    """What the model reached from each seed, by learning rate."""
    found, quality = defaultdict(list), decides(run.data)
    for point in points:
        of_run = (point.suite, point.machine, point.model) == (run.suite, run.machine, run.model)
        if of_run and point.learning_rate is not None and alike(run.fingerprint, point.fingerprint):
            found[point.learning_rate].append(point.repeat.accuracy if quality is ACCURACY else point.repeat.macro_f1)
    return found


def _row(run: Record, cells: dict[float, list[float]], rates: list[float]) -> list[str]:
    """The model, and what it reached at each rate."""
    quality, taken = decides(run.data), run.finetune.learning_rate
    return [run.title, *(_cell(cells.get(rate), quality, rate == taken) for rate in rates)]


def _cell(found: list[float] | None, quality: Metric, chosen: bool) -> Markdown:
    """The mean of what was reached, and between what it lies; bold where the model was run with this rate."""
    if not found:
        return Markdown()
    mean, low, high = ({quality.name: value} for value in (fmean(found), min(found), max(found)))
    value = markdown(quality.of(mean, unit=False))
    ends = [quality.of(low, unit=False) + " to " + quality.of(high, unit=False)] if len(found) > 1 else []
    return Markdown((f"**{value}**" if chosen else value) + small(ends))
