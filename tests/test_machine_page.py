"""The page of each machine, and the same models on several; numbers worked out by hand."""

from pathlib import Path

import pytest
from helpers.factory import calls, make_failed, make_record

from compactbench.report.site.machine_pages import write_machine_pages
from compactbench.report.text.machine_page import compared, in_words, linked, machine_facts, measured

HERE = [
    make_record("alpha", latency=[calls([12.0]), calls([12.0])]),
    make_record("beta", latency=[calls([4.0]), calls([4.0])]),
    make_failed("broken"),
]
THERE = [
    make_record("alpha", machine="other", latency=[calls([6.0]), calls([6.0])]),
    make_record("gamma", machine="other", latency=[calls([1.0]), calls([1.0])]),
]


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each row of a table by the first of them."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]
    return {first: others for first, *others in cells}


def test_a_model_of_two_machines_is_held_against_the_first_of_them() -> None:
    """12 ms on one, 6 ms on the other: twice as fast. What one of them alone ran is compared with nothing."""
    table = compared(measured([*HERE, *THERE]))
    latency = table.split("\n\n")[1]
    assert "`starter`, CPU latency" in table
    assert rows(latency)["Model"] == ["`other`", "`reference-cpu`"]
    first, second = rows(latency)["Alpha"]
    assert first.startswith("6.0") and "×" not in first
    assert second.startswith("12.0") and "0.5 ×" in second
    assert "Beta" not in table and "Gamma" not in table


def test_one_machine_is_compared_with_none() -> None:
    assert "No two of these machines ran the same suite yet" in compared(measured(HERE))


def test_a_machine_says_what_it_is_when_it_measured_and_by_which_code() -> None:
    text = in_words([run for run in HERE if run.status == "ok"])
    assert text == (
        "Example CPU, 2 cores, 16 GB of memory, no GPU. 2 runs, on 2026-01-02, by the code of commit `aaaaaaaa`."
    )


def test_every_machine_is_linked() -> None:
    assert linked({"other": THERE, "reference-cpu": HERE[:2]}).splitlines() == [
        "- [other](machines/other.md): Example CPU, 2 cores, 16 GB of memory, no GPU",
        "- [reference-cpu](machines/reference-cpu.md): Example CPU, 2 cores, 16 GB of memory, no GPU",
    ]


def test_a_page_names_facts_that_are_there(tmp_path: Path) -> None:
    """One that is missing ends the build, one that no page names is never read."""
    records = [*HERE, *THERE, make_record("alpha", suite="reuters")]
    write_machine_pages(tmp_path, records)
    facts = machine_facts(records, ())
    named = {
        line.removeprefix("```{fact} ")
        for page in (tmp_path / "machines").iterdir()
        for line in page.read_text().splitlines()
        if line.startswith("```{fact}")
    }
    assert named == {name for name in facts if name.startswith("machines/")}
    assert "## Suite reuters" in (tmp_path / "machines" / "reference-cpu.md").read_text()
    assert "Broken" in facts["machines/reference-cpu/suite/starter"]
    assert "Gamma" not in facts["machines/reference-cpu/suite/starter"]


def test_a_machine_without_a_run_has_no_page_and_an_unchanged_one_stays(tmp_path: Path) -> None:
    write_machine_pages(tmp_path, [*HERE, *THERE])
    kept = tmp_path / "machines" / "reference-cpu.md"
    before = kept.stat().st_mtime_ns
    write_machine_pages(tmp_path, HERE)
    assert [page.name for page in (tmp_path / "machines").iterdir()] == ["reference-cpu.md"]
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("others", "told"), [(0.0, "No run was disturbed."), (0.5, "Disturbed were Alpha in `starter`.")]
)
def test_a_disturbed_run_is_named(others: float, told: str) -> None:
    window = {"stage": "latency", "seconds": 1.0, "others": others, "steal": 0.0, "clock_mhz": None}
    run = make_record("alpha", load=[window] * 5)
    assert machine_facts([run], ())["machines/reference-cpu/noise"].endswith(told)
