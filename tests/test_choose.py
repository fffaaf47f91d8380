"""The recommendation: which is taken, which comes second, and a true reason for each of the others."""

import re

import pytest
from helpers.factory import calls, make_failed, make_record

from compactbench.report.choice.asked import asked, injected
from compactbench.report.choice.recommend import Recommendation, recommend
from compactbench.report.site.executed import markdown_html
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.results import results
from compactbench.report.text import summary as prose
from compactbench.settings import SettingsError


def measured(model: str, accuracy: float, latency: float = 10.0, size: int = 80, **changes):
    samples, wrong = calls([latency]), round(1000 * (1 - accuracy))
    quality = {"accuracy": accuracy, "accuracy_interval": (accuracy - 0.01, accuracy + 0.01)}
    quality["right"] = "0" * wrong + "1" * (1000 - wrong)
    artefact = {"files": {"model": size * 10**6}, "weights_files": ["model"]}
    return make_record(model, latency=[samples], quality=quality, artefact=artefact, **changes)


def choose(*records, **limits) -> Recommendation:
    return recommend(results(list(records)), limits)


BIG, SMALL, TINY = measured("big", 0.96, 12, 90), measured("small", 0.94, 6, 70), measured("tiny", 0.90, 1, 2)


def test_without_limits_the_most_accurate_is_taken():
    """The reason gives both accuracies, in per cent."""
    choice = choose(BIG, SMALL, TINY)
    assert (choice.chosen, choice.runner_up) == ("big", "small")
    assert choice.out == {"tiny": "lower measured accuracy (90.0\u00a0% against 96.0\u00a0%)"}


def test_changing_one_number_changes_the_recommendation():
    """A recommendation that does not follow the records is typed in, not computed."""
    assert choose(BIG, SMALL, TINY).chosen == "big"
    assert choose(BIG, measured("small", 0.97, 6, 70), TINY).chosen == "small"


def test_equal_accuracy_goes_to_the_faster():
    """Of equals the first in the alphabet must not win."""
    choice = choose(measured("a", 0.95, 9), measured("b", 0.95, 3), measured("c", 0.95, 12))
    assert (choice.chosen, choice.runner_up) == ("b", "a")
    assert choice.out == {"c": "of the same accuracy, but slower (12.0\u00a0ms against 3.0\u00a0ms)"}


def test_a_limit_names_every_bound_that_is_missed():
    """Only the first of two missed limits named would send a reader off to loosen one in vain."""
    choice = choose(BIG, SMALL, TINY, cpu_latency_p95_ms=10, artefact_size_mb=75)
    assert (choice.chosen, choice.runner_up) == ("small", "tiny")
    assert choice.out == {
        "big": "CPU latency, 95th percentile is 12.0\u00a0ms, allowed is at most 10.0\u00a0ms; "
        "artefact size is 90.0\u00a0MB, allowed is at most 75.0\u00a0MB"
    }


def test_the_bound_itself_is_allowed_and_higher_is_better_bounds_from_below():
    """An upper bound on accuracy or on throughput would throw the best out."""
    assert choose(BIG, artefact_size_mb=90).chosen == "big"
    choice = choose(BIG, SMALL, eval_accuracy=0.95)
    assert (choice.chosen, choice.runner_up) == ("big", None)
    assert choice.out == {"small": "accuracy is 94.0\u00a0%, allowed is at least 95.0\u00a0%"}


def test_what_was_not_measured_is_not_within_a_limit():
    """Null compares as neither larger nor smaller: it must not slip through a limit."""
    choice = choose(BIG, gpu_latency_p50_ms=5)
    assert choice.chosen is None and choice.out == {"big": "GPU latency, median was not measured"}


