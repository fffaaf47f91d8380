"""The values of a chart, beneath it and in words."""

import hashlib
import json
import re
from pathlib import Path

import plotly
import plotly.graph_objects as go
import pytest

from compactbench.report.charts.data_table import MOST_ROWS, alternative, data_table
from compactbench.report.charts.show import chart_again, chart_html
from compactbench.report.site.extension import PLOTLY

BARS = {
    "data": [{"type": "bar", "name": "Size <b>now</b>", "x": ["a", "b"], "y": [1.5, None]}],
    "layout": {"xaxis": {"title": {"text": "File"}}, "yaxis": {"title": {"text": "Size (MB)"}}},
}


def cells(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_a_row_for_each_mark_that_has_both_values() -> None:
    assert cells(data_table(BARS)) == [["", "File", "Size (MB)"], ["Size now", "a", "1.5"]]


def test_a_mark_has_its_own_name_where_it_has_one_and_numbers_are_short() -> None:
    scatter = {"type": "scatter", "name": "all", "text": ["<b>Alpha</b>", ""], "x": [1.23456, 2], "y": [123456.7, 3]}
    assert cells(data_table({"data": [scatter]}))[1:] == [["Alpha", "1.235", "123,457"], ["all", "2", "3"]]


def test_a_heatmap_has_a_row_a_cell() -> None:
    heatmap = {"type": "heatmap", "x": ["p", "q"], "y": ["t"], "z": [[5, 0]]}
    assert cells(data_table({"data": [heatmap]}))[1:] == [["", "p", "t", "5"], ["", "q", "t", "0"]]


def test_what_is_too_much_to_read_is_left_to_the_record() -> None:
    many = {"data": [{"x": [1] * (MOST_ROWS + 1), "y": [1] * (MOST_ROWS + 1)}]}
    assert data_table(many) == "" and data_table({"data": []}) == ""


@pytest.mark.parametrize("figure", [{}, {"data": 5}, {"data": [[], 3]}, {"data": [{"x": 3, "y": {}}], "layout": []}])
def test_a_page_s_figure_may_be_anything(figure: dict) -> None:
    assert data_table(figure) == "" and alternative(figure, "A chart.") == "A chart."


def test_a_screen_reader_is_told_from_where_to_where() -> None:
    scatter = {"data": [{"x": [2.0, 10.0], "y": ["a", "b"]}], "layout": {"xaxis": {"title": {"text": "Latency (ms)"}}}}
    assert alternative(scatter, "Latency.") == "Latency. Shown: Latency (ms) from 2 to 10."


def test_text_of_a_figure_is_no_markup() -> None:
    bars = {"data": [{"x": ["<script>"], "y": [1], "name": "&lt;img src=x&gt;"}]}
    assert "<script>" not in data_table(bars) and "<img" not in data_table(bars)


def test_a_chart_of_a_page_gets_its_values_on_the_site() -> None:
    stored = chart_html(go.Figure(go.Bar(x=["a"], y=[1])), "one", "One bar.")
    assert "chart-values" not in stored
    shown = chart_again(stored)
    assert shown and "chart-values" in shown and 'aria-label="One bar. Shown: values from 1 to 1."' in shown
    assert chart_again(shown) is None  # what a site has made is no output of a run


def test_the_library_is_the_file_it_is_said_to_be_of_the_version_of_the_python_package() -> None:
    """A newer plotly would write figures that an older script does not know."""
    told = (PLOTLY.parent / "README.md").read_text()
    assert hashlib.sha256(PLOTLY.read_bytes()).hexdigest() in told
    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    versions = [re.search(r"plotly\.js .*?v([\d.]+)", file.open().read(300))[1] for file in (whole, PLOTLY)]
    assert versions[0] == versions[1] and f"plotly.js {versions[0]}" in told


def test_every_trace_of_the_report_is_in_the_library() -> None:
    """Scatter is always there; the bundle registers the others by name."""
    used = {"Scatter", "Bar", "Heatmap"}
    charts = (PLOTLY.parents[2] / "charts").glob("*.py")
    found = set().union(*(re.findall(r"go\.([A-Z]\w+)\(", file.read_text()) for file in charts)) - {"Figure"}
    assert found <= used, found - used
    library = PLOTLY.read_text()
    assert all(json.dumps(name.lower()) in library for name in used)
