"""Unbalanced classes: macro F1 decides, and the floor is always answering the most frequent class."""

import math

import pytest
from helpers.factory import calls, make_record
from scipy.stats import t

from compactbench.benchmark.learning import best_rate
from compactbench.record import Record, Repeat, Trial, joined
from compactbench.report.charts.tradeoff import tradeoff
from compactbench.report.choice.deciding import deciding, floor
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.metrics import ACCURACY, LATENCY, MACRO_F1, SIZE
from compactbench.report.tables.results import plain_rows, results
from compactbench.report.text.facts import answer, models
from compactbench.report.text.run_page import about_quality
from compactbench.report.text.summary import conclusion, recommendation, results_table

LOPSIDED = {"train_counts": [10, 130], "test_counts": [3, 57]}


def measured(model: str, macro_f1: float, latency: float, confusion: list[list[int]]) -> Record:
    """A model of the lopsided data: 3 test texts of business and 57 of sports; a half-width of .04 in macro F1."""
    right = confusion[0][0] + confusion[1][1]
    quality = {
        "accuracy": right / 60,
        "macro_f1": macro_f1,
        "macro_f1_interval": (macro_f1 - 0.04, macro_f1 + 0.04),
        "confusion": confusion,
        "right": "1" * right + "0" * (60 - right),
    }
    return make_record(model, data=LOPSIDED, quality=quality, latency=[calls([latency])])


BLIND = measured("blind", 0.6, 1.0, [[1, 2], [0, 57]])
FAIR = measured("fair", 0.7, 9.0, [[3, 0], [8, 49]])
NEAR = measured("near", 0.65, 5.0, [[3, 0], [9, 48]])


@pytest.mark.parametrize(("counts", "told"), [([30, 30], False), ([20, 40], False), ([20, 41], True), ([0, 9], True)])
def test_more_than_twice_as_many_texts_are_unbalanced(counts: list[int], told: bool) -> None:
    data = make_record().data.model_copy(update={"test_counts": counts})
    assert data.unbalanced is told


def test_the_floor_is_the_most_frequent_class_by_hand() -> None:
    """57 of 60 are right; F1 of that class 2 * 57 / (60 + 57) = .974, of the other 0, so .487 in the mean."""
    (row,) = plain_rows(results([FAIR]))
    assert row["majority_accuracy"] == pytest.approx(0.95)
    assert row["majority_macro_f1"] == pytest.approx(57 / 117)
    assert floor(results([FAIR]), ACCURACY) == pytest.approx(0.95)
    even = make_record(data={"train_counts": [70, 70], "test_counts": [15, 45]})  # the training texts tell which it is
    assert plain_rows(results([even]))[0]["majority_accuracy"] == pytest.approx(0.25)


def test_a_learning_rate_is_judged_by_what_decides_between_models() -> None:
    """58 of 60 right and the small class missed, against 52 right and every text of the small class found."""
    told = {"steps": 1, "time_s": 1.0, "texts": 60, "accuracy_interval": (0.0, 1.0)}
    blind, fair, worse = (
        Trial(learning_rate=rate, accuracy=accuracy, macro_f1=macro_f1, loss=loss, **told)
        for rate, accuracy, macro_f1, loss in [
            (1e-5, 58 / 60, 0.6, 0.1),
            (1e-4, 52 / 60, 0.7, 0.2),
            (1e-3, 0.5, 0.7, 0.3),
        ]
    )
    assert best_rate([blind, worse, fair], FAIR.data) == 1e-4
    assert best_rate([fair, worse, blind], make_record().data) == 1e-5


def test_where_classes_are_unbalanced_macro_f1_decides_and_not_accuracy() -> None:
    """Who misses the small class is right most often: 58 of 60 against 52."""
    frame = results([BLIND, FAIR])
    assert deciding(frame) is MACRO_F1 and deciding(results([make_record()])) is ACCURACY
    choice = recommend(frame, {}, pairs([BLIND, FAIR]))
    assert (choice.chosen, choice.runner_up, choice.quality) == ("fair", "blind", MACRO_F1)
    third = recommend(results([BLIND, FAIR, NEAR]), {})
    assert third.out == {"blind": "lower measured macro F1 (60.0\u00a0% against 70.0\u00a0%)"}


def test_macro_f1_is_compared_by_both_intervals() -> None:
    """Half-widths of .04 make sqrt(2) * .04 * 1.645 / 1.96 = .0475 at 90 %, whatever the accuracies."""
    found = pairs([FAIR, NEAR]).compare("near", "fair")
    assert found.interval == pytest.approx((-0.05 - 0.0475, -0.05 + 0.0475), abs=1e-4)
    assert found.verdict == "worse" and pairs([FAIR, BLIND]).compare("blind", "fair").verdict == "worse"
    # (1.645 + .842) * .0475 / 1.645 = .0718 against a margin of .01
    assert found.texts_needed == pytest.approx(60 * 7.18**2, rel=0.01)
    alike = measured("alike", 0.69, 5.0, [[3, 0], [9, 48]])
    known = pairs([FAIR, alike])
    assert known.compare("alike", "fair").verdict == "unclear" and not known.tied("alike", "fair")
    choice = recommend(results([FAIR, alike]), {}, known)
    assert choice.chosen == "fair"
    text = recommendation(results([FAIR, alike]), choice)
    assert (
        "Its macro F1 is the highest" in text and "whether Alike (-1.0 points, 90\u00a0% interval -5.7 to +3.7)" in text
    )
    unknown = FAIR.trained.quality.model_copy(update={"macro_f1_interval": None})
    old = FAIR.model_copy(update={"runtimes": [FAIR.trained.model_copy(update={"quality": unknown})]})
    assert pairs([old, BLIND]).compare("fair", "blind") is None


