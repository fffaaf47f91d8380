"""What `make check` foretells of a run, from an earlier one, worked out by hand."""

import argparse
import re
from pathlib import Path

import pytest
from helpers.factory import make_record

from compactbench.benchmark.due import Plan
from compactbench.benchmark.forecast import forecast
from compactbench.commands import check
from compactbench.parameters import load_model, load_suite
from compactbench.record.file import write


def test_a_run_is_foretold_from_an_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That one took 25 s for its fine-tune, 20 of them in the loop, of 280 texts of 25 words, and 11 s for the rest.

    Two passes over 1,400 texts of 50 words are ten times the texts and twice the length: 400 s in the loop, 511 in
    all, and 500 more for each of two further seeds, which only fine-tune and classify.
    The memory is a batch's, 500 MB of libraries and 800.
    """
    monkeypatch.setattr("compactbench.benchmark.forecast.ROOT", tmp_path)
    model, suite = load_model("bert-tiny"), load_suite("starter")
    earlier = make_record(model.model)
    write(earlier, tmp_path / "book" / "runs" / earlier.suite / earlier.machine / f"{model.model}.json")
    data = earlier.data.model_copy(update={"train_counts": [700, 700], "words_p50": 50.0})
    found = forecast(Plan(suite, "here", [model], {model.model: "pretrained"}), model, data)
    assert found
    assert (found.finetune_min, found.minutes) == pytest.approx((400 / 60, 1511 / 60))
    assert (found.finetune_ram_mb, found.disk_mb) == pytest.approx((1300, 81))
    assert found.like == "starter/reference-cpu/bert-tiny"
    assert forecast(Plan(suite, "here", [model], {model.model: "random"}), model, data) is None
    tries = suite.model_copy(update={"learning_rates": [1e-5, 1e-4], "tuning_steps": 35})  # 560 of 2,800 texts each
    tried = forecast(Plan(tries, "here", [model], {model.model: "pretrained"}), model, data)
    assert tried and tried.minutes - found.minutes == pytest.approx(2 * 500 / 5 / 60)


def test_a_check_tells_minutes_of_each_and_of_all(capsys: pytest.CaptureFixture) -> None:
    """Never 0, and the sum of what they are before they are rounded."""
    assert check.run(argparse.Namespace(suite="starter", models=["tfidf", "bert-tiny"], machine=None)) == 0
    first, second, all_of_them = (
        int(one) for one in re.findall(r"^  \S.*? about (\d+) min", capsys.readouterr().out, re.MULTILINE)
    )
    assert min(first, second) >= 1
    assert max(first, second) <= all_of_them <= first + second
