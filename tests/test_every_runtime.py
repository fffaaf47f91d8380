"""The table of every runtime: whole without a script, sorted and filtered with it, and turned where it is long."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.factory import calls, make_failed, make_record, runtime

from compactbench import ROOT
from compactbench.report.site import every_runtime as site
from compactbench.report.site.every_runtime import FILE, every_runtime, write_rows
from compactbench.report.site.policy import RULES
from compactbench.report.tables.index import Index
from compactbench.report.tables.results import Records
from compactbench.report.tables.summaries import summary

SCRIPT = ROOT / "book" / "_static" / "every-runtime.js"
ALPHA = "runs/starter/reference-cpu/alpha"


def timed(ms: float, **changes: Any) -> dict[str, Any]:
    return {"latency": [calls([ms] * 3), calls([ms] * 3, process=1)], **changes}


def index_of(records: Records) -> Index:
    return Index(Path(), [summary(record) for record in records], [], [])


def book() -> Index:
    """Alpha in torch at 10 ms and in ONNX Runtime at 2, Beta with random weights at 9, Gamma without a latency."""
    further = runtime(**timed(2.0), runtime="onnxruntime", label="ONNX int8", precision="int8")
    alpha = make_record("alpha", runtimes=[further], **timed(10.0))
    beta = make_record("beta", weights="random", suite="full", **timed(9.0))
    gamma = make_record("gamma", latency=[])
    return index_of([alpha, beta, gamma, make_failed("broken")])


def table() -> str:
    return every_runtime(book(), {ALPHA})


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
    html = every_runtime(index_of([make_record("alpha", title="<img src=x onerror=alert(1)>")]), [])
    assert "<img" not in html


def test_a_table_that_the_page_holds_needs_no_file(tmp_path: Path) -> None:
    write_rows(book(), {ALPHA}, tmp_path)
    assert not [*tmp_path.iterdir()] and "data-rows" not in table() and "runtimes.csv" not in table()


def test_a_long_table_begins_in_the_page_and_is_whole_in_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page has the two fastest rows and says where all are; in the file a part that no cell has is left out."""
    monkeypatch.setattr(site, "AT_ONCE", 2)
    html = table()
    assert html.count("<tr>") == 1 + 2
    assert 'The fastest 2 of 4 rows. All are in <a href="runtimes.csv">runtimes.csv</a>.' in html
    write_rows(book(), {ALPHA}, tmp_path)
    columns = json.loads((tmp_path / FILE).read_text().removeprefix("window.everyRuntime=").removesuffix(";\n"))
    assert columns["model"] == {
        "value": ["Alpha", "Beta", "Alpha", "Gamma"],
        "note": ["", "random weights", "", ""],
        "link": [f"{ALPHA}.html", "", f"{ALPHA}.html", ""],
    }
    assert columns["suite"] == {"value": ["starter", "full", "starter", "starter"]}
    assert columns["latency_p50_ms"] == {
        "value": ["2", "9", "10", ""],
        "text": ["2.0", "9.0", "10.0", "–"],
        "note": ["2.0 to 2.0", "9.0 to 9.0", "10.0 to 10.0", ""],
    }


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


