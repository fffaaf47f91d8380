"""2021 judged: its order of the models against today's, and its conclusions tested."""

import pandas as pd
import pytest
from helpers.factory import calls, make_record

from compactbench import ROOT
from compactbench.record import Record
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.results import results
from compactbench.report.text.then_and_now import conclusions, fronts, latencies

QUOTED = pd.read_csv(ROOT / "book" / "data" / "reference-2021.csv")
LATENCY_MS = dict(zip(QUOTED["name"], QUOTED["cpu_latency_ms"], strict=True))


def run(name: str, times: float = 0.5, **changes: object) -> Record:
    """A model of 2021 that takes so many times as long as then, in each of two processes."""
    steady = [LATENCY_MS[name] * times] * 3
    given = {"weights": "random", "latency": [calls(steady), calls(steady, process=1)]} | changes
    return make_record(name, **given)


def told(records: list[Record]) -> dict[str, tuple[str, str]]:
    """The verdict on each conclusion and why, by its first two words."""
    table = conclusions(results(records), QUOTED, pairs(records)).replace("\N{NO-BREAK SPACE}", " ").splitlines()[2:]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
    return {" ".join(claim.split()[:2]): (verdict.strip("*"), why) for claim, verdict, why in cells}


def all_seven(**memory_mb: float) -> list[Record]:
    """Twice as fast as in 2021, with so much memory at the fine-tune."""
    return [run(name, finetune={"peak_ram_mb": memory_mb.get(name.replace("-", "_"), 500.0)}) for name in LATENCY_MS]


def test_half_of_2021_s_latency_is_the_same_order_and_twice_as_fast() -> None:
    group = results(all_seven())
    row = next(line for line in fronts(group, QUOTED).splitlines() if "CPU latency" in line)
    assert [cell.strip() for cell in row.split("|")[2:5]] == ["7", "1.00", "0.5 to 0.5"]
    (tiny,) = [line for line in latencies(group, QUOTED).splitlines() if "L-2" in line]
    assert [cell.strip() for cell in tiny.split("|")[2:5]] == ["2.5", "1.3", "2.0 ×"]


def test_the_order_turned_round_is_a_correlation_of_minus_one() -> None:
    """Of bert-tiny (2.5 ms in 2021), bert-mini (6.9) and tinybert (9.5); of two models none is told."""
    turned = [run("bert-tiny", 10), run("bert-mini", 2), run("tinybert", 1)]
    for count, expected in ((3, "-1.00"), (2, "–")):
        row = next(line for line in fronts(results(turned[:count]), QUOTED).splitlines() if "CPU latency" in line)
        assert row.split("|")[3].strip(" \\") == expected


def test_a_fine_tune_s_time_is_held_against_a_speed() -> None:
    """Who took longest in 2021 learns from the fewest texts a second: the same order."""
    seconds = dict(zip(QUOTED["name"], QUOTED["finetune_time_s"], strict=True))
    runs = [run(name, finetune={"samples_per_s": 1e4 / seconds[name]}) for name in LATENCY_MS]
    row = next(line for line in fronts(results(runs), QUOTED).splitlines() if "Fine-tune speed" in line)
    assert [cell.strip() for cell in row.split("|")[3:5]] == ["1.00", "–"]


@pytest.mark.parametrize(
    ("memory_mb", "verdict"),
    [({"albert": 900.0, "mobilebert": 900.0}, "holds"), ({"albert": 900.0}, "holds in part")],
)
def test_albert_and_mobilebert_are_slower_and_heavier_than_each_small_bert(memory_mb: dict, verdict: str) -> None:
    found, why = told(all_seven(**memory_mb))["ALBERT and"]
    assert found == verdict
    assert "Albert (56.9 ms, 900 MB)" in why


def test_what_is_not_slower_and_not_heavier_fails() -> None:
    level = [run(name, 10 / LATENCY_MS[name], finetune={"peak_ram_mb": 500.0}) for name in LATENCY_MS]
    assert told(level)["ALBERT and"][0] == "fails"
    assert told(level)["The parameter"][0] == "fails"


def test_without_an_accuracy_the_trade_cannot_be_told() -> None:
    """Where all are equally accurate, the fastest alone is on the front."""
    verdict, why = told(all_seven())["The small"]
    assert verdict == "cannot be told here"
    assert why == "accuracy is not known of bert-small, bert-mini and bert-tiny"
    known = [run(name, weights="pretrained") for name in LATENCY_MS]
    assert told(known)["The small"][0] == "fails"


def test_most_candidates_are_google_s() -> None:
    assert told(all_seven())["Most candidates"] == ("holds", "4 of the 7 are published by `google`")


def test_the_slowest_decides_whether_a_prediction_is_fast_enough() -> None:
    """ALBERT took 113.8 ms in 2021: half of it seems instantaneous, all of it does not."""
    assert told(all_seven())["One prediction"][0] == "holds"
    assert told([run(name, 1) for name in LATENCY_MS])["One prediction"][0] == "fails"
    assert told(all_seven()[:3])["One prediction"][0] == "cannot be told here"


def test_more_parameters_and_yet_faster() -> None:
    sizes = {"tinybert": 14_000_000, "albert": 11_000_000}
    runs = [run(name, parameters={"total": size, "active": size}) for name, size in sizes.items()]
    assert told(runs)["The parameter"][0] == "holds"
