"""The rule with a margin: the paired interval, what is said of it, and what is recommended by it."""

import re

import numpy as np
import pytest
from helpers.factory import calls, make_record
from helpers.score import likelihood_score
from scipy.stats import binomtest, norm
from sklearn.metrics import f1_score

from compactbench.record import Record, joined
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import Recommendation, recommend, would_tell
from compactbench.report.statistics.every_pair import pair_counts
from compactbench.report.statistics.macro_f1 import drawn_macro_f1
from compactbench.report.statistics.paired import Comparison, Pairs, pairs
from compactbench.report.statistics.score import Counts, with_seeds
from compactbench.report.statistics.seeds import beyond_texts
from compactbench.report.tables.metrics import ACCURACY, LATENCY
from compactbench.report.tables.results import by_model, results
from compactbench.report.text.summary import candidates, verdict


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((161, 6, 16), -0.1240, -0.0054), ((21, 1, 7), -0.517, -0.026)], ids=["Cavo", "Bentur"]
)
def test_the_interval_is_the_published_one(counts: tuple[int, int, int], low: float, high: float) -> None:
    """Tango's 95 % intervals of two tables in Fagerland, Lydersen and Laake (2014, Statistics in Medicine 33)."""
    assert Counts(*counts).interval(0.025) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize("counts", [(600, 9, 12), (631, 5, 16), (100, 0, 5), (60, 7, 7), (40, 30, 2), (2000, 1, 40)])
@pytest.mark.parametrize("error", [0.05, 0.005])
def test_the_score_at_either_end_is_the_quantile(counts: tuple[int, int, int], error: float) -> None:
    low, high = Counts(*counts).interval(error)
    assert likelihood_score(*counts, low) == pytest.approx(norm.isf(error), abs=1e-3)
    assert likelihood_score(*counts, high) == pytest.approx(-norm.isf(error), abs=1e-3)


def test_the_interval_is_symmetric_and_finite_where_nothing_differs() -> None:
    """Without a text that one of them alone got right, it ends at z^2 / (n + z^2): 4.3 points at 60 texts."""
    low, high = Counts(631, 5, 16).interval(0.05)
    assert Counts(631, 16, 5).interval(0.05) == pytest.approx((-high, -low))
    end = 1.6449**2 / (60 + 1.6449**2)
    assert Counts(60, 0, 0).interval(0.05) == pytest.approx((-end, end), abs=1e-5)
    assert Counts(9, 9, 0).interval(0.05)[1] == 1.0 and Counts(9, 0, 9).interval(0.05)[0] == -1.0


def test_where_one_model_alone_is_ever_right_it_is_the_interval_of_wilson() -> None:
    ends = binomtest(10, 1000).proportion_ci(0.95, method="wilson")
    assert Counts(1000, 10, 0).interval(0.025) == pytest.approx((ends.low, ends.high))


def drawn(texts: int, only_one: float, only_other: float, sets: int = 5000) -> list[tuple[Counts, float]]:
    """The counts that so many simulated test sets give, each with its share of them."""
    shares = [only_one, only_other, 1 - only_one - only_other]
    found = np.random.default_rng(0).multinomial(texts, shares, size=sets)
    rows, often = np.unique(found, axis=0, return_counts=True)
    return [(Counts(texts, *map(int, row[:2])), count / sets) for row, count in zip(rows, often, strict=True)]


@pytest.mark.parametrize(("only_one", "only_other"), [(0.01, 0.02), (0.015, 0.015), (0.02, 0.01)])
def test_either_bound_is_wrong_as_often_as_it_says(only_one: float, only_other: float, sets: int = 5000) -> None:
    """Of 600 texts 3 % tell two models apart. A model that is worse by the margin itself is let through as often."""
    simulated = [(counts.interval(0.05), share) for counts, share in drawn(600, only_one, only_other)]
    true = only_one - only_other
    assert sum(share for (low, _), share in simulated if low > true) == pytest.approx(0.05, abs=0.01)
    assert sum(share for (_, high), share in simulated if high < true) == pytest.approx(0.05, abs=0.01)


