"""The Pareto front, on points whose front is seen at a glance."""

from factory import calls, make_failed, make_record

from compactbench.report.choice.pareto import front
from compactbench.report.tables.results import results


def contender(model: str, latency: float, accuracy: float, speed: float = 100.0, **changes):
    samples = calls([latency])
    points = [{"batch_size": 1, "samples_s": [1.0], "sentences_per_s": speed}]
    return make_record(
        model, latency=[samples], quality={"accuracy": accuracy}, throughput={"points": points}, **changes
    )


def on_front(records, x="cpu_latency_p50_ms", y="eval_accuracy") -> set[str]:
    frame = results(records)
    return set(frame.loc[front(frame, x, y), "model"])


def test_front_holds_the_unbeaten():
    """C is slower and worse than b; a is fastest, d most accurate."""
    points = [contender("a", 1, 0.80), contender("b", 5, 0.90), contender("c", 6, 0.85), contender("d", 9, 0.95)]
    assert on_front(points) == {"a", "b", "d"}


def test_equal_points_are_both_on_it_and_a_tie_in_one_axis_is_decided_by_the_other():
    """Reading "not worse" as "better" would throw both twins out, or keep the slower of two equals."""
    twins = [contender("a", 5, 0.90), contender("b", 5, 0.90)]
    assert on_front(twins) == {"a", "b"}
    assert on_front([*twins, contender("slower", 6, 0.90)]) == {"a", "b"}
    assert on_front([*twins, contender("worse", 5, 0.89)]) == {"a", "b"}


def test_direction_follows_the_metric():
    """With throughput more is better: the front of "lower is better" would be the wrong end."""
    points = [contender("slow", 1, 0.80, speed=10), contender("fast", 1, 0.80, speed=99), contender("best", 1, 0.9, 50)]
    assert on_front(points, x="throughput_sentences_per_s") == {"fast", "best"}


def test_random_failed_and_unmeasured_are_never_on_it_and_beat_nobody():
    """A fast model with random weights would push every real one off a front of costs."""
    points = [contender("real", 5, 0.9), contender("random", 1, 0.99, weights="random"), make_failed("failed")]
    points.append(make_record("unmeasured", latency=[]))
    assert on_front(points) == {"real"}
    assert on_front(points, x="cpu_latency_p50_ms", y="artefact_size_mb") == {"real"}


def test_no_contender_means_an_empty_front():
    """An empty group must not break the charts."""
    assert on_front([make_failed()]) == set()
