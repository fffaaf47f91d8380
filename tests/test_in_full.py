"""Which groups the site of a large book shows in full, and that it reads no record of the others."""

import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.book_factory import make_tree
from helpers.factory import START
from helpers.planted import run_in
from helpers.points import point

from compactbench.record import Record
from compactbench.record.file import write
from compactbench.report.site.extension import prepare
from compactbench.report.site.pages import pages
from compactbench.report.tables import collect as collecting
from compactbench.report.tables import groups
from compactbench.report.tables import index as indexing
from compactbench.report.tables.collect import collect
from compactbench.report.tables.groups import in_full
from compactbench.report.tables.index import Index, index, of_book
from compactbench.report.tables.summaries import Cells, Summary


def group(suite: str, machine: str, size: int, hour: int) -> list[Summary]:
    """The runs of a group, the newest of which began so many hours later than START."""
    began = [START + timedelta(hours=hour, minutes=-number) for number in range(size)]
    empty = Cells([], [])
    return [Summary(suite, machine, str(at), one.isoformat(), empty, [], None) for at, one in enumerate(began)]


BOOK = [
    *group("ours", "desk", 2, hour=9),
    *group("other", "desk", 1, hour=1),
    *group("ours", "server", 3, hour=8),
    *group("ours", "old", 1, hour=2),
    *group("starter", "reference-cpu", 1, hour=3),
]


def test_the_opening_group_its_machine_and_then_the_newest_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of six runs: 2 + 1 of the desk; the server's 3 fill it up, and the reference, older, has no room."""
    monkeypatch.setattr(groups, "MOST_RUNS", 6)
    assert in_full(BOOK) == [("ours", "desk"), ("other", "desk"), ("ours", "server")]
    monkeypatch.setattr(groups, "MOST_RUNS", 5)  # the server's do not fit: what is older and smaller does
    assert in_full(BOOK) == [("ours", "desk"), ("other", "desk"), ("starter", "reference-cpu"), ("ours", "old")]


def test_a_book_of_no_more_runs_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_RUNS", 8)
    assert len(in_full(BOOK)) == 5
    assert in_full([]) == []


def test_the_opening_group_is_shown_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_RUNS", 1)
    assert in_full(BOOK) == [("ours", "desk")]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two machines with a run and two points each; of each machine one point is broken."""
    for machine in ("desk", "server"):
        folder = tmp_path / "book" / "runs" / "starter" / machine
        folder.mkdir(parents=True)
        run_in(folder, "alpha", started_at=START + timedelta(hours=machine == "desk"))
        write(point(43, machine=machine), folder / "alpha" / "seed-43.json")
        (folder / "alpha" / "seed-44.json").write_text("{")
    return tmp_path / "book" / "runs"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every record and point that is read, in turn."""
    asked: list[Path] = []

    def noted(read: Any) -> Any:
        return lambda path, *found: (asked.append(path), read(path, *found))[1]

    for module in (collecting, indexing):
        for name in ("read_run", "read_point"):
            monkeypatch.setattr(module, name, noted(getattr(module, name)))
    return asked


def made(runs: Path, asked: list[Path]) -> Index:
    """The index, as a new process makes it."""
    for kept in (indexing._index, collecting._read, collecting._read_point):
        kept.cache_clear()
    asked.clear()
    return index(runs, runs.parent / "index.json")


def test_a_small_book_is_read_as_it_was_without_an_index(runs: Path, asked: list[Path]) -> None:
    (runs / "starter" / "desk" / "half.json").write_text("{")
    for _ in range(2):
        found = made(runs, asked)
        alone = collect(runs)
        assert [run.model_dump() for run in found.in_full.records] == [run.model_dump() for run in alone.records]
        assert (found.in_full.points, found.problems) == (alone.points, alone.problems)
        assert len(found.in_full.points) == 2 and len(found.problems) == 3
        assert found.left_out == {}
        assert found.results_in_full.equals(found.results)


def test_a_record_is_told_how_much_its_machine_moves_by_all_runs_of_the_book(runs: Path, asked: list[Path]) -> None:
    """A group alone told another drift than the book, and one value had two intervals."""
    found = made(runs, asked)
    told = {run.machine: run.drift for run in found.in_full.records if isinstance(run, Record)}
    assert told and told == {machine: found.drifts[machine] for machine in told}


def test_nothing_is_read_of_a_group_that_is_left_out(
    runs: Path, asked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MOST_RUNS", 1)
    made(runs, asked)
    found = made(runs, asked)
    asked[:] = [path for path in asked if path.name != "seed-44.json"]  # read once more, to say what is wrong with it
    assert [(one.machine, one.model) for one in found.in_full.records] == [("desk", "alpha")]
    assert [one.machine for one in found.in_full.points] == ["desk"]
    assert {path.parts[-2] for path in asked if path.name == "alpha.json"} == {"desk"}
    assert {path.parts[-3] for path in asked if path.name == "seed-43.json"} == {"desk"}
    assert found.left_out == {("starter", "server"): 1}
    assert len(found.results) == 2 and list(found.results_in_full["machine"]) == ["desk"]
    assert [problem.file for problem in found.problems] == [
        f"runs/starter/{machine}/alpha/seed-44.json" for machine in ("desk", "server")
    ]


def test_a_point_that_changed_is_read_again(runs: Path, asked: list[Path]) -> None:
    made(runs, asked)
    (runs / "starter" / "server" / "alpha" / "seed-43.json").write_text("{")
    assert len(made(runs, asked).problems) == 3
    assert len(made(runs, asked).problems) == 3


def prepared(book: Path) -> SimpleNamespace:
    """What the extension hands to the pages."""
    theme = {"repository_url": "https://example.org/one"}
    config = SimpleNamespace(html_theme_options=theme, exclude_patterns=[])
    prepare(SimpleNamespace(srcdir=book), config)
    return config


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Six runs of a reference machine, and one of the reader's own."""
    book = make_tree(tmp_path / "tree", with_reference_runs=False) / "book"
    folder = book / "runs" / "starter" / "desk"
    folder.mkdir()
    run_in(folder, "alpha")
    return book


def test_the_site_has_pages_of_groups_in_full_and_tells_of_the_others(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MOST_RUNS", 6)
    config = prepared(book)
    assert set(config.compactbench_boxes) == {"runs/starter/desk/alpha"}
    assert "runs/starter/reference-cpu" in config.exclude_patterns
    assert [page.name for page in (book / "machines").iterdir()] == ["desk.md"]
    facts = config.compactbench_facts
    assert facts["left_out"].startswith("Shown in full are 1 of 7 runs, those of 1 of 2 groups of a suite on a machine")
    assert "desk" in facts["machine_pages"] and "reference-cpu" not in facts["machine_pages"]
    before = config.compactbench_sources
    shutil.rmtree(book / "runs" / "starter" / "reference-cpu")
    assert prepared(book).compactbench_sources != before  # the table of every run has fewer rows


def test_the_site_of_a_small_book_says_nothing_of_it(book: Path) -> None:
    config = prepared(book)
    whole = pages(book, collect(book / "runs"))
    assert len(whole.whole) == 6
    assert config.exclude_patterns == whole.excluded
    assert {f"{page}.ipynb" for page in config.compactbench_boxes} == set(whole.whole)
    assert config.compactbench_facts["left_out"] == ""
    assert of_book(book).left_out == {}
