"""What is said of single classes and single texts, by hand."""

import numpy as np
import pytest
from datasets import Dataset
from helpers.factory import make_record

from compactbench.instruments.mistakes import LONGEST, SHOWN, mistakes
from compactbench.record import Mistake, Record
from compactbench.report.charts.classes import MOST_CONFUSED, confusion_matrix
from compactbench.report.text.classes import (
    confused,
    confused_by_all,
    never_predicted,
    per_class,
    surest_mistakes,
    wrong_for_all,
)


def test_the_surest_mistakes_come_first_and_confident_learning_doubts_by_class() -> None:
    """Class 0 has .9 on its own texts on average and class 1 .7: at .8 for class 1 a label 0 is doubted, at .6 not."""
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.2, 0.8], [0.4, 0.6], [0.1, 0.9], [0.3, 0.7], [0.5, 0.5]])
    labels = [0, 0, 0, 0, 1, 1, 1]
    rows = Dataset.from_dict({"text": [f"text {n} " + "x" * 400 for n in range(7)], "label": labels})
    found = mistakes(probabilities, rows, with_texts=True)
    assert [(one.row, one.true, one.predicted) for one in found] == [(2, 0, 1), (3, 0, 1), (6, 1, 0)]
    assert [one.doubted for one in found] == [True, False, False]
    assert [one.confidence for one in found] == pytest.approx([0.8, 0.6, 0.5])
    assert [len(one.text or "") for one in found] == [LONGEST] * 3
    assert {one.text for one in mistakes(probabilities, rows, with_texts=False)} == {None}


def test_no_more_mistakes_are_kept_than_are_shown() -> None:
    rows = Dataset.from_dict({"text": ["x"] * 50, "label": [0, 1] * 25})
    assert len(mistakes(np.tile([0.0, 1.0], (50, 1)), rows, with_texts=False)) == SHOWN


def test_precision_recall_and_pairs_by_hand() -> None:
    """Of 30 texts of business 24 are right and 6 given sports; of 30 of sports 27 are right."""
    record = make_record()
    quality = record.trained.quality
    assert quality
    quality = quality.model_copy(update={"confusion": [[24, 6], [3, 27]], "class_f1": [0.842, 0.857]})
    table = per_class(quality, record.data).splitlines()
    assert table[2] == "| business | 30 | 88.9% | 80.0% | 0.842 |"
    assert table[3] == "| sports | 30 | 81.8% | 90.0% | 0.857 |"
    assert confused(quality, record.data).splitlines()[2:] == ["| business | sports | 6 |", "| sports | business | 3 |"]
    assert never_predicted(quality, record.data) == ""
    blind = quality.model_copy(update={"confusion": [[30, 0], [30, 0]]})
    assert never_predicted(blind, record.data) == "Never predicted: sports."
    assert per_class(blind, record.data).splitlines()[3].split("|")[3].strip() == ""


def test_texts_are_shown_letter_by_letter_or_by_number() -> None:
    record = make_record()
    first, second = record.mistakes or []
    hostile = first.model_copy(update={"text": "a | <b> {{ x }}"})
    table = surest_mistakes([hostile, second], record.data).splitlines()
    assert "<b>" not in table[2] and table[2].count(" | ") == 4 and "likely" in table[2]
    assert table[3].startswith("| text 5 |")


def with_mistakes(model: str, right: str, *found: tuple[int, float, bool], text: str | None = None) -> Record:
    """A model of 20 test texts that gave those of `found` (row, confidence, doubted) the wrong class."""
    mistakes = [
        Mistake(row=row, true=0, predicted=1, confidence=sure, doubted=doubted, text=text)
        for row, sure, doubted in found
    ]
    record = make_record(model, quality={"right": right})
    return record.model_copy(update={"mistakes": mistakes})


def test_texts_that_all_models_get_wrong_are_told_the_most_doubted_first() -> None:
    """Texts 1 and 2 are wrong for both; text 0 for one alone, and 3 for both but among nobody's surest."""
    one = with_mistakes("one", "0000" + "1" * 16, (0, 0.99, True), (1, 0.9, False), (2, 0.8, True))
    other = with_mistakes("other", "1000" + "1" * 16, (1, 0.9, False), (2, 0.6, True), text="a | <b> {{ x }}")
    random = make_record("random", weights="random", quality={"right": "1" * 20})
    table = wrong_for_all([one, random, other]).splitlines()
    assert table[0] == "3 of 20 test texts are classified wrong by each of the 2 models."
    assert [row.split(" | ")[-4:] for row in table[4:]] == [
        ["business", "sports", "70.0%", "2 of 2 |"],
        ["business", "sports", "90.0%", "0 of 2 |"],
    ]
    assert "<b>" not in table[4] and "{{" not in table[4]
    hidden = wrong_for_all([one, with_mistakes("other", "1000" + "1" * 16, (2, 0.6, True))])
    assert "| text 2 |" in hidden
    assert wrong_for_all([one, random]) == "It takes two models whose mistakes are known."


def test_pairs_are_counted_over_all_models_of_known_accuracy() -> None:
    """Each has [[29, 1], [2, 28]]: together 2 and 4; random weights do not count."""
    rows = confused_by_all(
        [make_record("one"), make_record("two"), make_record("blank", weights="random")]
    ).splitlines()
    assert rows[0] == "| Class | Was given | Texts, sum over 2 models |"
    assert rows[2:] == ["| sports | business | 4 |", "| business | sports | 2 |"]
    assert confused_by_all([]) == "No accuracy is known yet."


def test_of_many_classes_those_confused_most_are_drawn_side_by_side() -> None:
    """77 classes made cells of 3 px on a phone: nobody saw that 5 and 70 are confused."""
    counts = np.eye(77, dtype=int) * 30
    for n in range(MOST_CONFUSED):
        counts[n, (n + 1) % MOST_CONFUSED] += 1
    counts[5, 70] = counts[70, 5] = 9
    quality = make_record().trained.quality
    assert quality
    quality = quality.model_copy(update={"confusion": counts.tolist()})
    figure = confusion_matrix(quality, [f"class {n}" for n in range(77)])
    names = list(figure.layout.xaxis.ticktext)
    assert len(names) == MOST_CONFUSED == len(figure.data[0].z)
    assert abs(names.index("class 5") - names.index("class 70")) == 1
    cells = {(name, other): count for row in figure.data[0].customdata for count, name, other in row}
    assert cells["class 5", "class 70"] == 9 and cells["class 70", "class 70"] == 30
    assert "the 20 of 77 classes confused most" in figure.layout.title.text.replace("</span><br>", " ")
