"""Charts hold exactly the numbers of the records, and no model is drawn as what it is not."""

import itertools
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from helpers.factory import BASELINE, FROZEN, calls, make_failed, make_record, runtime

from compactbench.record import Repeat, RuntimeResult
from compactbench.report.charts import classes as class_charts
from compactbench.report.charts import labels
from compactbench.report.charts import run as run_charts
from compactbench.report.charts import tradeoff as charts
from compactbench.report.charts.show import chart_html, chart_json, show
from compactbench.report.charts.style import style
from compactbench.report.tables.metrics import LATENCY, METRICS, SIZE
from compactbench.report.tables.results import results
from compactbench.report.text import summary as prose

X, BUBBLE = LATENCY, SIZE


def drawn_at(model: str, latency: float, accuracy: float = 0.5, size: float = 80.0, **changes):
    samples = calls([latency])
    quality = {"accuracy": accuracy, "accuracy_interval": (accuracy - 0.02, accuracy + 0.01)}
    artefact = {"files": {"model": int(size * 10**6)}, "weights_files": ["model"]}
    return make_record(model, latency=[samples], quality=quality, artefact=artefact, **changes)


GROUP = results(
    [
        drawn_at("big", 12.0, 0.96, 100.0),
        drawn_at("small", 6.0, 0.94, 25.0),
        drawn_at("dominated", 13.0, 0.93, 25.0),
        drawn_at("tfidf", 0.5, 0.90, 1.0, **BASELINE),
        drawn_at("random-1", 5.0, 0.99, weights="random"),
        drawn_at("random-2", 50.0, 0.99, weights="random"),
        make_failed("broken"),
    ]
)


def traces(figure: go.Figure) -> dict[str, dict]:
    return {trace["name"]: trace for trace in json.loads(chart_json(figure))["data"]}


def marks(figure: go.Figure) -> dict[str, tuple[float, float]]:
    """Where each model is drawn."""
    drawn = [trace for trace in traces(figure).values() if "customdata" in trace]
    return {m: (x, y) for t in drawn for m, x, y in zip(t["customdata"], t["x"], t["y"], strict=True)}


def test_every_finished_run_is_one_mark_at_its_own_numbers():
    """Marks scaled, rounded or dropped on the way from the table to the page."""
    found = marks(charts.tradeoff(GROUP, X, BUBBLE))
    finished = GROUP[GROUP["status"] == "ok"]
    assert set(found) == set(finished["model"])
    for row in finished.itertuples():
        assert found[row.model][0] == row.cpu_latency_p50_ms
        if row.weights != "random":
            assert found[row.model][1] == row.eval_accuracy


def test_front_is_drawn_through_what_nothing_dominates():
    """Random weights on the front, or the front through a dominated model."""
    line = traces(charts.tradeoff(GROUP, X, BUBBLE))["Pareto front"]
    assert list(zip(line["x"], line["y"], strict=True)) == [(0.5, 0.90), (6.0, 0.94), (12.0, 0.96)]


def test_random_weights_are_ticks_of_their_own_without_accuracy():
    """The accuracy that a record of random weights carries must not reach the chart, not even its hover text."""
    figure = charts.tradeoff(GROUP, X, BUBBLE)
    strip = traces(figure)["random weights: no accuracy"]
    assert strip["customdata"] == ["random-1", "random-2"] and strip["yaxis"] == "y2"
    assert len(set(strip["y"])) == 2  # a row each: labels cannot collide
    assert "99.0" not in chart_json(figure)
    assert "random weights" in strip["hovertext"][0]


def test_bubble_area_is_in_proportion_and_the_unmeasured_is_hollow():
    """Diameter in proportion makes four times the size look sixteen times as large; null drawn as zero vanishes."""
    drawn = traces(charts.tradeoff(GROUP, X, BUBBLE))["fine-tuned transformer"]
    size = dict(zip(drawn["customdata"], drawn["marker"]["size"], strict=True))
    assert size["big"] ** 2 / size["small"] ** 2 == pytest.approx(4.0)
    no_gpu = traces(charts.tradeoff(GROUP, X, METRICS["finetune_peak_gpu_mb"]))["fine-tuned transformer"]
    assert set(no_gpu["marker"]["symbol"]) == {"circle-open"} and min(no_gpu["marker"]["size"]) > 0


