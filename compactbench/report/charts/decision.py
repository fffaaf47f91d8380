"""The decision chart: questions down the page, and beside each the model to take; an SVG made while a site is built."""

from collections.abc import Sequence

from compactbench.foreign import line
from compactbench.record import FailedRecord, Record
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.results import by_model, results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.situations import Answer
from compactbench.report.text.words import Html, html

WIDTH, INDENT = 360, 40
"""Of the chart, and how far an answer is moved in, px: it fits a phone."""
LINE, ROW = 16, 108
"""Heights of a line in a box, and of a question with its answer, px."""
LETTERS = 44
"""So many letters fit into a line of an answer."""
BOX_SVG = Html('<g class="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>{}</g>')


def decision_svg(here: Sequence[Record | FailedRecord], answers: Sequence[Answer]) -> Html:
    """The chart; empty where nothing can be recommended.

    Args:
        here: the runs of one suite on one machine.
        answers: what to take of them in each situation.
    """
    deployed = in_runtime(here, ANY)
    group = results(deployed)
    choice = recommend(group, {}, pairs(deployed))
    if choice.chosen is None:
        return Html("")
    leaves = [(one.situation.question, one.best["title"], one.situation.metric.of(one.best)) for one in answers]
    otherwise = line(by_model(group)[choice.chosen]["title"])
    height = len(leaves) * ROW + _height(2)
    told = "; ".join(question + " " + line(title) for question, title, _ in leaves) + "; otherwise " + otherwise
    steps = Html("").join(_step(number * ROW, *leaf) for number, leaf in enumerate(leaves))
    last = _box(len(leaves) * ROW, 0, "leaf", "Otherwise:", otherwise)
    chart = Html('<svg class="decision" role="img" viewBox="-1 -1 {} {}" aria-label="{}">{}{}</svg>')
    return chart.format(WIDTH + 2, height + 2, html(told), steps, last)


def _step(top: int, question: str, title: str, value: str) -> Html:
    """A question, below it what to take, and the way to the next question."""
    answer = top + _height(1) + 8
    down = Html('<path d="M16 {}V{}"/><text x="22" y="{}">no</text>').format(top + _height(1), top + ROW, top + ROW - 5)
    across = Html('<path d="M16 {}H{}"/>').format(answer + _height(2) // 2, INDENT)
    leaf = _box(answer, INDENT, "leaf", line(title), value)
    return _box(top, 0, "question", question) + down + across + leaf


def _box(top: int, left: int, kind: str, *lines: str) -> Html:
    """A box with `lines` in it, cut where they do not fit."""
    shown = [text if len(text) <= LETTERS else text[: LETTERS - 1] + "…" for text in lines]
    text = Html('<text x="{}" y="{}">{}</text>')
    texts = [text.format(left + 10, top + LINE * n + 3, html(one)) for n, one in enumerate(shown, start=1)]
    return BOX_SVG.format(kind, left, top, WIDTH - left, _height(len(lines)), Html("").join(texts))


def _height(lines: int) -> int:
    """Of a box with so many lines, px."""
    return lines * LINE + 14
