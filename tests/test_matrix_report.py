"""A tiny matrix on one machine, from the command to the site."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.project import Project
from helpers.tiny_suite import BRIEF

pytestmark = pytest.mark.slow

MODELS = ["minilm-l1", "tfidf"]
WORDS = {"one": ("goal match team", "bank share price"), "two": ("rain cloud wind", "rice bread soup")}
"""The words of the two classes of each data set."""


class Matrix:
    """A project with the suite `both`: two models, two seeds, two data sets."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)
        self.runs, self.site = folder / "book" / "runs", folder / "book" / "_build" / "html"
        for name, words in WORDS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                rows = [(f"{words[row % 2]} {row}", "ab"[row % 2]) for row in range(60)]
                csv.writer(file).writerows([("text", "label"), *rows])
            self.suite(name, dataset={"path": f"{name}.csv", "text": "text", "label": "label", "test_size": 0.2})
        axes = {"data": list(WORDS), "model": MODELS, "seed": [42, 7]}
        self.suite("both", matrix=axes, **BRIEF)
        self.first = self.report()

    def suite(self, name: str, **keys: Any) -> None:
        file = self.project.folder / "params" / "suites" / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"suite": name, "suite_title": name.title()} | keys))

    def report(self) -> subprocess.CompletedProcess[str]:
        """`make report SUITE=both MACHINE=here`, without the installation."""
        return self.project.run("compactbench", "report", "--suite", "both", "--machine", "here")

    def points(self) -> list[Path]:
        return sorted(self.runs.glob("*/here/*/*.json"))


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