def test_error_bars_are_the_interval_and_the_baseline_has_its_own_colour():
    """The 95 % interval is not symmetric: .02 down, .01 up."""
    drawn = traces(charts.tradeoff(GROUP, X, BUBBLE))
    bars = drawn["fine-tuned transformer"]["error_y"]
    assert bars["array"] == pytest.approx([0.01] * 3) and bars["arrayminus"] == pytest.approx([0.02] * 3)
    baseline = drawn["baseline: no transformer"]
    assert baseline["customdata"] == ["tfidf"]
    assert baseline["marker"]["color"] != drawn["fine-tuned transformer"]["marker"]["color"]


def test_each_kind_of_classifier_is_a_trace_in_a_colour_of_its_own():
    """A kind that came later would be drawn as a fine-tuned transformer, or in the baseline's colour."""
    group = results([drawn_at("fine", 5.0), drawn_at("tfidf", 1.0, **BASELINE), drawn_at("still", 3.0, **FROZEN)])
    drawn = traces(charts.tradeoff(group, X, BUBBLE))
    assert drawn["frozen embeddings"]["customdata"] == ["still"]
    labels = ("fine-tuned transformer", "baseline: no transformer", "frozen embeddings")
    assert len({drawn[label]["marker"]["color"] for label in labels}) == 3


def test_an_edited_training_is_labelled_and_on_no_front():
    """Its accuracy is shown, and would pass for that of the model as the suite trains it."""
    group = results([drawn_at("plain", 5.0, 0.90), drawn_at("mine", 1.0, 0.99, finetune={"edited": True})])
    drawn = traces(charts.tradeoff(group, X, BUBBLE))
    marks = drawn["fine-tuned transformer"]
    assert marks["text"] == ["Mine<br>(edited training)", "Plain"] and marks["y"] == [0.99, 0.90]
    assert "edited training" in marks["hovertext"][0]
    assert drawn["Pareto front"]["x"] == [5.0]
    assert "Edited training, so not compared: Mine." in prose.tradeoff_caption(group, X, BUBBLE)
    run = make_record(finetune={"edited": True})
    assert "edited training" in run_charts.learning_curve(run.finetune, run.weights).layout.title.text


def test_caption_names_whom_the_chart_cannot_show():
    """A failed run never vanishes."""
    caption = prose.tradeoff_caption(GROUP, X, BUBBLE)
    assert "Broken (finetune: the weights could not be read)" in caption
    assert "Random-1, Random-2" in caption
    assert "GPU latency, median not measured: Big, Dominated" in prose.tradeoff_caption(
        GROUP, METRICS["gpu_latency_p50_ms"], BUBBLE
    )
    assert "Pale marks are Pareto-dominated." in caption


def test_wide_spans_are_logarithmic_with_every_mark_inside():
    """0.5 to 50 ms on a linear axis crushes all small models into one; a range in ms on a log axis shows nothing."""
    axis = charts.tradeoff(GROUP, X, BUBBLE).layout.xaxis
    assert axis.type == "log" and axis.range[0] < np.log10(0.5) and axis.range[1] > np.log10(50)
    near = charts.tradeoff(GROUP[GROUP["model"].isin(["big", "small"])], X, BUBBLE).layout.xaxis
    assert near.type == "linear" and near.range[0] < 6 and near.range[1] > 12


@pytest.mark.parametrize("group", [results([make_failed()]), results([drawn_at("r", 5.0, weights="random")])])
def test_a_group_without_any_accuracy_still_draws(group: pd.DataFrame):
    """Nothing to draw is no reason to break the page."""
    assert chart_json(charts.tradeoff(group, X, BUBBLE))


def test_quoted_accuracy_stands_at_todays_latency_and_is_labelled():
    """The numbers of 2021 must never pass for measurements."""
    quoted = pd.DataFrame({"name": ["random-1", "absent"], "eval_accuracy": [0.88, 0.9]})
    figure = charts.quoted_2021(GROUP, quoted)
    assert marks(figure) == {"random-1": (5.0, 0.88)}
    assert "not measured here" in figure.layout.title.text and "quoted from 2021" in figure.layout.yaxis.title.text


