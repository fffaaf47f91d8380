"""The table of every runtime: whole without a script, sorted and filtered with it."""

from typing import Any

import pytest
from helpers.factory import calls, make_record, runtime

from compactbench import ROOT
from compactbench.report.site.every_runtime import every_runtime

SCRIPT = ROOT / "book" / "_static" / "every-runtime.js"


def timed(ms: float, **changes: Any) -> dict[str, Any]:
    return {"latency": [calls([ms] * 3), calls([ms] * 3, process=1)], **changes}


def table() -> str:
    """Alpha in torch at 10 ms and in ONNX Runtime at 2, Beta with random weights at 9, Gamma without a latency."""
    further = runtime(**timed(2.0), runtime="onnxruntime", label="ONNX int8", precision="int8")
    alpha = make_record("alpha", runtimes=[further], **timed(10.0))
    beta = make_record("beta", weights="random", suite="full", **timed(9.0))
    gamma = make_record("gamma", latency=[])
    return every_runtime([alpha, beta, gamma], {"runs/starter/reference-cpu/alpha"})


def test_the_fastest_stands_first_and_what_was_not_measured_last() -> None:
    rows = table().split("<tr>")[2:]
    assert [row.partition('data-value="')[2].partition('"')[0] for row in rows] == ["Alpha", "Beta", "Alpha", "Gamma"]
    assert "2.0 <small>2.0 to 2.0</small>" in rows[0]
    assert 'data-value="" class="text-right">–</td>' in rows[3]


def test_a_run_with_a_page_is_linked_and_random_weights_are_noted() -> None:
    html = table()
    assert html.count('<a href="runs/starter/reference-cpu/alpha.html">Alpha</a>') == 2
    assert "Beta <small>random weights</small>" in html


def test_foreign_names_are_text() -> None:
    html = every_runtime([make_record("alpha", title="<img src=x onerror=alert(1)>")], [])
    assert "<img" not in html


@pytest.fixture
def page(chromium: Any) -> Any:
    """The table in a browser, with its script."""
    page = chromium.new_page()
    page.set_content(f"<main>{table()}</main>")
    page.add_script_tag(path=SCRIPT)
    yield page
    page.close()


def shown(page: Any) -> list[str]:
    """Model and runtime of each row that is shown."""
    rows = page.locator("tbody tr:visible").all()
    return [f"{row.locator('th').get_attribute('data-value')} {row.locator('td').nth(2).inner_text()}" for row in rows]


@pytest.mark.slow
def test_a_head_sorts_and_turns_round_and_the_unmeasured_stays_last(page: Any) -> None:
    button = page.get_by_role("button", name="Latency, median")
    button.focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["Alpha ONNX int8", "Beta torch fp32", "Alpha torch fp32", "Gamma torch fp32"]
    page.keyboard.press("Enter")
    assert shown(page) == ["Alpha torch fp32", "Beta torch fp32", "Alpha ONNX int8", "Gamma torch fp32"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"


@pytest.mark.slow
def test_filters_meet_and_say_how_many_are_left(page: Any) -> None:
    page.get_by_label("Data set").select_option("starter")
    page.get_by_label("Model").fill("AL")
    assert shown(page) == ["Alpha ONNX int8", "Alpha torch fp32"]
    assert page.get_by_role("status").inner_text() == "2 of 4 rows"


@pytest.mark.slow
def test_a_column_is_picked(page: Any) -> None:
    head = page.locator("th[data-column=load_time_s]")
    assert head.is_hidden()
    page.locator("summary").click()
    page.get_by_label("Start to first answer (s)").check()
    assert head.is_visible()
