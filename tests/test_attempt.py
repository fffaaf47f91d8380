"""Attempts at a run: each writes aside, one takes the places of page and record, and a plan that differs is refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from helpers.book_factory import page_of
from helpers.factory import make_failed, make_record

from compactbench.benchmark import attempt as attempts
from compactbench.benchmark import plan as plans
from compactbench.benchmark.attempt import ASIDE, PARTS, attempt, settle
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.parameters import load_model, load_suite
from compactbench.record import FailedRecord, Record
from compactbench.record.file import files_of, place, read, write
from compactbench.record.samples import owner
from compactbench.settings import SettingsError

ASKED = make_record().fingerprint.parts
OTHER = ASKED | {"code": "another"}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a page is to lie."""
    monkeypatch.setattr(attempts, "ROOT", tmp_path)
    page = tmp_path / "book" / "runs" / "starter" / "reference-cpu" / "alpha.ipynb"
    page.parent.mkdir(parents=True)
    return page


def makes(run: Record | FailedRecord, page: bool = True) -> Callable[[Path], None]:
    """What an attempt does that leaves `run`, with a word in the log; without a page it fails after that."""

    def make(aside: Path) -> None:
        folder = Path(os.environ[ASIDE])
        (folder / "alpha.log").write_text("stage 1\n")
        write(run, folder / f"alpha{'.failed' if run.status == 'failed' else ''}.json")
        if not page:
            raise RuntimeError("the page ended here")
        nbformat.write(page_of(run, chart=False), aside)

    return make


def names(page: Path) -> list[str]:
    """What lies beside the page, and it; samples that a record names without the signs of their hash."""
    found = {path for path in page.parent.iterdir()}
    samples = {file for path in found if path.suffix == ".json" for file in files_of(path)[:-1]}
    assert samples <= found
    return sorted([path.name for path in found - samples] + [f"{owner(path.name)}.parquet" for path in samples])


def test_page_and_record_take_their_places_when_they_are_whole(page: Path) -> None:
    """Half of either could be read, and a killed run had taken the result before it away."""
    write(make_failed("alpha"), page.with_suffix(".failed.json"))
    page.write_text("an earlier page")
    seen = []

    def make(aside: Path) -> None:
        makes(make_record())(aside)
        seen.extend([names(page), page.read_text(), page.with_suffix(".log").read_text()])
        assert place(Path(os.environ[ASIDE], "alpha.json")) == page.with_suffix(".json")

    attempt(page, ASKED, make)
    assert seen == [[".attempts", "alpha.failed.json", "alpha.ipynb", "alpha.log"], "an earlier page", "stage 1\n"]
    assert names(page) == ["alpha.ipynb", "alpha.json", "alpha.log", "alpha.parquet"] and ASIDE not in os.environ
    record = read(page.with_suffix(".json"))
    assert (
        record.job is not None and record.job.attempt == 0 and record.model_copy(update={"job": None}) == make_record()
    )


def test_a_failed_attempt_leaves_its_record_and_no_page(page: Path) -> None:
    write(make_record(), page.with_suffix(".json"))
    page.write_text("an earlier page")
    with pytest.raises(RuntimeError, match="ended here"):
        attempt(page, OTHER, makes(make_failed("alpha"), page=False))
    assert names(page) == ["alpha.failed.json", "alpha.log"]
    assert read(page.with_suffix(".failed.json")).job is not None


def test_what_was_measured_stays_when_its_page_fails(page: Path) -> None:
    with pytest.raises(RuntimeError, match="ended here"):
        attempt(page, ASKED, makes(make_record(), page=False))
    assert names(page) == ["alpha.json", "alpha.log", "alpha.parquet"]


def test_an_attempt_that_was_refused_harms_nothing(page: Path) -> None:
    write(make_record(), page.with_suffix(".json"))
    page.write_text("an earlier page")

    def refused(aside: Path) -> None:
        raise SettingsError("another host")

    with pytest.raises(SettingsError, match="another host"):
        attempt(page, OTHER, refused)
    assert names(page) == ["alpha.ipynb", "alpha.json", "alpha.parquet"]


def finish(page: Path) -> bytes:
    """Let another attempt have finished the run, and give its record."""
    attempt(page, None, makes(make_record(title="The other")))
    return page.with_suffix(".json").read_bytes()


def test_a_run_that_another_attempt_finished_is_accepted(page: Path) -> None:
    """The requeued copy of a job deleted the record that the first had written, and measured again."""
    there = finish(page)
    attempt(page, ASKED, lambda aside: pytest.fail("it was measured again"))
    assert page.with_suffix(".json").read_bytes() == there

    attempt(page, OTHER, makes(make_record()))
    assert page.with_suffix(".json").read_bytes() != there, "it was made from other code"
    there = finish(page)
    attempt(page, None, makes(make_record()))
    assert page.with_suffix(".json").read_bytes() != there, "nobody told what it was to be made from"


@pytest.mark.parametrize("fails", [False, True])
def test_of_two_that_go_on_at_once_the_first_one_stays(fails: bool, page: Path) -> None:
    there = []

    def make(aside: Path) -> None:
        mine, os.environ[ASIDE] = os.environ[ASIDE], ""
        there.append(finish_elsewhere(page))
        os.environ[ASIDE] = mine
        makes(make_failed("alpha") if fails else make_record(), page=not fails)(aside)

    if fails:
        with pytest.raises(RuntimeError, match="ended here"):
            attempt(page, ASKED, make)
    else:
        attempt(page, ASKED, make)
    assert page.with_suffix(".json").read_bytes() == there[0]
    assert names(page) == ["alpha.ipynb", "alpha.json", "alpha.log", "alpha.parquet"]


def finish_elsewhere(page: Path) -> bytes:
    """The same, by a job of Slurm, whose folder has another name."""
    with pytest.MonkeyPatch.context() as job:
        job.setattr("compactbench.benchmark.sweep.place", lambda: "7-0-0")
        return finish(page)


def test_killed_attempts_leave_their_failed_records_to_the_next_command(page: Path) -> None:
    for name, earlier in (("alpha", False), ("beta", True)):
        aside = page.parent / ".attempts" / f"{name}@4711"
        aside.mkdir(parents=True)
        write(make_failed(name), aside / f"{name}.failed.json")
        if earlier:
            write(make_record(name), page.with_name(f"{name}.json"))
    settle()
    assert names(page) == ["alpha.failed.json", "beta.json", "beta.parquet"]


def test_a_folder_in_the_place_of_the_record_is_told_before_anything_is_measured(page: Path) -> None:
    page.with_suffix(".json").mkdir()
    with pytest.raises(ValueError, match=r"^alpha\.json is a folder"):
        attempt(page, ASKED, lambda aside: pytest.fail("it was measured"))


def test_a_host_with_another_plan_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, weights and code were decided where the command was typed, and measured were others."""
    here = fingerprint(load_model("tfidf"), load_suite("starter"), "none").parts
    monkeypatch.setenv(ASIDE, str(tmp_path))
    monkeypatch.setenv(PARTS, json.dumps(here))
    assert plans.plan("tfidf", machine="here").record == tmp_path / "tfidf.json"
    sentence = "^tfidf: this host differs in code and versions from the one where the command was given; accepted: "
    monkeypatch.setenv(PARTS, json.dumps(here | {"code": "0" * 16, "versions": "1" * 16}))
    with pytest.raises(SettingsError, match=sentence):
        plans.plan("tfidf", machine="here")