def test_a_name_stands_where_the_plot_has_room_for_it():
    assert labels.side(0.4, "BERT-small") == "middle right"
    assert labels.side(0.3, "BERT-small (ONNX int8)") == "middle right"  # to the left would be over the edge
    assert labels.side(0.5, "BERT-small (ONNX int8)") == labels.side(0.9, "BERT-small") == "middle left"


def test_labels_make_room_for_one_another():
    """Placed one after the other, the first of these would leave no room for the later ones."""
    x, y = [0.26, 0.92, 0.78, 0.51, 0.79], [0.62, 0.66, 0.84, 0.25, 0.78]
    name, radius, plots = "MiniLM-L6 (int8)", 8, ((280, 206), (640, 236))
    half_width, gap = labels.LETTER * len(name) / 2, radius * 1.25 + 1
    places = [labels.PLACES[place] for place in labels.positions(x, y, [radius] * 5, [name] * 5, (), plots)]
    for width, height in plots:
        centres = [
            (at * width + across * (gap + half_width), up * height + upward * (gap + labels.LINE / 2))
            for at, up, (across, upward) in zip(x, y, places, strict=True)
        ]
        for one, other in itertools.combinations(centres, 2):
            apart = abs(one[0] - other[0]) / (2 * half_width), abs(one[1] - other[1]) / labels.LINE
            assert max(apart) >= 1


def test_labels_of_close_marks_do_not_overlap():
    """Two marks side by side with both labels to the right would write one over the other."""
    left, right = labels.positions([0.5, 0.55], [0.5, 0.5], [6, 6], ["MiniLM-L6", "MiniLM-L3"])
    assert left != right
    assert "left" in labels.positions([0.97], [0.5], [6], ["MiniLM-L6"])[0]  # not beyond the edge


def test_chart_on_a_page_carries_plain_numbers_and_runs_no_script(monkeypatch: pytest.MonkeyPatch):
    """NumPy arrays leave plotly as base64; a "</script>" in a title would end the element; a caption is text."""
    figure = go.Figure(go.Heatmap(x=np.array([1.5, 2.5]), z=np.array([[1.0, 2.0], [3.0, 4.0]]), name="</script>"))
    html = chart_html(figure, "demo", 'less < "more"')
    assert '"x":[1.5,2.5]' in html and '"z":[[1.0,2.0],[3.0,4.0]]' in html and "bdata" not in html
    assert html.count("</script>") == 1 and 'aria-label="less &lt; &#34;more&#34;"' in html


def test_a_book_gets_a_chart_and_its_picture_a_live_notebook_plotly_s_own(monkeypatch: pytest.MonkeyPatch):
    figure, shown = style(go.Figure(go.Scatter(x=[1.0], y=[2.0], mode="markers")), "One mark"), []
    monkeypatch.setattr("compactbench.report.charts.show.display", lambda output, raw=False: shown.append(output))
    for name in ("JPY_SESSION_NAME", "VSCODE_PID"):
        monkeypatch.delenv(name, raising=False)
    show(figure, "demo", "a caption")
    assert 'id="chart-demo"' in shown[0].data and "One mark" in shown[1]["image/svg+xml"]
    monkeypatch.setenv("JPY_SESSION_NAME", "live")
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append("plotly's own"))
    show(figure, "demo", "a caption")
    assert shown[2:] == ["plotly's own"]


def test_charts_of_one_run_hold_its_record():
    """Each chart of a run's page, against the made-up record's round numbers."""
    run = make_record()
    balance = traces(class_charts.class_balance(run.data))
    assert balance["training"]["x"] == [70, 70] and balance["test"]["x"] == [30, 30]
    curve = traces(run_charts.learning_curve(run.finetune, run.weights))["training loss"]
    assert (curve["x"], curve["y"]) == ([10, 20], [0.6, 0.2])
    heat, text = json.loads(chart_json(class_charts.confusion_matrix(run.trained.quality, run.data.classes)))["data"]
    assert [[cell[0] for cell in row] for row in heat["customdata"]] == [[29, 1], [2, 28]]
    assert heat["z"][1] == pytest.approx([2 / 30, 28 / 30])
    assert text["text"][0] == "29<br>97%"
    speed = traces(run_charts.throughput(run.trained.throughput))
    assert speed["throughput"]["y"] == [100.0, 200.0] and speed["best"]["x"] == [2]
    assert traces(run_charts.latency_by_length([run.trained]))["CPU"]["x"] == [10, 40]
    files = json.loads(chart_json(run_charts.artefact_size(run.trained.artefact)))["data"][0]
    assert files["x"] == [0.001, 0.999, 80.0] and files["y"][-1] == "model.safetensors"
    assert [trace.x[0] for trace in run_charts.parameters(run.parameters).data] == [10_000_000, 10_000_000]