def test_random_edited_and_failed_are_never_taken_and_never_vanish():
    """The record of random weights carries an accuracy; a failed run carries none."""
    edited = measured("edited", 0.98, finetune={"edited": True})
    choice = choose(measured("random", 0.99, weights="random"), make_failed("broken"), edited, TINY)
    assert (choice.chosen, choice.runner_up) == ("tiny", None)
    assert choice.out == {
        "edited": "its training was edited",
        "broken": "its run failed (finetune: the weights could not be read)",
        "random": "its accuracy was not measured: random weights",
    }


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"cpu_latncy_p50_ms": 5}, "'cpu_latncy_p50_ms' is no metric; did you mean 'cpu_latency_p50_ms'?"),
        ({"x": 5}, "did you mean"),
        ({"artefact_size_mb": 0}, "artefact_size_mb is 0; accepted: a number above 0"),
        ({"artefact_size_mb": "60"}, "artefact_size_mb is '60'"),
        ({"artefact_size_mb": True}, "artefact_size_mb is True"),
        ({"artefact_size_mb": float("nan")}, "artefact_size_mb is nan"),
        ({"eval_accuracy": 95}, "eval_accuracy is 95; accepted: a share above 0 and up to 1"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(limits: dict, message: str):
    """A misspelt limit that is ignored recommends a model that breaks it."""
    with pytest.raises(ValueError) as refused:
        choose(BIG, **limits)
    assert message in str(refused.value)


def test_prose_quotes_the_frame_for_one_many_and_none():
    """Words with holes in them ("the runner-up is None") when few models are left."""
    group = results([BIG, SMALL, make_failed("broken")])
    known = pairs([BIG, SMALL])
    many = prose.recommendation(group, recommend(group, {}, known))
    assert "**Big**: 96.0\u00a0% accuracy (95\u00a0% interval 95.0 to 97.0), 12.0\u00a0ms" in many
    assert "runner-up is **Small**" in many
    assert "more accurate than every other (the nearest, Small: -2.0 points, 90\u00a0% interval -2.9 to -1.4)" in many
    one = prose.recommendation(group, recommend(group, {"artefact_size_mb": 75}))
    assert "take **Small**" in one and "at most 75.0\u00a0MB" in one and "No other model" in one
    none = prose.recommendation(group, recommend(group, {"artefact_size_mb": 1}))
    assert none.startswith("**No model keeps every limit**")
    assert not any("None" in text or "nan" in text for text in (many, one, none))
    conclusion = prose.conclusion(group, recommend(group, {}), known)
    held = "Small is 2.0 points below it in accuracy (90\u00a0% interval -2.9 to -1.4: worse); on the CPU it answers"
    assert f"{held} 2.0 times as fast." in conclusion
    assert "1 failed" in conclusion


def test_full_table_shows_failures_random_weights_and_blanks():
    """A failed run without its error, random weights without a label, "nan" or "<NA>" for what was not measured."""
    random = measured("random", 0.99, weights="random", title="R&D <b>")
    edited = measured("edited", 0.97, finetune={"edited": True})
    html = markdown_html(prose.results_table(results([BIG, random, edited, make_failed()])))
    assert "Edited <small>edited training</small>" in html and "97.0" in html
    assert "failed: finetune: the weights could not be read" in html
    assert "random weights" in html and "R&amp;D &lt;b&gt;" in html and "99.0" not in html
    assert not any(word in html for word in ("nan", "NaN", "&lt;NA", "None"))
    assert "CPU latency, median (ms)" in html and ">12.0<" in html


def test_parameters_that_papermill_sets_are_checked_and_a_readers_own_names_are_not():
    """A misspelt parameter that is ignored answers under no limit; a variable of the reader's own is none."""
    cells = ["", "suite = None\nmachine = None", "# Parameters\nlimits = {}\nlimit = 5\n", "mine = 1"]
    assert injected(cells) == ["limits", "limit"]
    with pytest.raises(SettingsError, match=r"key `limit` is not known \(did you mean `limits`\?\)"):
        asked(None, None, {}, cells)


def test_a_runtime_is_one_that_the_records_hold():
    suite, machine, limits, runtime = asked("starter", "reference-cpu", {"runtime": "any", "artefact_size_mb": 5})
    assert (suite, machine, limits, runtime) == ("starter", "reference-cpu", {"artefact_size_mb": 5}, "any")
    assert asked(None, None, {})[3] == "any" and asked(None, None, {"runtime": None})[3] is None
    with pytest.raises(
        SettingsError, match=r"runtime is 'onnx'; accepted: any, model2vec, onnxruntime, scikit-learn, torch"
    ):
        asked("starter", "reference-cpu", {"runtime": "onnx"})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((None, None, {"artefact_sise_mb": 1}), "'artefact_sise_mb' is no metric; did you mean 'artefact_size_mb'?"),
        ((None, None, 20), "parameters: key `limits`: got 20; accepted: a mapping"),
        ((None, "elsewhere", {}), "parameters: key `machine`: got 'elsewhere'; accepted: reference-cpu"),
        ((None, None, {}, (), 1), "parameters: key `margin`: got 1; accepted: a share above 0 and below 1."),
    ],
)
def test_what_a_reader_cannot_mean_is_refused(given: tuple, sentence: str):
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        asked(*given)