def test_the_number_of_texts_needed_gives_the_power_that_it_promises() -> None:
    needed = Counts(1000, 30, 30).texts_needed(0.01, 0.05)
    shown = sum(share for counts, share in drawn(needed, 0.03, 0.03) if counts.interval(0.05)[0] > -0.01)
    assert shown == pytest.approx(0.8, abs=0.02)
    assert Counts(631, 0, 0).texts_needed(0.01, 0.05) == 268  # z^2 (1 - .01) / .01: the interval above ends at .01


def test_seeds_that_differ_are_asked_for_beside_texts() -> None:
    """The margin allows a variance of (.01 / (1.645 + .842))^2 = 1.617e-5, half of it to seeds of 2 points: 49.5.

    The number of texts was told as if more of them made the seeds agree.
    """
    assert with_seeds(1000, 4e-4, 0.01, 0.05) == (2000, 50)
    assert with_seeds(1000, 0.0, 0.01, 0.05) == (1000, 1)
    open_ = [Comparison(-0.01, (-0.03, 0.01), 0.01, texts, 0.0, seeds) for texts, seeds in ((2000, 3), (900, 14))]
    assert would_tell(open_).startswith("about 2,000 test texts and 14 seeds would tell")


def test_what_texts_explain_is_no_difference_between_seeds() -> None:
    """Two seeds 2 points apart have a variance of 2e-4; half of the texts of one are new to the other."""
    assert beyond_texts([0.0, 0.02], 1e-4, 0.5) == pytest.approx(1.5e-4)
    assert beyond_texts([0.0, 0.02], 1e-4, 1.0) == pytest.approx(2e-4)
    assert beyond_texts([0.0, 0.02], 5e-4, 0.5) == beyond_texts([0.02], 1e-4, 0.5) == 0.0


