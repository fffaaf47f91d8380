"""Suites with a matrix: their parts, their points, and how the report puts the points back together."""

from pathlib import Path
from typing import Any

import pytest
from helpers.factory import FROZEN, make_failed, make_record
from helpers.planted import run_in
from helpers.points import point

from compactbench.benchmark import points as of_points
from compactbench.benchmark.due import Plan
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.benchmark.plan import plan as plan_of
from compactbench.benchmark.points import Point, due_points, of_point, points
from compactbench.parameters import load_model, load_suite, parts
from compactbench.record import Fingerprint, Record
from compactbench.record.file import write
from compactbench.report.tables.collect import collect, with_points
from compactbench.report.text.grid import grid
from compactbench.settings import SettingsError, Suite

AXES: dict[str, Any] = {
    "data": ["starter", "reuters"],
    "model": ["minilm-l1", "tfidf"],
    "seed": [7, 8, 9],
    "learning_rate": [0.0001, 0.0003],
}


def suite(**axes: Any) -> Suite:
    return load_suite("my-matrix", {"suite": "my-matrix", "suite_title": "Mine", "matrix": AXES | axes})


def part(**axes: Any) -> Suite:
    """The starter as a part of the suite."""
    found = load_suite("grid.starter")
    assert found.matrix
    return found.model_copy(update={"matrix": found.matrix.model_copy(update=AXES | axes)})


def test_a_suite_is_made_of_a_part_for_each_data_set() -> None:
    assert parts("grid") == ["grid.starter", "grid.newsgroups", "grid.reuters"]
    assert [parts(name) for name in ("starter", "grid.reuters")] == [["starter"], ["grid.reuters"]]


def test_a_suite_with_a_matrix_is_run_in_parts() -> None:
    with pytest.raises(SettingsError, match=r"got 'grid', which is run in parts; accepted: grid\.starter or grid\."):
        plan_of("tfidf", "grid")
    assert plan_of("tfidf", "grid.starter", "here").suite.seeds == [42]


def test_a_part_takes_the_data_set_of_the_suite_that_it_names_and_all_else_from_its_own() -> None:
    found, own = load_suite("grid.reuters"), load_suite("grid")
    assert found.dataset == load_suite("reuters").dataset != own.dataset
    assert (found.suite, found.suite_title) == ("grid.reuters", "Grid: " + load_suite("reuters").suite_title)
    assert own.matrix and (found.models, found.epochs) == (own.matrix.model, own.epochs)
    assert (found.seeds, found.learning_rates) == (
        [42],
        own.matrix.learning_rate,
    )  # its runs' own seed, and their tries


def test_a_key_of_a_part_can_be_given_by_hand() -> None:
    assert load_suite("grid.reuters", {"suite": "grid.reuters", "epochs": 1}).epochs == 1


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"data": []}, "key `matrix.data`: got []; accepted: a list of names of suites"),
        ({"seed": [7, 7]}, "key `matrix.seed`: got [7, 7]; accepted: a list of whole numbers from 0, each once"),
        ({"rate": [1]}, "key `matrix.rate` is not known; accepted: data, learning_rate, model, seed"),
        ({"learning_rate": [0]}, "key `matrix.learning_rate.0`: got 0; accepted: a list of numbers above 0, each once"),
    ],
)
def test_a_wrong_axis_is_refused_in_one_sentence(axes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        suite(**axes)
    assert said in str(refused.value)


def test_a_matrix_without_data_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"`matrix\.data` is missing"):
        load_suite("mine", {"suite": "mine", "suite_title": "Mine", "matrix": {"seed": [1]}})


@pytest.mark.parametrize("name", ["grid.nowhere", "starter.reuters", "nowhere.starter"])
def test_what_is_no_part_is_no_suite(name: str) -> None:
    with pytest.raises(SettingsError, match=f"params/suites/{name}.yaml: there is no such file"):
        load_suite(name)


def test_every_further_seed_and_rate_is_a_point() -> None:
    """Of several rates each seed learns at each; of one, the run has learned from the first seed at it already."""
    model = load_model("minilm-l1")
    found = points(part(), model, "pretrained")
    assert [(one.seed, one.learning_rate) for one in found] == [
        (seed, rate) for seed in (7, 8, 9) for rate in (0.0001, 0.0003)
    ]
    found = points(part(learning_rate=[0.0001]), model, "pretrained")
    assert [(one.seed, one.learning_rate) for one in found] == [(8, 0.0001), (9, 0.0001)]


def test_what_has_no_learning_rate_learns_once_from_each_seed() -> None:
    found = points(part(), load_model("tfidf"), "none")
    assert [(one.seed, one.learning_rate) for one in found] == [(8, None), (9, None)]


def test_random_weights_and_a_suite_without_a_matrix_have_no_points() -> None:
    assert points(part(), load_model("bert-tiny"), "random") == []
    assert points(load_suite("starter"), load_model("tfidf"), "none") == []