def test_macro_f1_is_compared_alike_whichever_model_is_named_first() -> None:
    """The drawn texts depended on the order: the end of an interval moved by a tenth of a point."""

    def answered(model: str, macro_f1: float, predicted: list[int]) -> Record:
        pairs_of = list(zip([0] * 3 + [1] * 57, predicted, strict=True))
        confusion = [[pairs_of.count((true, given)) for given in (0, 1)] for true in (0, 1)]
        right = "".join("01"[true == given] for true, given in pairs_of)
        told = {"macro_f1": macro_f1, "confusion": confusion, "right": right, "predicted": joined(predicted)}
        return make_record(model, data=LOPSIDED | {"test_labels": joined([0] * 3 + [1] * 57)}, quality=told)

    one, other = answered("one", 0.7, [0] * 11 + [1] * 49), answered("other", 0.6, [1, 1, 0] + [1] * 40 + [0] * 17)
    known = pairs([one, other])
    first, second = known.compare("one", "other"), known.compare("other", "one")
    assert first and second and first.interval == pytest.approx([-end for end in reversed(second.interval)], abs=1e-12)


def test_macro_f1_is_compared_with_each_seed_left_out() -> None:
    """Leads of 2, 10 and 10 points: S^2 is 21.3, and .3 of the texts' variance of 2 (4 / 1.96)^2 is in common."""

    def seeded(run: Record, *further: float) -> Record:
        told = {"labels": 140, "time_s": 1.0, "accuracy": 0.9, "accuracy_interval": (0.8, 1.0), "split": "2" * 64}
        repeats = [Repeat(seed=seed, macro_f1=score, **told) for seed, score in enumerate(further)]
        return run.model_copy(update={"repeats": repeats})

    ahead, behind = seeded(measured("ahead", 0.72, 9.0, [[3, 0], [8, 49]]), 0.8, 0.8), seeded(FAIR, 0.7, 0.7)
    shared, between = 0.3 * 2 * (4 / 1.96) ** 2, 64 / 3
    halves = []
    for count in (3, 2):
        whole = between / count + shared
        halves.append(t(2 * (whole * count / between) ** 2).ppf(0.95) * math.sqrt(whole))
    assert 22 / 3 - halves[0] > 0 > 6 - halves[1]  # all seeds show it, and without the third none do
    found = pairs([ahead, behind]).compare("ahead", "fair")
    assert found and found.verdict == "unclear"
    assert (found.difference, found.highest) == pytest.approx((0.22 / 3, 0.10))
    assert found.interval == pytest.approx((0.06 - halves[1] / 100, 0.10 + halves[1] / 100), abs=1e-5)


def test_pages_name_macro_f1_first_where_it_decides() -> None:
    frame = results([BLIND, FAIR])
    choice = recommend(frame, {}, pairs([BLIND, FAIR]))
    text = answer(frame, choice, [FAIR])
    assert "Its macro F1 on the held-out Example news texts, whose classes are unbalanced, is 70.0\u00a0%" in text
    assert (
        "it has a higher macro F1 than every other (the nearest, Blind: -10.0 points, 90" in text
        and "right" not in text
    )
    head = results_table(frame).splitlines()[0]
    assert head.index("Macro F1") < head.index("95\u00a0% interval, from") < head.index("Accuracy")
    assert models(frame, ()).startswith("| Model | Macro F1 (%) |")
    assert "The lowest floor, always the most frequent class, has 48.7\u00a0% macro F1." in conclusion(frame, choice)
    page = about_quality(FAIR.trained.quality, FAIR.data, "pretrained")
    assert page.index("Macro F1") < page.index("Accuracy") and "so macro F1 decides" in page
    assert "always answering sports, the most frequent class, has 95.0\u00a0% accuracy and 48.7\u00a0% macro F1" in page


def test_charts_draw_what_decides_and_the_floor_where_it_is_near() -> None:
    figure = tradeoff(results([BLIND, FAIR]), LATENCY, SIZE)
    assert figure.layout.yaxis.title.text == "Macro F1" and not figure.layout.shapes
    assert sorted(y for trace in figure.data if trace.mode == "markers+text" for y in trace.y) == [0.6, 0.7]
    low = measured("low", 0.5, 3.0, [[0, 3], [0, 57]])
    (line,) = tradeoff(results([low, FAIR]), LATENCY, SIZE).layout.shapes
    assert line.y0 == pytest.approx(57 / 117)
