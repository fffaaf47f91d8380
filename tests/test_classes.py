"""What is said of single classes and single texts, by hand."""

import numpy as np
import pytest
from datasets import Dataset
from helpers.factory import make_record

from compactbench.instruments.mistakes import LONGEST, SHOWN, mistakes
from compactbench.report.text.classes import confused, never_predicted, per_class, surest_mistakes


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
