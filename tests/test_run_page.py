"""The page of a run: what it says of each part of a record, worked out by hand."""

from pathlib import Path

import pytest
from helpers.factory import BASELINE, calls, make_record, runtime

from compactbench import ROOT
from compactbench.parameters import load_model, load_suite
from compactbench.record import RuntimeResult, Trial
from compactbench.report.text import planning
from compactbench.report.text import run_page as page

RUN = make_record()
SUITE = load_suite("starter")
ON_GPU = RuntimeResult.model_validate(runtime(device="cuda", latency=[calls([1.0, 3.0])]))
TRIAL = {"steps": 5, "time_s": 1.0, "texts": 28, "accuracy": 0.5, "accuracy_interval": (0.4, 0.6), "loss": 0.7}


@pytest.mark.parametrize(
    ("weights", "edited", "noted"),
    [
        ("pretrained", False, ""),
        ("random", False, ", random weights"),
        ("pretrained", True, ", edited training"),
        ("random", True, ", random weights, edited training"),
    ],
)
def test_the_title_names_what_the_numbers_are_not(weights: str, edited: bool, noted: str) -> None:
    run = make_record(title="BERT-tiny", machine="here", weights=weights, finetune={"edited": edited})
    assert page.title(run) == f"BERT-tiny{noted} (Example CPU, 2 cores)"
    elsewhere = run.model_copy(update={"suite": "full"})
    assert page.title(elsewhere) == f"BERT-tiny{noted} on full (Example CPU, 2 cores)"


def test_the_model_its_kind_and_its_license() -> None:
    text = page.who(load_model("bert-tiny"), RUN.classifier, "random")
    assert "fine-tuned transformer" in text and "License of the weights: Apache-2.0." in text
    assert "**Random weights:**" in text
    text = page.who(load_model("tfidf"), make_record(**BASELINE).classifier, "none")
    assert "baseline: no transformer" in text and "learns from the training texts alone" in text


def test_why_no_learning_rate_was_tried() -> None:
    asked = SUITE.model_copy(update={"learning_rates": [1e-4]})
    assert "this model has none to set" in page.about_tuning([], None, asked, "none")
    assert "random weights would teach nothing" in page.about_tuning([], 5e-5, asked, "random")
    assert "it is 5e-05, as the suite" in page.about_tuning([], 5e-5, SUITE, "random")
    trials = [Trial(learning_rate=rate, **TRIAL) for rate in (1e-5, 1e-4)]
    assert "| 0.0001 (taken) | 5 | 1.0 s | 50.0" in page.about_tuning(trials, 1e-4, asked, "pretrained")


def test_an_edited_training_is_said_and_so_is_a_padding_of_its_own() -> None:
    assert "edited" not in page.about_finetune(RUN.finetune)
    done = RUN.finetune.procedure.model_copy(update={"padding": "other"})
    text = page.about_finetune(RUN.finetune.model_copy(update={"edited": True, "procedure": done}))
    assert "**Its training function was edited**" in text and "padding of the training function's own" in text


def test_latency_on_each_device() -> None:
    """Pooled and sorted, the calls on two threads are 9 10 10 10 11 20; on the GPU the median of 1 and 3 is 2."""
    text = page.about_latency([RUN.trained])
    assert "takes 10.0\u00a0ms (10.0 to 10.0) in the median on all cores, 17.8\u00a0ms" in text
    assert "on one core the median is 16.0\u00a0ms." in text and "GPU" not in text
    assert "Over 2 test texts of their own lengths, the mean is 12.0\u00a0ms." in text
    assert "On the GPU the median is 2.00\u00a0ms." in page.about_latency([ON_GPU, RUN.trained])


def test_the_runtimes_beside_the_first_and_what_failed() -> None:
    failed = ON_GPU.model_copy(update={"label": "torch int8", "error": "no such operator"})
    text = page.about_export([ON_GPU, failed])
    assert "| torch fp32 | cuda | ready |" in text and "| torch int8 | cuda | no such operator |" in text
    assert "and in no other" in page.about_export([])


def test_quality_of_random_weights_is_not_shown() -> None:
    shown = page.about_quality(RUN.trained.quality, RUN.data, "pretrained")
    assert "| Accuracy | 95.0\u00a0% | 86.0 to 98.0 |" in shown and "F1 of sports" in shown
    assert "95.0" not in page.about_quality(RUN.trained.quality, RUN.data, "random")


def test_sizes_and_the_place_of_the_record() -> None:
    assert "has 81.0\u00a0MB, its weights alone 80.0\u00a0MB" in page.about_artefact(RUN.trained.artefact)
    assert "20,000,000 parameters, of which 10,000,000 (50%)" in page.about_parameters(RUN.parameters)
    assert "`book/one.json`, fingerprint `0123456789abcdef`" in (
        page.about_record(ROOT / "book" / "one.json", "0123456789abcdef" * 4)
    )
    assert "`one.json`" in page.about_record(Path("/elsewhere/one.json"), "0" * 64)


def test_the_page_names_the_commit_that_measured() -> None:
    record = make_record(conditions={"git_commit": "abcdef0123" * 4, "git_dirty": True})
    assert "commit abcdef01 with changes" in page.where(record.conditions)


def test_other_languages_are_told_with_what_they_mean() -> None:
    german = RUN.data.model_copy(update={"languages": {"de": 0.98}})
    assert page.about_data(german).endswith("are de (98%): models of English text are a poor guess for them.")
    assert "language" not in page.about_data(RUN.data)


def test_time_for_other_numbers_of_rows_by_hand() -> None:
    """20 steps over 280 texts: 18 of .5 s and two first ones of 2.5 s, 14 s in all, of which 4 s come once.

    2 passes over 1,000 rows are 2,000 texts: 4 + 10 / 280 * 2,000 = 75.4 s; 10,000 rows take 718 s, 12 minutes.
    """
    finetune = RUN.finetune.model_copy(update={"time_s": 14.0, "step_s": [2.5, 2.5] + [0.5] * 18})
    assert finetune.time_for(2000) == pytest.approx(75.43, abs=0.01)
    table = planning.about_rows(finetune, SUITE).splitlines()
    assert table[0].endswith("2 passes over them, on this machine:")
    assert table[4] == "| 1,000 | 75 s | 1,300 MB |" and table[5].startswith("| 10,000 | 12 min |")
    assert table[7].startswith("| 1,000,000 | 20 h |")
    derived = finetune.model_copy(update={"epoch_derived": True})
    assert "judged by 20 steps, which began with the longest texts" in planning.about_rows(derived, SUITE)


def test_without_a_trainer_time_and_memory_grow_with_the_rows() -> None:
    """500 MB of libraries and 800 MB for 280 texts: ten times the texts, 8,500 MB, in ten times the time."""
    fitted = RUN.finetune.model_copy(update={"batch_size": None, "step_s": [], "epochs": 1.0})
    assert (fitted.time_for(2800), fitted.peak_ram_for(2800)) == pytest.approx((200.0, 8500.0))
    assert planning.about_rows(fitted, SUITE).splitlines()[0].endswith("1 pass over them, on this machine:")
