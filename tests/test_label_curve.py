"""How many more labels would help: the power law, worked out from curves that are known."""

import numpy as np
import pytest
from helpers.factory import make_record

from compactbench.record import Data, Quality, Repeat
from compactbench.report.statistics.label_curve import fitted_curve
from compactbench.report.text.planning import about_labels

RUN = make_record()
DATA = RUN.data.model_copy(update={"train_counts": [400, 400], "test_counts": [500, 500]})


def reached(accuracy: float) -> Quality:
    assert RUN.trained.quality
    return RUN.trained.quality.model_copy(update={"accuracy": accuracy})


def repeat(labels: int, accuracy: float, seed: int = 42) -> Repeat:
    return Repeat(seed=seed, labels=labels, time_s=1.0, accuracy=accuracy, accuracy_interval=(0, 1), macro_f1=0.5)


def learned(error: dict[int, float], data: Data = DATA) -> tuple[list[Repeat], Quality, Data]:
    """Fine-tunes with these errors by number of texts, the largest of them the run's own."""
    fewer = [repeat(labels, 1 - share) for labels, share in sorted(error.items())[:-1]]
    return fewer, reached(1 - error[max(error)]), data


def test_two_points_make_a_power_law_by_hand() -> None:
    """The error is 2 n^-1/2: .2 at 100, .0707 at 800, so .05 at 1,600: a gain of 2.07 points."""
    curve = fitted_curve(*learned({n: 2 * n**-0.5 for n in (100, 800)}))
    assert curve and curve.labels[-1] == pytest.approx(1600) and curve.accuracy[-1] == pytest.approx(0.95)
    assert curve.gain == pytest.approx(0.0207, abs=1e-4)
    assert curve.gain_interval[0] < curve.gain < curve.gain_interval[1]
    assert all(low <= high for low, high in zip(curve.low, curve.high, strict=True))


def test_of_four_points_on_the_floor_is_found() -> None:
    """.1 + 4 / n: without the floor of .1 the curve would promise more (.105 at 800, .1025 at 1,600)."""
    curve = fitted_curve(*learned({n: 0.1 + 4 / n for n in (50, 100, 200, 800)}))
    assert curve and curve.gain == pytest.approx(0.0025, abs=0.001)


def test_one_number_of_labels_tells_nothing() -> None:
    """Seeds alone are no curve, and a straight line through one point would be an invention."""
    again = [repeat(800, 0.9, seed=1)]
    assert fitted_curve(again, reached(0.91), DATA) is None
    assert about_labels(again, reached(0.91), DATA) == ""


def test_an_error_of_nought_breaks_nothing() -> None:
    curve = fitted_curve(*learned({100: 0.0, 800: 0.0}))
    assert curve and curve.gain == pytest.approx(0) and np.isfinite(curve.high).all()


def test_the_interval_covers_the_true_gain() -> None:
    """Of 100 draws from one power law 89 or more hold its gain: 95 in the mean, less three deviations of 2.2."""
    held, truth, rng = 0, 2 * 800**-0.5 - 2 * 1600**-0.5, np.random.default_rng(1)
    for _ in range(100):
        seen = {n: rng.binomial(1000, 2 * n**-0.5) / 1000 for n in (100, 300, 800)}
        curve = fitted_curve(*learned(seen))
        assert curve
        held += curve.gain_interval[0] <= truth <= curve.gain_interval[1]
    assert held >= 89


def test_the_answer_is_a_sentence_that_says_when_it_cannot_tell() -> None:
    sure = about_labels(*learned({n: 2 * n**-0.5 for n in (100, 800)}))
    assert sure.startswith(
        "Twice the labels (1,600 texts) would bring about 2.1 points of accuracy (95\u00a0% interval "
    )
    assert "cannot tell" not in sure and sure.endswith(
        "Less where the curve levels off, which takes more numbers of labels to tell."
    )
    assert "levels off" not in about_labels(*learned({n: 0.1 + 4 / n for n in (50, 100, 200, 800)}))
    assert "cannot tell whether it would be a gain" in about_labels(*learned({100: 0.1, 800: 0.101}))