PAGE = '<!doctype html><meta charset=utf-8><meta http-equiv="Content-Security-Policy" content="{}"><main>{}</main>{}'
Opened = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens from a folder, under the site's policy, the table of ten models of which the page holds four rows."""
    monkeypatch.setattr(site, "AT_ONCE", 4)
    latencies = {f"m{number}": timed(10.0 + number) for number in range(9)} | {"m9": {"latency": []}}
    foreign = {"m0": {"title": "<b>M0</b>", "weights": "random"}, "m8": {"suite": "full"}}
    many = index_of([make_record(name, **changes, **foreign.get(name, {})) for name, changes in latencies.items()])
    write_rows(many, {"runs/starter/reference-cpu/m5"}, tmp_path)
    contexts = []

    def open_it(scripts: bool = True) -> Any:
        script = tmp_path / SCRIPT.name
        script.write_text(SCRIPT.read_text())
        policy = "; ".join(" ".join(rule) for rule in RULES.items())
        html = every_runtime(many, {"runs/starter/reference-cpu/m5"})
        file = tmp_path / "results.html"
        file.write_text(PAGE.format(policy, html, f'<script src="{script.name}"></script>'))
        contexts.append(chromium.new_context(java_script_enabled=scripts))
        page = contexts[-1].new_page()
        page.goto(file.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()


def models(page: Any) -> list[str]:
    return page.locator("tbody th:visible").all_inner_texts()


@pytest.mark.slow
def test_without_scripts_the_first_rows_stand_with_a_link_to_all(opened: Opened) -> None:
    page = opened(scripts=False)
    assert models(page) == ["<b>M0</b> random weights", "M1", "M2", "M3"]
    assert page.locator(".first-rows a").get_attribute("href") == "runtimes.csv"
    assert page.locator(".controls").is_hidden() and page.locator("button").count() == 0


@pytest.mark.slow
def test_without_the_file_it_is_the_table_without_scripts(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / FILE).unlink()
    page = opened()
    assert page.locator(".first-rows").is_visible() and page.locator("button").count() == 0


@pytest.mark.slow
def test_a_long_table_is_turned_by_keyboard(opened: Opened) -> None:
    """Ten rows by four; at either end a turn leads nowhere, and the focus stays."""
    page = opened()
    assert page.locator(".first-rows").count() == 0
    told, turn = page.get_by_role("status"), page.get_by_role("button", name="Next")
    assert told.inner_text() == "1 to 4 of 10 rows"
    assert models(page) == ["<b>M0</b> random weights", "M1", "M2", "M3"]
    turn.focus()
    page.keyboard.press("Enter")
    assert told.inner_text() == "5 to 8 of 10 rows" and models(page) == ["M4", "M5", "M6", "M7"]
    assert page.get_by_role("link", name="M5").get_attribute("href") == "runs/starter/reference-cpu/m5.html"
    assert page.locator("tbody a").count() == 1
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert told.inner_text() == "9 to 10 of 10 rows" and models(page) == ["M8", "M9"]
    assert turn.get_attribute("aria-disabled") == "true" and page.locator(":focus").inner_text() == "Next"
    page.get_by_role("button", name="Previous").click()
    assert models(page) == ["M4", "M5", "M6", "M7"] and turn.get_attribute("aria-disabled") == "false"


@pytest.mark.slow
def test_a_long_table_sorts_over_all_rows_and_the_unmeasured_stays_last(opened: Opened) -> None:
    page = opened()
    page.get_by_role("button", name="Next").click()
    head = page.get_by_role("button", name="Latency, median")
    head.click()
    head.click()
    assert models(page) == ["M8", "M7", "M6", "M5"]  # from the first row on again
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    assert models(page) == ["<b>M0</b> random weights", "M9"]
    assert page.locator("tbody tr").last.locator("td").nth(3).inner_text() == "–"
    page.get_by_role("button", name="Model").click()
    assert models(page) == ["<b>M0</b> random weights", "M1", "M2", "M3"]


@pytest.mark.slow
def test_a_long_table_filters_all_rows_and_shows_the_columns_that_are_picked(opened: Opened) -> None:
    """A row that was not drawn yet has the columns as well; a cell is as it would be in the page."""
    page = opened()
    page.get_by_label("Model").fill("m9")
    assert models(page) == ["M9"] and page.get_by_role("status").inner_text() == "1 of 10 rows"
    page.get_by_label("Model").fill("")
    page.get_by_label("Data set").select_option("full")
    assert models(page) == ["M8"]
    page.locator("summary").click()
    page.get_by_label("Start to first answer (s)").check()
    cells = page.locator("tbody td:visible").all_inner_texts()
    assert cells[:4] == ["full", "reference-cpu", "torch fp32", "18.0 18.0 to 18.0"]
    assert "3.0" in cells and page.locator("td.text-right:visible").count() == len(cells) - 3
