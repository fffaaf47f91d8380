"""The picture that a link to the site is shown with."""

import struct
from pathlib import Path

from helpers.factory import calls, make_failed, make_record
from matplotlib.figure import Figure

from compactbench.report.site.card import DPI, SIZE_PX, card

ALPHA = make_record("alpha", latency=[calls([12.0])])
BETA = make_record("beta", latency=[calls([4.0])], weights="random")


def words(drawn: Figure) -> list[str]:
    return [text.get_text() for text in drawn.texts]


def test_it_says_what_to_take_with_its_numbers_and_where_they_are_from() -> None:
    title, _, model, numbers, where = words(card([ALPHA, BETA], "Compact Transformers"))
    assert (title, model) == ("Compact Transformers", "Alpha")
    assert numbers.replace("\N{NO-BREAK SPACE}", " ").splitlines() == [
        "95.0 % accuracy",
        "12.0 ms a sentence",
        "81.0 MB",
    ]
    assert where == "Example news, on Example CPU, 2 cores, 16 GB of memory, no GPU"


def test_random_weights_are_no_mark_of_its_chart() -> None:
    (axes,) = card([ALPHA, BETA], "T").axes
    assert [line.get_xydata().tolist() for line in axes.lines] == [[[12.0, 95.0]]]


def test_where_nothing_can_be_recommended_the_title_and_the_question_stand_alone() -> None:
    assert words(card([make_failed("broken")], "T")) == ["T", "Which one to fine-tune for text classification?"]


def test_it_has_the_size_that_is_asked_for(tmp_path: Path) -> None:
    card([ALPHA], "T").savefig(tmp_path / "card.png", dpi=DPI)
    assert struct.unpack(">II", (tmp_path / "card.png").read_bytes()[16:24]) == SIZE_PX
