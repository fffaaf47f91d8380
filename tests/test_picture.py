"""The still picture of a chart: what is drawn, at its own place, and each text letter by letter."""

import json
import re
from xml.etree import ElementTree

import nbformat
import plotly.graph_objects as go
import pytest
from helpers.factory import BASELINE, calls, make_record, runtime

from compactbench import ROOT
from compactbench.report.charts import classes as class_charts
from compactbench.report.charts import run as run_charts
from compactbench.report.charts import runtimes as runtime_charts
from compactbench.report.charts.picture import MOST_SHAPES, WIDTH, picture
from compactbench.report.charts.show import chart_json
from compactbench.report.charts.style import add_marks, style, value_axis
from compactbench.report.charts.tradeoff import tradeoff
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import results

SVG = "{http://www.w3.org/2000/svg}"
RUN = make_record("alpha", [runtime(runtime="onnxruntime", precision="int8", label="ONNX Runtime int8")])


def drawn(figure: go.Figure) -> ElementTree.Element:
    return ElementTree.fromstring(picture(json.loads(chart_json(figure))))


def texts(svg: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()).strip() for node in svg.iter(f"{SVG}text")]


def bars(figure: go.Figure, count: int) -> list[tuple[float, float]]:
    """Left and right end of each bar, px; they come after the picture's own ground and that of its axes."""
    shapes = re.findall(r'<g id="patch_\d+"> <path d="([^"]+)"', picture(json.loads(chart_json(figure))))
    across = [[float(x) for x in re.findall(r"[ML] (-?[\d.]+)", shape)] for shape in shapes[2 : 2 + count]]
    return [(min(found), max(found)) for found in across]


CHARTS = {
    "classes": (class_charts.class_balance(RUN.data), "Texts per class"),
    "confusion": (class_charts.confusion_matrix(RUN.trained.quality, RUN.data.classes), "True class"),
    "loss": (run_charts.learning_curve(RUN.finetune, "random"), "random weights"),
    "parameters": (run_charts.parameters(RUN.parameters), "parameters"),
    "artefact": (run_charts.artefact_size(RUN.trained.artefact), "model.safetensors"),
    "latency": (run_charts.latency_distribution([RUN.trained]), "Calls answered within that time"),
    "lengths": (run_charts.latency_by_length([RUN.trained]), "Tokens"),
    "throughput": (run_charts.throughput(RUN.trained.throughput), "Sentences per second"),
    "runtimes": (runtime_charts.latencies_chart(RUN), "ONNX Runtime int8"),
    "tradeoff": (tradeoff(results([RUN]), LATENCY, SIZE), "Accuracy against CPU latency"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_of_a_page_has_a_picture_with_its_words(name: str) -> None:
    figure, words = CHARTS[name]
    svg = drawn(figure)
    assert words in " ".join(texts(svg))
    assert 0.9 * WIDTH < float(svg.get("width", "0").removesuffix("pt")) < 1.4 * WIDTH


def test_the_same_chart_is_the_same_file() -> None:
    """Else a run made again would change a picture that says the same."""
    figure = json.loads(chart_json(CHARTS["latency"][0]))
    assert picture(figure) == picture(figure)


def test_bars_are_as_long_as_their_values() -> None:
    """70 and 30 texts of each of two classes."""
    lengths = [right - left for left, right in bars(CHARTS["classes"][0], 4)]
    assert [length / lengths[0] for length in lengths] == pytest.approx([1, 1, 30 / 70, 30 / 70], abs=0.01)


def test_stacked_bars_follow_one_another() -> None:
    (left, middle), (second, right) = bars(CHARTS["parameters"][0], 2)
    counts = RUN.parameters
    assert middle == pytest.approx(second, abs=0.2)
    assert (middle - left) / (right - left) == pytest.approx(1 - counts.active / counts.total, abs=0.01)


def test_a_logarithmic_axis_has_equal_steps_for_equal_factors() -> None:
    figure = add_marks(style(go.Figure(), "T"), [1.0, 10.0, 100.0], [1.0, 1.0, 1.0], "marks", "", "#3b7dd8")
    figure.update_xaxes(**value_axis([1.0, 10.0, 100.0]))
    marked = picture(json.loads(chart_json(figure))).partition("PathCollection")[2]
    places = [float(x) for x in re.findall(r'd="M ([\d.]+)[^>]+#3b7dd8', marked)]
    assert len(places) == 3 and places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.1)


def test_random_weights_stay_labelled() -> None:
    random = make_record("gamma", weights="random", latency=[calls([30.0])])
    svg = drawn(tradeoff(results([RUN, random, make_record("tfidf", **BASELINE)]), LATENCY, SIZE))
    assert "random weights: no accuracy" in texts(svg) and "Gamma" in texts(svg)


def test_text_of_others_is_shown_letter_by_letter() -> None:
    """A dollar sign begins a formula of matplotlib's, `&lt;` stands for the sign in a text of plotly's."""
    artefact = RUN.trained.artefact.model_copy(update={"files": {"$x^2$ <b>": 2_000_000, "b": 1_000_000}})
    svg = drawn(run_charts.artefact_size(artefact))
    assert "$x^2$ <b>" in texts(svg)
    assert svg.find(f".//{SVG}script") is None


def test_many_marks_are_pixels() -> None:
    """A thousand texts as shapes would make a page of a megabyte."""
    many = [float(n) for n in range(1, MOST_SHAPES + 2)]
    svg = picture(json.loads(chart_json(add_marks(style(go.Figure(), "T"), many, many, "m", "", "#3b7dd8"))))
    assert "data:image/png;base64,iVBOR" in svg and "#3b7dd8" not in svg


def test_each_chart_of_a_reference_page_has_its_picture() -> None:
    """On GitHub such a page was a title and blanks."""
    pages = sorted((ROOT / "book" / "runs").glob("*/reference-*/*.ipynb"))
    assert pages
    for page in pages:
        outputs = [
            output
            for cell in nbformat.read(page, as_version=4).cells
            if cell.cell_type == "code"
            for output in cell.outputs
            if "data" in output
        ]
        charts = [at for at, one in enumerate(outputs) if 'class="chart"' in one.data.get("text/html", "")]
        assert charts, page
        assert all(outputs[at + 1].data["image/svg+xml"].startswith("<svg") for at in charts), page
        assert page.stat().st_size < 600_000, page
