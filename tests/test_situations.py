"""What to take in common situations: the rule of the recommendation with another metric."""

from typing import Any

from helpers.factory import calls, make_record

from compactbench.record import Record
from compactbench.report.text.situations import answers, situations

RIGHT = "1" * 950 + "0" * 50


def run(name: str, size: int, wrong: int = 0, **changes: Any) -> Record:
    """A model of so many MB, wrong on so many of the first 950 of 1,000 texts beside the last 50."""
    quality = {"right": "0" * wrong + RIGHT[wrong:], "accuracy": (950 - wrong) / 1000}
    artefact = {"files": {"model.safetensors": size * 1_000_000}, "weights_files": ["model.safetensors"]}
    one_core = {"latency": [calls([float(size)] * 3, threads=threads) for threads in (2, 1)]}
    return make_record(name, **{"quality": quality, "artefact": artefact, **one_core, **changes})


def rows(*runs: Record) -> dict[str, list[str]]:
    """The cells of each situation by its words."""
    told = situations(answers(runs)).replace("\N{NO-BREAK SPACE}", " ")
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()[2:]]
    return {first: others for first, *others in table}


def test_the_best_by_each_metric_among_those_that_are_as_good() -> None:
    """Equal answers, 10 MB against 20, and the smaller one learns more slowly."""
    small = run("small", 10, finetune={"time_s": 40.0})
    found = rows(small, run("large", 20))
    assert found["the smallest within 2 points of the best"][0] == "**Small**"
    assert found["the fastest on one core, as trained"][:2] == ["**Small**", "10.0 ms"]
    assert found["the quickest to retrain"][:2] == ["**Large**", "20.0 s"]
    assert "the fastest on a GPU" not in found  # nobody measured it


def test_the_margin_of_a_situation_is_its_own() -> None:
    """12 texts of 1,000 worse is shown to be within 2 points, and not within 1."""
    found = rows(run("small", 10, wrong=12), run("large", 20))
    assert found["the smallest within 2 points of the best"][0] == "**Small**"
    assert found["the fastest within 2 points of the best"][:2] == ["**Small**", "10.0 ms"]
    assert found["the fastest on one core, as trained"][0] == "**Large**"


def test_what_the_texts_cannot_rule_out_stands_beside_it() -> None:
    """One text of ten apart says nothing."""
    short = {"right": "1111111100", "accuracy": 0.8}
    found = rows(run("small", 10, quality=short), run("large", 20, quality={"right": "1111111110", "accuracy": 0.9}))
    assert found["the smallest within 2 points of the best"] == ["**Large**", "20.0 MB", "Small (10.0 MB)"]


def test_without_an_accuracy_there_is_no_answer() -> None:
    assert situations(answers([run("small", 10, weights="random")])).startswith("No accuracy is known")