def test_latency_distribution_keeps_processes_apart_and_marks_the_pooled_percentiles():
    """Pooled alone, the spread between processes is hidden: here it is the larger one."""
    latency = [calls([9.0, 10.0, 11.0]), calls([10.0, 10.0, 20.0], process=1)]
    on_gpu = runtime(device="cuda", latency=[calls([1.0, 2.0])])
    results = [RuntimeResult.model_validate(one) for one in (on_gpu, runtime(latency=latency))]
    drawn = traces(run_charts.latency_distribution(results))
    assert drawn["GPU, process 0"]["x"] == [1.0, 1.0, 2.0]
    assert drawn["2 threads, process 0"]["x"] == [9.0, 9.0, 10.0, 11.0]
    assert drawn["2 threads, process 0"]["y"] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert drawn["2 threads: p50, p95"]["x"] == pytest.approx([10.0, 17.75])


def test_class_without_test_texts_has_no_shares():
    """Nought by nought is no number: the row would be missing from the heat map."""
    quality = make_record().trained.quality.model_copy(update={"confusion": [[3, 1], [0, 0]]})
    heat, _ = json.loads(chart_json(class_charts.confusion_matrix(quality, ["a", "b"])))["data"]
    assert heat["z"] == [[0.75, 0.25], [0.0, 0.0]]


def test_names_of_classes_are_shown_letter_by_letter_and_never_merged() -> None:
    """Plotly reads some HTML, and would stack two classes of one name: here two differ after the 20th letter only."""
    names = ["<b>bold</b>", "\u4f53\u80b2", "a very long name of the first", "a very long name of the second"]
    data = make_record().data.model_copy(update={"classes": names, "train_counts": [4] * 4, "test_counts": [1] * 4})
    figure = class_charts.class_balance(data)
    assert list(figure.data[0].y) == [0, 1, 2, 3]
    assert figure.data[0].customdata[0] == "&lt;b&gt;bold&lt;/b&gt;"
    assert list(figure.layout.yaxis.ticktext)[1:3] == ["\u4f53\u80b2", "a very long name of\u2026"]


def test_many_classes_keep_a_readable_axis() -> None:
    """150 classes: no numbers in the cells, every fourth class named, no chart taller than a screen."""
    count = 150
    quality = make_record().trained.quality.model_copy(update={"confusion": np.eye(count, dtype=int).tolist()})
    figure = class_charts.confusion_matrix(quality, [f"class {n}" for n in range(count)])
    assert len(figure.layout.xaxis.tickvals) == 38 and list(figure.layout.xaxis.tickvals)[:2] == [0, 4]
    assert list(figure.data[1].text) == []
    assert figure.layout.height <= 900


def test_label_curve_joins_the_means_of_the_seeds() -> None:
    """Three fine-tunes with 20 texts (.5, .6, .7) have the mean .6; the run itself used all 140 texts."""
    repeat = {"time_s": 1.0, "accuracy_interval": (0.4, 0.8), "macro_f1": 0.5, "labels": 20}
    repeats = [Repeat(**repeat, seed=seed, accuracy=share) for seed, share in enumerate((0.5, 0.6, 0.7))]
    run = make_record()
    drawn = traces(run_charts.label_curve(repeats, run.trained.quality, run.data))
    assert drawn["mean"]["x"] == [20, 140] and drawn["mean"]["y"] == pytest.approx([0.6, 0.95])
    assert drawn["one fine-tune"]["x"] == [20, 20, 20, 140]


def test_a_disturbed_run_is_marked_where_it_is_drawn() -> None:
    windows = [{"stage": "latency", "samples_ms": [time]} for time in (10.0, 10.0, 10.0, 99.0)]
    figure = charts.tradeoff(results([make_record("quiet"), make_record("loud", fixed_work=windows)]), X, BUBBLE)
    assert sorted(traces(figure)["fine-tuned transformer"]["text"]) == ["Loud<br>(noisy)", "Quiet"]
