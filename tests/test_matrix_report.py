"""A tiny matrix on one machine, from the command to the site."""

import csv
import json

import pytest
from helpers.matrix import MODELS, WORDS, Matrix

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("matrix"))


def test_every_point_and_every_run_is_a_record_of_its_own(matrix: Matrix) -> None:
    assert matrix.first.returncode == 0, matrix.first.stdout + matrix.first.stderr
    runs = {str(path.relative_to(matrix.runs)) for path in matrix.runs.glob("*/here/*.json")}
    assert runs == {f"both.{data}/here/{model}.json" for data in WORDS for model in MODELS}
    found = [(path.parts[-4], path.parts[-2], json.loads(path.read_text())) for path in matrix.points()]
    assert [(suite, model, point["repeat"]["seed"]) for suite, model, point in found] == [
        (f"both.{data}", model, 7) for data in WORDS for model in MODELS
    ]
    assert all(len(point["repeat"]["predicted"].split()) == 12 for _, _, point in found)  # a fifth of 60 texts


def test_the_command_says_what_there_is_to_do(matrix: Matrix) -> None:
    said = matrix.first.stdout
    for data in WORDS:
        assert f"both.{data} on here: 2 of 2 models to measure" in said
        assert f"both.{data}/minilm-l1/seed-7" in said  # the progress
    assert said.count("and 2 further seeds and learning rates to learn") == 2
    assert "[8/8]" in said


def test_the_site_has_the_mean_over_the_seeds_of_run_and_point(matrix: Matrix) -> None:
    with (matrix.site / "results.csv").open() as file:
        rows = {(row["suite"], row["model"]): row for row in csv.DictReader(file)}
    assert set(rows) == {(f"both.{data}", model) for data in WORDS for model in MODELS}
    for (suite, model), row in rows.items():
        run = json.loads((matrix.runs / suite / "here" / f"{model}.json").read_text())
        (point,) = (
            json.loads(path.read_text()) for path in matrix.points() if path.parts[-4:-1] == (suite, "here", model)
        )
        both = [run["runtimes"][0]["quality"]["accuracy"], point["repeat"]["accuracy"]]
        assert float(row["eval_accuracy"]) == pytest.approx(sum(both) / 2)
    assert "Both: One" in (matrix.site / "machines" / "here.html").read_text()


def test_only_a_lost_point_is_learned_again(matrix: Matrix) -> None:
    lost, *kept = matrix.points()
    before = [path.read_bytes() for path in kept]
    lost.unlink()
    again = matrix.report()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "both.one on here: 0 of 2 models to measure, and 1 further seeds and learning rates to learn" in again.stdout
    assert lost.is_file() and [path.read_bytes() for path in kept] == before
    assert "[1/1]" in again.stdout
