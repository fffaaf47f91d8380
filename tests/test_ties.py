"""Ties in accuracy: the exact paired test, worked out by hand, and what follows from it."""

import pytest
from helpers.factory import calls, make_record

from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.metrics import ACCURACY, LATENCY
from compactbench.report.tables.results import results


def test_mcnemar_by_hand() -> None:
    """Only the five texts that one of them alone got right count: 2 * (1/2)^5 = .0625 when all five are the same one's.

    With four against one it is 2 * (1 + 5) / 32 = .375.
    """
    assert mcnemar("1" * 95 + "11111", "1" * 95 + "00000") == pytest.approx(0.0625)
    assert mcnemar("1" * 95 + "11110", "1" * 95 + "00001") == pytest.approx(0.375)
    assert mcnemar("1100", "1100") == 1.0


def test_other_test_texts_cannot_be_compared() -> None:
    with pytest.raises(ValueError):
        mcnemar("110", "11")


def model_at(model: str, right: str, latency: float):
    return make_record(
        model, quality={"right": right, "accuracy": right.count("1") / len(right)}, latency=[calls([latency])]
    )


BEST = model_at("best", "1" * 100, 9.0)
NEAR = model_at("near", "1" * 96 + "0" * 4, 6.0)  # p against best: 2 / 2^4 = .125
FAR = model_at("far", "1" * 90 + "0" * 10, 1.0)  # against best 2 / 2^10; against near, 2 / 2^6 = .03


def test_pairs_that_chance_explains_are_tied() -> None:
    assert ties([BEST, NEAR, FAR]) == {frozenset(("best", "near"))}


def test_random_weights_and_other_data_are_tied_with_nobody() -> None:
    random = make_record("random", weights="random", quality={"right": "1" * 100})
    other = make_record("other", data={"fingerprint": "2" * 64}, quality={"right": "1" * 100})
    assert ties([BEST, random, other]) == frozenset()


def test_of_tied_models_the_fastest_is_recommended() -> None:
    runs = [BEST, NEAR, FAR]
    choice = recommend(results(runs), {}, ties(runs))
    assert (choice.chosen, choice.runner_up, choice.tied) == ("near", "best", ["best", "near"])
    assert choice.out == {"far": "less accurate (90.0\u00a0% against 96.0\u00a0%)"}
    assert recommend(results(runs), {}).chosen == "best"


def test_the_front_counts_ties_as_equal_and_keeps_what_is_better_than_all_on_it() -> None:
    """The slower of two tied ones goes; one that is tied only with what is not on the front stays."""
    frame = results([BEST, NEAR, FAR])
    assert set(frame[front(frame, LATENCY, ACCURACY)]["model"]) == {"best", "near", "far"}
    assert set(frame[front(frame, LATENCY, ACCURACY, ties([BEST, NEAR, FAR]))]["model"]) == {"near", "far"}
    chain = frozenset({frozenset(("best", "near")), frozenset(("near", "far"))})
    assert set(frame[front(frame, LATENCY, ACCURACY, chain)]["model"]) == {"best", "far"}
