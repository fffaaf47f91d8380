"""The Pareto front, on points whose front is seen at a glance."""

from helpers.factory import calls, make_failed, make_record

from compactbench.report.choice.pareto import front
from compactbench.report.tables.metrics import ACCURACY, LATENCY, METRICS, SIZE
from compactbench.report.tables.results import results


def placed(model: str, latency: float, accuracy: float, speed: float = 100.0, **changes):
    samples = calls([latency])
    points = [{"batch_size": 1, "samples_s": [1.0], "sentences_per_s": speed}]
    return make_record(
        model, latency=[samples], quality={"accuracy": accuracy}, throughput={"points": points}, **changes
    )


def on_front(records, x=LATENCY, y=ACCURACY) -> set[str]:
    frame = results(records)
    return set(frame.loc[front(frame, x, y), "model"])


def test_front_holds_what_nothing_dominates():
    """C is slower and worse than b; a is fastest, d most accurate."""
    points = [placed("a", 1, 0.80), placed("b", 5, 0.90), placed("c", 6, 0.85), placed("d", 9, 0.95)]
    assert on_front(points) == {"a", "b", "d"}


def test_equal_points_are_both_on_it_and_a_tie_in_one_axis_is_decided_by_the_other():
    """Reading "not worse" as "better" would throw both twins out, or keep the slower of two equals."""
    twins = [placed("a", 5, 0.90), placed("b", 5, 0.90)]
    assert on_front(twins) == {"a", "b"}
    assert on_front([*twins, placed("slower", 6, 0.90)]) == {"a", "b"}
    assert on_front([*twins, placed("worse", 5, 0.89)]) == {"a", "b"}


def test_direction_follows_the_metric():
    """With throughput more is better: the front of "lower is better" would be the wrong end."""
    points = [placed("slow", 1, 0.80, speed=10), placed("fast", 1, 0.80, speed=99), placed("best", 1, 0.9, 50)]
    assert on_front(points, x=METRICS["throughput_sentences_per_s"]) == {"fast", "best"}


def test_random_failed_edited_and_unmeasured_are_never_on_it_and_dominate_nobody():
    """A fast model with random weights would push every real one off a front of costs."""
    points = [placed("real", 5, 0.9), placed("random", 1, 0.99, weights="random"), make_failed("failed")]
    points.append(make_record("unmeasured", latency=[]))
    points.append(placed("edited", 1, 0.99, finetune={"edited": True}))
    assert on_front(points) == {"real"}
    assert on_front(points, x=LATENCY, y=SIZE) == {"real"}


def test_no_model_means_an_empty_front():
    """An empty group must not break the charts."""
    assert on_front([make_failed()]) == set()