def model_at(model: str, right: str, latency: float) -> Record:
    quality = {"right": right, "accuracy": right.count("1") / len(right)}
    return make_record(model, quality=quality, latency=[calls([latency])], data={"test_counts": [len(right) // 2] * 2})


def wrong(*texts: range, of: int = 2000) -> str:
    """Which of so many texts are right when these are wrong."""
    missed = {text for each in texts for text in each}
    return "".join("0" if text in missed else "1" for text in range(of))


BEST = model_at("best", wrong(range(40)), 9.0)
NEAR = model_at("near", wrong(range(4, 46)), 6.0)  # loses 6 texts and wins 4: -.1 points
UNSURE = model_at("unsure", wrong(range(10), range(100, 142)), 3.0)  # loses 42, wins 30: -.6 points
FAR = model_at("far", wrong(range(100)), 1.0)  # loses 60: -3 points


def chosen(*runs: Record, margin: float = 0.01) -> Recommendation:
    return recommend(results(list(runs)), {}, pairs(runs, margin))


def test_what_is_said_of_a_pair() -> None:
    """Two comparisons at .025 a side: near and best differ on 10 of 2000, whose standard error is sqrt(10) texts."""
    known = pairs([BEST, NEAR, FAR])
    verdicts = [known.compare(*names).verdict for names in (("near", "best"), ("far", "best"), ("best", "far"))]
    assert verdicts == ["tied", "worse", "better"] and known.tied("best", "near")
    low, high = known.compare("near", "best").interval
    assert (low, high) == pytest.approx((-0.001 - 1.96 * 0.0016, -0.001 + 1.96 * 0.0016), abs=8e-4)
    found = pairs([BEST, UNSURE]).compare("unsure", "best")
    assert (found.verdict, found.undecided) == ("unclear", True)


def test_a_difference_below_the_margin_is_a_tie_even_where_it_is_sure() -> None:
    assert Comparison(-0.005, (-0.008, -0.002), 0.01, 1, -0.005).verdict == "tied"
    assert Comparison(-0.02, (-0.03, -0.002), 0.01, 1, -0.02).verdict == "worse"
    assert not Comparison(-0.02, (-0.03, -0.002), 0.01, 1, -0.02).undecided


def test_random_weights_and_other_data_are_compared_with_nobody() -> None:
    random = make_record("random", weights="random", quality={"right": "1" * 2000})
    other = make_record("other", data={"fingerprint": "2" * 64}, quality={"right": "1" * 2000})
    known = pairs([BEST, NEAR, random, other])
    assert known.compare("best", "random") is known.compare("best", "other") is None


def test_more_comparisons_make_each_interval_wider() -> None:
    two = pairs([BEST, NEAR]).compare("near", "best")
    three = pairs([BEST, NEAR, FAR]).compare("near", "best")
    assert three.interval[0] < two.interval[0] and three.interval[1] > two.interval[1]


def test_the_fastest_that_is_not_worse_by_more_than_the_margin_is_recommended() -> None:
    choice = chosen(BEST, NEAR, FAR)
    assert (choice.chosen, choice.runner_up, choice.best) == ("near", "best", "best")
    assert choice.out["far"].startswith("less accurate (95.0\u00a0% against 98.0\u00a0%; -3.0 points, 90")
    assert chosen(BEST, NEAR, FAR, margin=0.05).chosen == "far"
    text = verdict(choice, by_model(results([BEST, NEAR, FAR])))
    assert "not lower than the highest, that of Best, by more than 1 point (-0.1 points, 90\u00a0% interval" in text
    assert recommend(results([BEST, NEAR, FAR]), {}).chosen == "best"  # of runs that cannot be compared


def test_what_the_texts_cannot_decide_is_said_with_the_number_that_could() -> None:
    """72 of 2000 texts tell them apart: (1.64 + .84)^2 * .036 / .01^2 is 2,225, and more as the margin adds."""
    choice, rows = chosen(BEST, UNSURE), by_model(results([BEST, UNSURE]))
    assert choice.chosen == "best"
    text = verdict(choice, rows)
    assert "no faster model is shown to be within 1 point of it" in text
    assert "**These texts cannot decide** whether Unsure (-0.6 points, 90\u00a0% interval -1.3 to +0.1)" in text
    assert "about 2,400 test texts would tell in 80\u00a0% of cases" in text
    last = candidates(results([BEST, UNSURE]), choice).splitlines()[-1]
    assert "-1.3 to +0.1 | cannot be told apart on these texts | 3.0 |" in last


def test_of_many_that_cannot_be_told_apart_the_nearest_are_named() -> None:
    """Five models, each one text worse than the one before."""
    far = [model_at(f"m{n}", wrong(range(10), range(100, 142 + n)), 3.0) for n in range(5)]
    for runs, named in ((far, ["M0", "M1", "3 others"]), (far[:3], ["M0", "M1", "M2"])):
        text = verdict(chosen(BEST, *runs), by_model(results([BEST, *runs])))
        told = text.partition("cannot decide** whether ")[2].partition(", which would answer faster")[0]
        assert re.sub(r" \(.*?\)", "", told) == f"{named[0]}, {named[1]} and {named[2]}"


def test_a_model_five_points_worse_is_hardly_ever_tied_or_recommended() -> None:
    """By McNemar's test 100 texts called it tied, and so recommended it for its speed, 69 times in 100.

    What is left are test sets on which it is the more accurate one.
    """
    wrongly = 0.0
    for counts, share in drawn(100, 0.01, 0.06, sets=150):
        slow = model_at("slow", wrong(range(counts.only_one), of=100), 9.0)
        fast = model_at("fast", wrong(range(100 - counts.only_other, 100), of=100), 1.0)
        wrongly += share * (pairs([slow, fast]).tied("slow", "fast") or chosen(slow, fast).chosen == "fast")
    assert wrongly <= 0.05


def test_a_slower_model_that_may_be_better_is_named() -> None:
    """The most accurate of 100 texts is the most accurate of these 100 texts."""
    slow, fast = model_at("slow", wrong(range(8), of=100), 9.0), model_at("fast", wrong(range(2, 9), of=100), 1.0)
    choice = chosen(slow, fast)
    assert choice.chosen == choice.best == "fast"
    text = verdict(choice, by_model(results([slow, fast])))
    assert "and no other model answers faster. As far as these texts tell, Slow (-1.0 points, 90" in text
    assert "may be higher by more than 1 point" in text


def test_the_front_counts_ties_as_equal_and_keeps_what_is_better_than_all_on_it() -> None:
    """The slower of two tied ones goes; one that is tied only with what is not on the front stays."""
    frame = results([BEST, NEAR, FAR])
    assert set(frame[front(frame, LATENCY, ACCURACY)]["model"]) == {"best", "near", "far"}
    assert set(frame[front(frame, LATENCY, ACCURACY, pairs([BEST, NEAR, FAR]))]["model"]) == {"near", "far"}

    class Chain(Pairs):
        def tied(self, one: str, other: str) -> bool:
            return {one, other} in ({"best", "near"}, {"near", "far"})

    assert set(frame[front(frame, LATENCY, ACCURACY, Chain())]["model"]) == {"best", "far"}


def of_seeds(model: str, *rights: str, latency: float = 1.0) -> Record:
    """A run whose further seeds have splits of their own of 2,000 test texts, all of class 0, and 2,000 to train on."""
    record = model_at(model, rights[0], latency)
    answers = ["".join(right).translate(str.maketrans("01", "10")) for right in rights]
    repeats = [
        {
            "seed": 100 + number,
            "labels": 2000,
            "time_s": 1.0,
            "accuracy": right.count("1") / 2000,
            "accuracy_interval": [0.5, 1.0],
            "macro_f1": 0.5,
            "split": "ab"[number] * 64,
            "true": " ".join("0" * 2000),
            "predicted": " ".join(answer),
        }
        for number, (right, answer) in enumerate(zip(rights[1:], answers[1:], strict=True))
    ]
    data = {"test_counts": [1000, 1000], "train_counts": [1000, 1000]}
    told = {"quality": record.trained.quality.model_dump(), "latency": [calls([latency])]}
    return make_record(model, **told, data=data, repeats=repeats)


def test_seeds_count_as_one_test_set_that_says_as_much() -> None:
    """Of 2,000 texts the second loses 40, 60 and 50 and wins 10: differences of 1.5, 2.5 and 2 points, S^2 of .25.

    A pair's variance is .03 - .02^2; half of the texts are test texts, so the whole is S^2 / 3 + .5 * .0296 / 2000.
    """
    best = of_seeds("best", *[wrong(range(10))] * 3)
    other = of_seeds("other", *(wrong(range(10, 10 + lost)) for lost in (40, 60, 50)))
    found = pair_counts([best, other]).counts.at((0, 0, 1))  # of all seeds, the first against the second
    whole = 0.005**2 / 3 + 0.5 * 0.0296 / 2000
    assert found.difference == pytest.approx(0.02)
    assert found.texts == pytest.approx(0.0296 / whole)
    assert (found.only_one / found.texts, found.only_other / found.texts) == pytest.approx((0.025, 0.005))
    assert found.degrees == pytest.approx(2 * (whole / (0.005**2 / 3)) ** 2)


def test_seeds_that_agree_narrow_the_interval_and_those_that_do_not_widen_it() -> None:
    def width(*lost: int) -> float:
        best = of_seeds("best", *[wrong(range(10))] * len(lost))
        other = of_seeds("other", *(wrong(range(10, 10 + number)) for number in lost))
        low, high = pairs([best, other]).compare("other", "best").interval
        return high - low

    assert width(50, 50, 50) < width(50) < width(10, 90, 50)


def test_the_deviation_of_a_difference_of_macro_f1_is_that_of_drawn_texts() -> None:
    """Drawn one by one, other ones."""
    rng = np.random.default_rng(3)
    true = np.repeat([0, 1, 2], [60, 30, 10])
    one, other = (np.where(rng.random(100) < share, true, rng.integers(3, size=100)) for share in (0.8, 0.7))
    differences = []
    for _ in range(1500):
        rows = rng.integers(100, size=100)
        scores = [
            f1_score(true[rows], given[rows], average="macro", labels=[0, 1, 2], zero_division=0)
            for given in (one, other)
        ]
        differences.append(scores[0] - scores[1])
    first, second = (drawn_macro_f1(joined(true), joined(given), 100, 3) for given in (one, other))
    assert (first - second).std(ddof=1) == pytest.approx(np.std(differences, ddof=1), rel=0.1)
