"""The decision chart: its leaves are what the situations say."""

import re

from helpers.factory import make_record

from compactbench.record import Record
from compactbench.report.charts.decision import decision_svg
from compactbench.report.text.situations import answers

RIGHT = {"right": "1" * 950 + "0" * 50}


def chart(run: Record) -> str:
    """The chart where this is the only run."""
    return decision_svg([run], answers([run]))


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>(.*?)</text>", svg)


def test_each_question_leads_to_its_answer_and_the_last_to_the_recommended_model() -> None:
    """One model answers all: 81 MB, 10 ms, 16 on one core, 200 sentences a second, 20 s to retrain."""
    found = texts(chart(make_record("alpha", quality=RIGHT)))
    assert found == [
        *("Must it be small?", "no", "Alpha", "81.0\N{NO-BREAK SPACE}MB"),
        *("Must it be fast?", "no", "Alpha", "10.0\N{NO-BREAK SPACE}ms"),
        *("Has it one core?", "no", "Alpha", "16.0\N{NO-BREAK SPACE}ms"),
        *("Does it work in batches?", "no", "Alpha", "200\N{NO-BREAK SPACE}sentences/s"),
        *("Do you retrain daily?", "no", "Alpha", "20.0\N{NO-BREAK SPACE}s"),
        *("Otherwise:", "Alpha"),
    ]


def test_a_title_is_cut_and_never_markup() -> None:
    svg = chart(make_record("alpha", title="<script>alert(1)</script> " + "very " * 20 + "long", quality=RIGHT))
    assert "<script" not in svg
    assert all(len(text.replace("&lt;", "<").replace("&gt;", ">")) <= 44 for text in texts(svg))


def test_without_an_accuracy_there_is_no_chart() -> None:
    assert chart(make_record(weights="random")) == ""
