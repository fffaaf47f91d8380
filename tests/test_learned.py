"""Which runs say little about their model's accuracy, because the training ended too early."""

import pytest
from helpers.factory import make_record

from compactbench.record import LossPoint, Record
from compactbench.report.charts import tradeoff as charts
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.learned import undertrained
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.metrics import ACCURACY, LATENCY, SIZE
from compactbench.report.tables.results import results
from compactbench.report.text.facts import models
from compactbench.report.text.summary import conclusion, recommendation, tradeoff_caption


def with_losses(losses: list[float]) -> Record:
    record = make_record()
    curve = [LossPoint(step=10 * (n + 1), loss=loss) for n, loss in enumerate(losses)]
    return record.model_copy(update={"finetune": record.finetune.model_copy(update={"loss_curve": curve})})


@pytest.mark.parametrize(
    ("losses", "falls"),
    [
        ([1.6, 1.5, 1.3, 0.9, 0.7, 0.5, 0.2, 0.14, 0.12, 0.13], False),  # flat at its end
        ([1.8, 1.75, 1.7, 1.6, 1.55, 1.5, 1.4, 1.3, 1.2, 1.1], True),  # a fifth of the whole fall in the last fifth
        ([1.6, 1.0, 0.5, 0.3, 0.25, 0.22, 0.2, 0.19, 0.16, 0.14], False),  # .045 of 1.45
        ([0.7, 0.69], False),  # too few points to tell
        ([], False),
    ],
)
def test_a_loss_that_still_falls(losses: list[float], falls: bool) -> None:
    assert undertrained(with_losses(losses)) == ("its loss was still falling" if falls else None)


def test_of_several_epochs_only_the_last_one_is_looked_at() -> None:
    """Each brings the loss down at once, as every text is known by then; within the last it fell by .02 of 1.9."""
    losses = [2.0, 1.5, 1.3, 1.2, 0.8, 0.7, 0.6, 0.6, 0.3, 0.28, 0.27, 0.26, 0.12, 0.11, 0.1, 0.09]
    once, four = with_losses(losses), with_losses(losses)
    changes = {"steps": 160, "epochs": 4.0}
    four = four.model_copy(update={"finetune": four.finetune.model_copy(update=changes)})
    once = once.model_copy(update={"finetune": once.finetune.model_copy(update={"steps": 160, "epochs": 1.0})})
    assert undertrained(once) == "its loss was still falling"
    assert undertrained(four) is None


@pytest.mark.parametrize(("predicted", "told"), [(6, None), (5, "it never predicted 4 of the 9 classes")])
def test_most_classes_must_be_predicted_however_rare_the_others_are(predicted: int, told: str | None) -> None:
    """Nine classes, of which all but the first have two texts each: 3 unpredicted are a third of them, 4 are more."""
    diagonal = [[30 if row == column == 0 else 0 for column in range(9)] for row in range(9)]
    for row in range(1, 9):
        diagonal[row][row if row < predicted else 0] = 2
    record = make_record(
        data={"classes": [f"c{n}" for n in range(9)], "train_counts": [100] + [2] * 8, "test_counts": [30] + [2] * 8},
        quality={"confusion": diagonal, "class_f1": [0.5] * 9, "right": None},
    )
    assert undertrained(record.model_copy(update={"finetune": with_losses([]).finetune})) == told


def test_a_class_that_is_never_predicted() -> None:
    record = with_losses([])
    quality = record.trained.quality
    assert quality
    blind = quality.model_copy(update={"confusion": [[30, 0], [30, 0]]})
    first = record.trained.model_copy(update={"quality": blind})
    record = record.model_copy(update={"runtimes": [first, *record.runtimes[1:]]})
    assert undertrained(record) == "it never predicted sports"
    assert undertrained(record.model_copy(update={"weights": "random"})) is None


@pytest.mark.parametrize(("texts", "told"), [(34, None), (36, "it never predicted sports")])
def test_a_rare_class_may_go_unpredicted(texts: int, told: str | None) -> None:
    """By one class of Reuters with a single text every model was undertrained. 35 of 140 is half an even share."""
    data = {"train_counts": [140 - texts, texts]}
    assert undertrained(make_record(data=data, quality={"confusion": [[30, 0], [30, 0]]})) == told


def test_who_is_undertrained_takes_part_in_no_verdict_and_is_named_beside_it() -> None:
    """A floor that knows every row was recommended over a transformer that had seen a few texts once."""
    early = with_losses([1.8, 1.75, 1.7, 1.6, 1.55, 1.5, 1.4, 1.3, 1.2, 1.1])
    early = early.model_copy(update={"model": "early", "title": "Early"})
    frame = results([early, make_record("steady", title="Steady")])
    choice = recommend(frame, {})
    assert choice.chosen == "steady" and choice.runner_up is None
    assert choice.out == {"early": "it is undertrained: its loss was still falling"}
    text = recommendation(frame, choice)
    assert "**Not weighed, because undertrained**: Early (its loss was still falling)" in text
    assert "No other model of known accuracy could be weighed" in text
    assert not front(frame, LATENCY, ACCURACY)[frame["model"] == "early"].any()
    known = pairs([early, make_record("steady", title="Steady")])
    assert known.compare("early", "steady") is None
    assert "(undertrained: its loss was still falling)" in conclusion(frame, choice, known)
    assert "| Early <small>undertrained</small> |" in models(frame, ())
    drawn = charts.tradeoff(frame, LATENCY, SIZE)
    assert [text for trace in drawn.data for text in trace.text or []] == ["Steady"]
    caption = tradeoff_caption(frame, LATENCY, SIZE)
    assert "Undertrained, so not drawn: Early." in caption and "pale" not in caption
