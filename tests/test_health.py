"""One file that cannot be used is named with its reason, makes its run due again, and keeps no other run away."""

import html
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.book_factory import build, make_tree
from helpers.planted import HIDDEN, STATES, Planted, run_in
from helpers.planted_samples import SAMPLES_STATES

from compactbench.benchmark import due as decider
from compactbench.benchmark.due import Plan, due
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.commands import site
from compactbench.parameters import load_model, load_suite
from compactbench.report.site.pages import Pages, pages
from compactbench.report.tables.collect import Collected, Problem, collect
from compactbench.report.text.health import health, note

EVERY = [*STATES, *SAMPLES_STATES]
PLAN = Plan(load_suite("starter"), "here", [load_model("tfidf")], {"tfidf": "none"})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two whole runs, of which one is planned and would give the same again."""
    runs = tmp_path_factory.mktemp("book") / "runs"
    (runs / "starter" / "here").mkdir(parents=True)
    run_in(runs / "starter" / "here", "tfidf", fingerprint=fingerprint(PLAN.models[0], PLAN.suite, "none").model_dump())
    run_in(runs / "starter" / "here", "beta")
    return runs


@pytest.fixture
def folder(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of these runs: the folder in which they lie."""
    monkeypatch.setattr(decider, "ROOT", tmp_path)
    shutil.copytree(runs, tmp_path / "book" / "runs")
    return tmp_path / "book" / "runs" / "starter" / "here"


def looked_at(folder: Path) -> tuple[Collected, Pages]:
    """What the report finds in the book of that folder."""
    book = folder.parents[2]
    collected = collect(book / "runs")
    return collected, pages(book, collected)


def shown(path: Path, book: Path) -> str:
    """The path as the report shows it."""
    told = os.fsencode(path.relative_to(book)).decode("utf-8", "replace")
    return re.sub(r"[\n\x1b]", "\N{REPLACEMENT CHARACTER}", told)


def test_whole_runs_have_no_problem(folder: Path) -> None:
    collected, found = looked_at(folder)
    assert [run.model for run in collected.records] == ["beta", "tfidf"]
    assert (found.whole, found.problems) == (["runs/starter/here/beta.ipynb", "runs/starter/here/tfidf.ipynb"], [])
    assert due(PLAN) == {}
    assert note([]) == "" and health([]).count("\n") == 0


def test_a_record_is_read_once_until_its_file_changes(folder: Path) -> None:
    """A site asks for its runs eight times, and read all of them each time."""
    runs = folder.parents[1]
    first, second = (collect(runs).records for _ in range(2))
    assert all(one is other for one, other in zip(first, second, strict=True))
    run_in(folder, "beta", title="Another title")
    assert [run.title for run in collect(runs).records] == ["Another title", first[1].title]


@pytest.mark.parametrize("state", EVERY, ids=[state.name for state in EVERY])
def test_a_file_that_cannot_be_used(folder: Path, state: Planted) -> None:
    path = state.plant(folder, "tfidf")
    collected, found = looked_at(folder)
    (problem,) = found.problems
    assert problem.file == shown(path, folder.parents[2])
    assert state.reason in problem.reason and "\n" not in problem.reason and len(problem.reason) < 230
    assert "beta" in [run.model for run in collected.records]
    assert "runs/starter/here/beta.ipynb" in found.whole
    assert due(PLAN) == ({} if state.due is None else {"tfidf": state.due})


def test_what_is_half_written_is_passed_over(folder: Path) -> None:
    for name in HIDDEN:
        (folder / name.replace("MODEL", "tfidf")).write_text("half")
    (folder.parent / ".ipynb_checkpoints").mkdir()
    (folder.parent / ".ipynb_checkpoints" / "tfidf-checkpoint.ipynb").touch()
    collected, found = looked_at(folder)
    assert len(collected.records) == 2 and found.problems == []
    assert due(PLAN) == {}


def test_what_may_not_be_opened_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are withheld by a patch: the administrator may open everything."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (folder.parent / "closed").mkdir()
    scandir = os.scandir
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if path.name == "closed" else scandir(path))
    collected, found = looked_at(folder)
    assert collected.records == []
    told = {problem.file: problem.reason for problem in found.problems}
    assert told == {
        "runs/starter/closed": "it cannot be opened",
        "runs/starter/here/beta.json": "not a record: it cannot be read (Permission denied)",
        "runs/starter/here/tfidf.json": "not a record: it cannot be read (Permission denied)",
    }


def test_no_runs_at_all(tmp_path: Path) -> None:
    assert collect(tmp_path / "runs") == Collected([], [])


def test_the_console_names_each_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tfidf.json").write_text("")
    monkeypatch.setattr(site, "BOOK", folder.parents[2])
    monkeypatch.setattr(site, "builder", lambda: SimpleNamespace(wait=lambda: 0))
    assert site.build() == 0
    assert "left out: book/runs/starter/here/tfidf.json: not a record: it is empty\n" in capsys.readouterr().out


def test_names_and_reasons_are_shown_letter_by_letter() -> None:
    told = health([Problem("runs/<b>{{ 7 * 7 }}.json", "key `[x](y)` is not known")])
    assert r"\<b\>\{\{ 7 \* 7 \}\}.json: key \`\[x\](y)\` is not known" in told


@pytest.mark.slow
def test_a_site_with_every_such_file_is_built_and_names_each(tmp_path: Path) -> None:
    """All at once, each in place of a run of its own or beside it; the build is as strict as it can be."""
    book = make_tree(tmp_path / "tree", with_reference_runs=False) / "book"
    folder = book / "runs" / "starter" / "here"
    folder.mkdir()
    planted = {}
    for number, state in enumerate(EVERY):
        run_in(folder, f"model-{number}")
        planted[shown(state.plant(folder, f"model-{number}"), book)] = state
    for name in HIDDEN:
        (folder / name.replace("MODEL", "model-0")).write_text("half")
    collected = collect(book / "runs")
    found = pages(book, collected)
    assert {problem.file for problem in found.problems} == set(planted)

    done = build(book.parent, tmp_path / "out")
    assert done.returncode == 0, done.stdout
    out = tmp_path / "out" / "_build" / "html"
    told = html.unescape(re.sub(r"<[^>]+>", "", (out / "machines.html").read_text()))
    told = re.sub("[\u2018\u2019]", "'", told)
    for file, state in planted.items():
        assert re.search(re.escape(file) + r": .*" + re.escape(state.reason), told), (file, state.name)
    assert f"{len(planted)} files under book/runs cannot be used" in told
    made = {str(page.relative_to(out).with_suffix(".ipynb")) for page in out.glob("runs/*/*/*.html")}
    assert made == set(found.whole)
    rows = (out / "results.csv").read_text()
    whole = [f"model-{number}" for number, state in enumerate(EVERY) if state.due != "its record cannot be read"]
    assert all(f"starter,here,{model}," in rows for model in whole)
    assert rows.count("starter,here,") == len(whole)