def test_a_point_is_named_by_what_it_is_and_by_a_hash_of_where_it_belongs() -> None:
    one, other = Point("grid.starter", "tfidf", 8, None), Point("grid.reuters", "tfidf", 8, None)
    assert one.name.startswith("seed-8.") and one.name != other.name
    assert len({Point("a", "b", seed, rate).name for seed in (1, 2) for rate in (0.1, 0.2, None)}) == 6
    assert Point("a", "b", 1, 0.0003).name.startswith("seed-1.rate-0.0003.")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(of_points, "ROOT", tmp_path)
    return Plan(part(), "here", [load_model("tfidf")], {"tfidf": "none"})


def learned(plan: Plan, seed: int, **settings: str) -> str:
    """Write the record of the point of `seed`, with these settings changed in its fingerprint; its path."""
    own = Point(plan.suite.suite, "tfidf", seed, None)
    now = of_point(own, fingerprint(plan.models[0], plan.suite, "none"))
    found: Fingerprint = now.model_copy(update={"settings": now.settings | settings})
    file = f"book/runs/grid.starter/here/tfidf/{own.name}.json"
    place = {"suite": "grid.starter", "machine": "here", "model": "tfidf", "weights": "none"}
    write(point(seed, None, fingerprint=found, **place), of_points.ROOT / file)
    return file


def test_a_point_is_due_until_it_is_there_and_would_be_the_same_again(plan: Plan) -> None:
    unchanged = learned(plan, 8)
    missing = f"book/runs/grid.starter/here/tfidf/{Point('grid.starter', 'tfidf', 9, None).name}.json"
    assert due_points(plan) == {missing: "not measured yet"}
    learned(plan, 8, epochs="9")
    assert due_points(plan)[unchanged] == "settings changed (epochs)"
    (of_points.ROOT / unchanged).write_text("{")
    assert due_points(plan)[unchanged] == "its record cannot be read"


def test_further_seeds_join_the_run_that_learned_as_they_did() -> None:
    run = make_record("alpha", finetune={"learning_rate": 5e-5})
    other = run.fingerprint.model_copy(update={"settings": {"one": "1" * 12}})
    found = with_points(
        run, [point(42), point(43), point(44, rate=1e-3), point(45, fingerprint=other), point(46, accuracy=0.8)]
    )
    assert isinstance(found, Record) and [(one.seed, one.accuracy) for one in found.repeats] == [(43, 0.9), (46, 0.8)]


def test_points_and_runs_may_differ_in_the_settings_that_tell_them_apart() -> None:
    """The run names its seeds and the rates that it tries, a point its own."""
    of_run = {"epochs": "2", "seeds": "[42]", "learning_rates": "[1, 2]", "learning_rate": "1"}
    run = make_record("alpha").fingerprint.model_copy(update={"settings": of_run})
    own = of_point(Point("starter", "alpha", 43, 5e-5), run)
    found = with_points(make_record("alpha", fingerprint=run.model_dump()), [point(43, fingerprint=own)])
    assert isinstance(found, Record) and [one.seed for one in found.repeats] == [43]


def test_a_failed_run_has_no_seeds() -> None:
    failed = make_failed("alpha")
    assert with_points(failed, [point(43)]) is failed


def test_points_are_found_beside_their_runs_and_a_broken_one_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "starter" / "reference-cpu"
    folder.mkdir(parents=True)
    run_in(folder, "alpha")
    write(point(43), folder / "alpha" / "seed-43.json")
    (folder / "alpha" / "seed-43.log").write_text("said\n")
    (folder / "alpha" / "seed-44.json").write_text("{")
    (folder / "alpha" / "notes.txt").write_text("mine\n")
    write(point(45, suite="reuters"), folder / "alpha" / "seed-45.json")
    found = collect(tmp_path / "runs")
    assert [one.repeat.seed for one in found.points] == [43]
    (run,) = found.records
    assert isinstance(run, Record) and [one.seed for one in run.repeats] == [43]
    assert sorted(map(str, found.problems)) == [
        "book/runs/starter/reference-cpu/alpha/notes.txt: no file of a run is called so",
        "book/runs/starter/reference-cpu/alpha/seed-44.json: not a record: it is no whole JSON (Expecting property "
        "name enclosed in double quotes in line 1)",
        "book/runs/starter/reference-cpu/alpha/seed-45.json: not a record: it belongs to the suite 'reuters', and lies "
        "at 'starter'",
    ]


def test_the_grid_has_the_mean_over_seeds_and_marks_the_rate_that_was_run() -> None:
    """(.90 + .94) / 2 = .92 at the rate that was run; one seed alone at the other."""
    run = make_record("alpha", finetune={"learning_rate": 5e-5})
    table = grid(
        [run, make_record("beta", **FROZEN)], [point(43, accuracy=0.9), point(44, accuracy=0.94), point(43, 1e-3, 0.5)]
    )
    assert table is not None
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert lines[0] == "| Model | 5e-05 | 0.001 |"
    assert lines[2].split("|")[1:4] == [" Alpha ", " **92.0** <small>90.0 to 94.0</small> ", " 50.0 "]
    assert len(lines) == 3


def test_one_rate_makes_no_grid() -> None:
    assert grid([make_record("alpha")], [point(43)]) is None
