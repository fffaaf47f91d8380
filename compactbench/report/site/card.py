"""The picture that a link to the site is shown with: what the reference runs say, in numbers and as a chart."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sphinx.application import Sphinx

from compactbench.foreign import line
from compactbench.record import Record
from compactbench.report.charts.style import BLUE, GREY, INK, value_axis
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.index import of_book
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import Records, by_model, headline, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.background import machine_in_words

CARD = "card.png"
SIZE_PX = (1200, 630)
"""What those who show links ask for."""
DPI = 100
LOOK: Any = {"font.size": 20, "text.color": INK, "text.parse_math": False}


def write_card(app: Sphinx, error: Exception | None) -> None:
    """Write the picture to the site's root."""
    if error is None and app.builder.format == "html":
        here = headline(of_book(Path(app.srcdir)).in_full.records)
        card(here, str(app.config.html_title)).savefig(Path(app.outdir, CARD), dpi=DPI)


def card(here: Records, title: str) -> Figure:
    """The picture: on the left what to take, on the right every model of known quality.

    Args:
        here: the runs of one suite on one machine.
        title: of the site.
    """
    deployed = in_runtime(here, ANY)
    choice, rows = recommend(results(deployed), {}, pairs(deployed)), by_model(results(deployed))
    with mpl.rc_context(LOOK):
        drawn = Figure(figsize=(SIZE_PX[0] / DPI, SIZE_PX[1] / DPI))
        drawn.text(0.05, 0.9, line(title), size=30, weight="bold", va="top")
        drawn.text(0.05, 0.79, "Which one to fine-tune for text classification?", size=18, va="top", color=GREY)
        if choice.chosen is None:
            return drawn
        chosen, quality = rows[choice.chosen], choice.quality
        run = next(run for run in here if isinstance(run, Record))
        drawn.text(0.05, 0.66, line(chosen["title"]).replace(" (", "\n("), size=26, weight="bold", va="top", color=BLUE)
        told = [f"{quality.of(chosen)} {quality.label.lower()}", LATENCY.of(chosen) + " a sentence", SIZE.of(chosen)]
        drawn.text(0.05, 0.44, "\n".join(told), size=24, va="top", linespacing=1.5)
        drawn.text(0.05, 0.06, f"{line(run.data.name)}, on {line(machine_in_words(run))}", size=16, color=GREY)
        known = [row for row in rows.values() if row[quality.name] is not None and row[LATENCY.name]]
        _chart(drawn.add_axes((0.6, 0.16, 0.35, 0.6)), known, chosen, quality)
    return drawn


def _chart(axes: Axes, known: list[Row], chosen: Row, quality: Metric) -> None:
    """Quality against latency, the recommended model filled."""
    for row in known:
        colour = BLUE if row is chosen else GREY
        axes.plot(row[LATENCY.name], row[quality.name] * quality.scale, "o", markersize=16, color=colour)
    across = value_axis([row[LATENCY.name] for row in known])
    axes.set(xscale=across["type"], xlabel=LATENCY.head, ylabel=quality.head)
    axes.minorticks_off()
    if "tickvals" in across:
        axes.set_xticks(across["tickvals"], across["ticktext"])
    axes.tick_params(labelsize=14)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
