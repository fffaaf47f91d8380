"""All pairs of a group at once: the same numbers as one after the other, and each worked out once."""

import gc
import time
import weakref
from itertools import permutations

import numpy as np
import pytest
from helpers.factory import calls, make_record, runtime
from helpers.one_pair import compared
from test_paired import BEST, FAR, NEAR, model_at, of_seeds, wrong

from compactbench import ROOT
from compactbench.record import Record
from compactbench.report.choice.pareto import front
from compactbench.report.statistics import paired
from compactbench.report.statistics.macro_f1 import drawn_macro_f1
from compactbench.report.statistics.once import once
from compactbench.report.statistics.paired import EveryPair, Pairs, pairs
from compactbench.report.tables.collect import collect
from compactbench.report.tables.metrics import ACCURACY, LATENCY
from compactbench.report.tables.results import results
from compactbench.report.tables.runtimes import ANY, first, in_runtime


def assert_one_by_one(known: Pairs) -> None:
    for one in known.records:
        for other in known.records.keys() - {one}:
            found = known.compare(one, other)
            told = None if found is None else (found.difference, *found.interval, found.highest)
            assert told == pytest.approx(compared(known.records[one], known.records[other], known.error), abs=1e-12)


@pytest.mark.parametrize("suite", ["starter", "newsgroups", "reuters"])
@pytest.mark.parametrize("served", [None, ANY])
def test_the_committed_runs_compare_as_one_pair_after_the_other_does(suite: str, served: str | None) -> None:
    """By accuracy, and Reuters by macro F1; a further runtime was asked the first texts alone."""
    here = [run for run in collect(ROOT / "book" / "runs").records if run.suite == suite]
    known = pairs(in_runtime(here, served))
    assert len(known.records) > 2
    assert_one_by_one(known)


def test_models_may_have_other_seeds_and_fewer_texts() -> None:
    """Three seeds, two and one; another split of the same seed; a runtime that was asked half of the texts."""
    three = of_seeds("three", wrong(range(10)), wrong(range(30)), wrong(range(50)))
    two = of_seeds("two", wrong(range(5, 40)), wrong(range(80)))
    one = of_seeds("one", wrong(range(100)))
    half = model_at("half", wrong(range(20), of=1000), 1.0)
    elsewhere = make_record("elsewhere", data={"fingerprint": "2" * 64}, quality={"right": wrong(range(9))})
    unknown = make_record("unknown", quality={"right": None, "confusion": [[29, 1], [2, 28]]})
    known = pairs([three, two, one, half, elsewhere, unknown])
    assert_one_by_one(known)
    assert known.compare("three", "two") and known.compare("half", "three")
    assert known.compare("three", "elsewhere") is known.compare("unknown", "two") is None


def test_seeds_that_say_the_same_leave_no_spread_between_them() -> None:
    """Rounding would: 1,990 and 1,960 of 2,000 right, less one another, in three splits."""
    same = of_seeds("same", *[wrong(range(10))] * 3)
    other = of_seeds("other", *[wrong(range(40))] * 3)
    assert_one_by_one(pairs([same, other]))


def test_one_model_alone_is_compared_with_nobody() -> None:
    assert pairs([BEST]).compare("best", "other") is None
    assert not Pairs().tied("best", "other")


def hundred() -> list[Record]:
    """A hundred models of 2,000 texts, from three seeds each; every next one is faster and hardly less accurate."""
    rng = np.random.default_rng(0)

    def right(number: int) -> str:
        return "".join(np.where(rng.random(2000) < 0.02 + number / 5000, "0", "1"))

    return [
        of_seeds(f"model-{number}", *(right(number) for _ in range(3)), latency=200.0 - number) for number in range(100)
    ]


