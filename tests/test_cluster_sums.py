"""Ten thousand fine-tunes on paper, worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest
from helpers.factory import BASELINE, FROZEN, make_failed, make_record

from compactbench.record import Record
from compactbench.report.text.cluster_sums import ASSUMED, Measured, Sums, assumed_table, cluster_facts, measured

FILES = [(100_000, 50_000), (300_000, 200_000), (900_000, 800_000)]
"""Bytes of page and record: the medians are 300 kB and 200 kB."""


def run(model: str, finetune: float, latency: float, **changes: Any) -> Record:
    """One whose point would take ten seconds more than its fine-tune."""
    stages = {"data": 2, "parameters": 1, "finetune": finetune, "quality": 7, "repeats": 500, "latency": latency}
    return make_record(model, stage_seconds=stages, **changes)


RUNS = [run("alpha", 10, 40), run("beta", 50, 40), run("gamma", 90, 90)]
"""Points of 20, 60 and 100 s, runs of 60, 100 and 190 s."""


def found(*records: Record) -> Measured:
    told = measured([*RUNS, *records], FILES)
    assert told
    return told


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each row of a table by the first of them."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: others for first, *others in cells}


def test_medians_are_of_runs_whose_encoder_learned_from_known_weights() -> None:
    """Random weights learn for a few steps, a baseline loads no model, another machine has another speed."""
    others = [
        run("random", 9_000, 9_000, weights="random"),
        run("baseline", 9_000, 9_000, **BASELINE),
        run("frozen", 9_000, 9_000, **FROZEN),
        run("elsewhere", 9_000, 9_000, machine="reference-other"),
    ]
    for told in (found(), found(*others)):
        assert (told.machine, told.point_s, told.run_s) == ("reference-cpu", 60, 100)
        assert (told.page_bytes, told.record_bytes) == (300_000, 200_000)
        assert (told.artefact_files, told.artefact_bytes, told.weights_bytes) == (3, 81e6, 80e6)


def test_without_such_runs_others_count() -> None:
    told = measured([run("random", 20, 40, weights="random"), make_failed()], FILES)
    assert told and (told.point_s, told.run_s) == (30, 70)


def test_a_point_s_record_grows_with_the_texts_that_it_answered() -> None:
    """A thousand of them are written as a thousand digits and 999 blanks."""
    repeat = {"seed": 43, "labels": 140, "time_s": 20.0, "accuracy": 1.0, "accuracy_interval": [0.9, 1.0]}
    repeat |= {"macro_f1": 1.0, "split": "2" * 64}
    few, many = (
        measured([run("alpha", 10, 40, repeats=[repeat | {"true": answers, "predicted": answers}])], FILES)
        for answers in ("0", " ".join("0" * 1000))
    )
    assert few and many and many.point_bytes - few.point_bytes == 2 * 1998


def test_the_matrix_is_of_ten_thousand_points() -> None:
    sums = Sums(found(), ASSUMED)
    assert (sums.points, sums.runs, sums.jobs) == (10_000, 100, 10_100)


def test_groups_save_calls_and_no_start() -> None:
    """10,000 points in groups of 20 are 500 jobs; each of 10,100 processes imports for 6 s all the same."""
    sums = Sums(found(), ASSUMED)
    assert sums.calls == 500 + 100
    assert Sums(found(), replace(ASSUMED, group=30)).calls == 334 + 100  # the last group holds ten
    assert sums.starts_h == pytest.approx(60_600 / 3600)


def test_time_and_money() -> None:
    """10,000 x 60 s + 100 x 100 s + 60,600 s are 670,600 s; a hundred at once take 6,706 s, or 1,342 looks."""
    sums = Sums(found(), ASSUMED)
    assert sums.machine_h == pytest.approx(670_600 / 3600)
    assert sums.elapsed_h == pytest.approx(6_706 / 3600)
    assert sums.polls == 1342
    assert sums.cost == pytest.approx(18.63, abs=0.005)
    assert Sums(found(), replace(ASSUMED, price_per_hour=2.0)).cost == pytest.approx(372.56, abs=0.005)


def test_files_and_what_comes_from_the_hub() -> None:
    """80 MB of weights: ten models once, on each of 50 nodes, and in each of 10,100 jobs."""
    sums = Sums(replace(found(), point_bytes=20_000), ASSUMED)
    assert sums.files == 10_000 * 2 + 100 * 4
    assert sums.files_gb == pytest.approx(0.2 + 0.05)  # 10,000 x 20 kB, 100 x 500 kB
    assert sums.artefacts_gb == pytest.approx(8.1)
    assert sums.reading_s == pytest.approx(53.53)
    assert [sums.download_gb(), sums.download_gb(50), sums.download_each_gb] == pytest.approx([0.8, 40, 808])


def test_the_tables_show_each_sum_with_its_factors() -> None:
    facts = cluster_facts(RUNS, FILES)
    told = rows(facts["cluster_sums"])
    assert told["machine hours of work"] == ["10,000 × 60 s + 100 × 100 s", "169 h"]
    assert told["calls with points in groups of 20"] == ["10,000 / 20 + 100", "600"]
    assert told["from first to last"] == ["\\(169 h + 17 h) / 100 at once", "1.9 h"]
    assert told["the same, a cache a node"] == ["50 × 10 × 80 MB", "40 GB"]
    assert told["cost"] == ["\\(169 h + 17 h) × 0.10", "19"]
    assert (facts["cluster_calls"], facts["cluster_starts"]) == ("600", "9\N{NO-BREAK SPACE}%")  # 16.8 of 186.3 h
    assert rows(assumed_table(replace(ASSUMED, nodes=7)))["nodes"][0] == "7"