def test_the_front_of_a_hundred_models_takes_well_under_a_second_of_work() -> None:
    """It took 6.4 s. The time is that of this process, so that a neighbour does not count."""
    runs = hundred()
    frame, known = results(runs), pairs(runs)
    before = time.process_time()
    found = front(frame, LATENCY, ACCURACY, known)
    assert time.process_time() - before < 1
    assert found[frame["model"] == "model-99"].all()  # the fastest


def test_a_group_is_worked_out_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chart, table and sentence makes its own pairs of the same records."""
    counted = []
    pair_counts = paired.pair_counts
    monkeypatch.setattr(paired, "pair_counts", lambda runs: counted.append(runs) or pair_counts(runs))
    runs = [BEST, NEAR, FAR, make_record("fourth", quality={"right": "1" * 2000})]
    found = [pairs(runs, margin).compare("near", "best") for margin in (0.01, 0.02, 0.01)]
    assert len(counted) == 1
    assert [one.margin for one in found] == [0.01, 0.02, 0.01] and found[0] == found[2]


def lopsided(name: str, missed: int, asked: int = 60, told: bool = True) -> Record:
    """A model that missed so many of the 45 texts of the first class, of 15 of the second none.

    It was asked the first texts alone, or it is not told which class it gave.
    """
    data = {"test_counts": [45, 15], "test_labels": " ".join("0" * 45 + "1" * 15)}
    given = ("1" * missed + "0" * (45 - missed) + "1" * 15)[:asked]
    quality = {
        "confusion": [[45 - missed, missed], [0, asked - 45]],
        "right": ("0" * missed + "1" * (60 - missed))[:asked],
    }
    score = {"macro_f1": 1 - missed / 60, "macro_f1_interval": [0.5, 1.0 - missed / 100]}
    return make_record(name, data=data, quality=quality | score | {"predicted": " ".join(given) if told else None})


def test_by_macro_f1_models_may_have_fewer_texts_and_tell_fewer_answers() -> None:
    whole = [lopsided("whole", 3), lopsided("other", 7)]
    known = pairs(
        [*whole, lopsided("first", 9, asked=50), lopsided("second", 4, asked=50), lopsided("untold", 5, told=False)]
    )
    assert_one_by_one(known)
    assert known.compare("whole", "first") and known.compare("untold", "first")


def test_a_model_is_scored_on_the_drawn_texts_once_by_macro_f1() -> None:
    """Of 52 classes that takes 20 ms, a hundred models make 4,950 pairs, and several charts and tables ask for them."""
    drawn_macro_f1.cache_clear()
    for _ in range(2):
        every = EveryPair([lopsided("alpha", 3), lopsided("beta", 7), lopsided("gamma", 9)], 0.01, 0.05)
        for one, other in permutations(range(3), 2):
            found, turned = every.compare(one, other), every.compare(other, one)
            assert turned.interval == pytest.approx((-found.interval[1], -found.interval[0]), abs=1e-12)
    assert drawn_macro_f1.cache_info().misses == 3


def test_what_is_kept_of_a_record_ends_with_it() -> None:
    """Ten thousand records are read one after the other: nothing may hold them."""
    asked = []

    @once
    def title(record: Record, *others: object) -> str:
        asked.append(others)
        return record.title + "".join(map(str, others))

    record, other = make_record("alpha"), make_record("alpha")
    assert [title(record), title(record), title(record, "!"), title(other)] == ["Alpha", "Alpha", "Alpha!", "Alpha"]
    assert asked == [(), ("!",), ()]
    alive = weakref.ref(record)
    del record
    gc.collect()
    assert alive() is None
    assert title(make_record("beta")) == "Beta"  # which may lie where the other did


def test_a_record_in_another_runtime_is_made_once() -> None:
    """So that its row and its pairs are worked out once, too."""
    record = make_record(runtimes=[runtime(runtime="onnxruntime", label="ONNX fp32", latency=[calls([1.0])])])
    (one,), (again,) = (in_runtime([record], "onnxruntime") for _ in range(2))
    assert one is again and one.title == "Alpha (ONNX fp32)"
    assert first(record, record.trained) is record
