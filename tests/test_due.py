"""What is due, and why: the one decider, asked about runs that lie in a folder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from compactbench import ROOT
from compactbench.benchmark import due as decider
from compactbench.benchmark.due import Plan, due
from compactbench.benchmark.fingerprint import code_hash, fingerprint
from compactbench.parameters import load_model, load_suite
from compactbench.record import Fingerprint
from compactbench.record import file as record_file
from compactbench.record.file import read
from compactbench.settings import Tuned

RECORDS = Path(__file__).parent / "records"
REFERENCE = ROOT / "book" / "runs" / "starter" / "reference-cpu" / "tfidf.json"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan of one model whose run is there, and would give the same again."""
    monkeypatch.setattr(decider, "ROOT", tmp_path)
    plan = Plan(load_suite("starter"), "reference-cpu", [load_model("tfidf")], {"tfidf": "none"})
    (tmp_path / plan.page("tfidf")).parent.mkdir(parents=True)
    shutil.copy(REFERENCE.with_suffix(".ipynb"), folder_of(plan))
    write(plan, fingerprint(plan.models[0], plan.suite, "none"))
    return plan


def folder_of(plan: Plan) -> Path:
    """Where the run lies."""
    return (decider.ROOT / plan.page("tfidf")).parent


def write(plan: Plan, found: Fingerprint) -> None:
    """Give the run this fingerprint."""
    record_file.write(read(REFERENCE).model_copy(update={"fingerprint": found}), folder_of(plan) / "tfidf.json")


def changed(plan: Plan, part: str, **values: str) -> None:
    """Let the run have been made with other values in one part of its fingerprint."""
    found = fingerprint(plan.models[0], plan.suite, "none")
    write(plan, found.model_copy(update={part: getattr(found, part) | values}))


def test_an_unchanged_run_is_not_due(plan: Plan) -> None:
    assert due(plan) == {}


@pytest.mark.parametrize("file", ["install.py", "settings.py", "benchmark/plan.py", "record/runtime.py"])
def test_a_file_that_counted_as_measuring_once_makes_nothing_due(plan: Plan, file: str) -> None:
    """A sentence of the installer, a key that a suite may have, a field of the record: each cost every measurement."""
    changed(plan, "code", **{file: "0"})
    assert due(plan) == {}


def test_a_record_that_holds_its_raw_samples_itself_makes_nothing_due(plan: Plan) -> None:
    """Schema 7 asks for no number that schema 6 did not."""
    record = folder_of(plan) / "tfidf.json"
    record.write_text(json.dumps(read(record).model_dump(mode="json") | {"schema_version": 6}))
    assert due(plan) == {}


def test_another_time_limit_makes_nothing_due(plan: Plan) -> None:
    assert due(replace(plan, suite=plan.suite.model_copy(update={"answer_limit_min": 1.0}))) == {}


@pytest.mark.parametrize(
    ("part", "values", "reason"),
    [
        ("settings", {"epochs": "3.0", "learning_rate": "0.1"}, "settings changed (epochs, learning_rate)"),
        ("settings", {"dataset.test_size": "0.5"}, "settings changed (dataset.test_size)"),
        ("data", {"source": "another package 2.0"}, "data changed"),
        ("weights", {"kind": "random"}, "weights changed"),
        ("code", {"data/clean.py": "0"}, "code changed (data/clean.py)"),
        ("code", {"a.py": "0", "b.py": "0", "c.py": "0", "d.py": "0"}, "code changed (a.py, b.py, c.py and 1 more)"),
        ("versions", {"gone": "1.2"}, "versions changed (gone 1.2 -> none)"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_part_that_changed_is_named(plan: Plan, part: str, values: dict, reason: str) -> None:
    changed(plan, part, **values)
    assert due(plan) == {"tfidf": reason}


def test_several_parts_are_all_named(plan: Plan) -> None:
    found = fingerprint(plan.models[0], plan.suite, "none")
    torch = str(found.versions["torch"])
    older = {"data": {"source": "x"}, "versions": found.versions | {"torch": "1.0"}}
    write(plan, found.model_copy(update=older))
    assert due(plan) == {"tfidf": f"data changed, versions changed (torch 1.0 -> {torch})"}


def test_a_model_that_carries_another_learning_rate_is_due(plan: Plan) -> None:
    tuned = {"starter": Tuned(learning_rate=0.5, record="x")}
    carries = replace(plan, models=[plan.models[0].model_copy(update={"tuned": tuned})])
    assert due(carries) == {"tfidf": "settings changed (learning_rate)"}
    elsewhere = plan.models[0].model_copy(update={"tuned": {"other": tuned["starter"]}})
    assert due(replace(plan, models=[elsewhere])) == {}


def test_a_run_that_is_not_there_or_not_whole_is_due(plan: Plan) -> None:
    record, page, failed = (folder_of(plan) / f"tfidf{ending}" for ending in (".json", ".ipynb", ".failed.json"))
    whole = record.read_text()

    content = nbformat.read(page, as_version=4)
    content.metadata.papermill.end_time = None  # the kernel was killed
    nbformat.write(content, page)
    assert due(plan) == {"tfidf": "its page is not whole"}
    page.write_text(page.read_text()[:32768])  # papermill was killed while it wrote
    assert due(plan) == {"tfidf": "its page is not whole"}
    page.unlink()
    assert due(plan) == {"tfidf": "its page is not whole"}

    record.write_text(whole[: len(whole) // 2])
    assert due(plan) == {"tfidf": "its record cannot be read"}
    shutil.copy(RECORDS / "3" / "starter" / "reference-cpu" / "tfidf.json", record)
    assert due(plan) == {"tfidf": "its record is of schema 3"}

    record.unlink()
    assert due(plan) == {"tfidf": "not measured yet"}
    known = ("suite", "machine", "model", "title", "model_name", "started_at", "schema_version")
    told = {key: json.loads(whole)[key] for key in known}
    failed.write_text(json.dumps(told | {"status": "failed", "stage": "finetune", "error": "No memory."}))
    assert due(plan) == {"tfidf": "failed before (finetune)"}


def test_what_only_readers_are_told_makes_nothing_due() -> None:
    """A corrected license must not cost a measurement; a changed seed must."""
    model, suite = load_model("tfidf"), load_suite("starter")
    now = fingerprint(model, suite, "none")
    told = model.model_copy(update={"title": "X", "summary": "X", "paper": "2001.00001"})
    dataset = suite.dataset | {"name": "X", "cite": "X", "license": "X"}
    asked = suite.model_copy(update={"suite_title": "X", "models": ["tfidf"], "dataset": dataset})
    assert fingerprint(told, asked, "none") == now
    assert "license" not in str(now) and "licence" not in str(now)
    other = fingerprint(model, suite.model_copy(update={"seed": 7}), "none")
    assert decider.changes(now, other) == {"settings": "settings changed (seed)"}


def test_label_names_may_mix_numbers_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their keys cannot be sorted as they are."""
    monkeypatch.setattr("compactbench.benchmark.fingerprint.version", lambda suite: "as it was")
    suite = load_suite("starter")
    named = suite.model_copy(update={"dataset": suite.dataset | {"label_names": {1: "World", "x": "Sports"}}})
    now, other = (fingerprint(load_model("tfidf"), one, "none") for one in (suite, named))
    assert decider.changes(now, other) == {"settings": "settings changed (dataset.label_names)"}


CODE = '''"""A module."""
LIMIT = Field(3, description="the most texts")  # ten would be slow

def f(x: int) -> str:
    """Say it."""
    return f"{x:>3}" + "text"
'''


def test_docstrings_comments_and_help_texts_make_nothing_due() -> None:
    said_otherwise = (
        CODE.replace("A module.", "A file.\n\nOf code.").replace("ten would be slow", "eleven would be slower")
    ).replace("the most texts", "no more texts than this")
    said_otherwise = said_otherwise.replace('"""Say it."""', '"""Say what it is."""').replace("\n\ndef", "\n\n\n\ndef")
    assert said_otherwise != CODE and code_hash(said_otherwise) == code_hash(CODE)


@pytest.mark.parametrize(("old", "new"), [("3, d", "4, d"), (":>3", ":<3"), ('"text"', '"txt"'), ("x: int", "y: int")])
def test_every_other_change_of_code_makes_it_due(old: str, new: str) -> None:
    assert CODE.replace(old, new) != CODE and code_hash(CODE.replace(old, new)) != code_hash(CODE)


def test_measuring_code_counts_and_reporting_code_does_not() -> None:
    code = fingerprint(load_model("tfidf"), load_suite("starter"), "none").code
    assert {"data/load.py", "benchmark/run.py", "notebooks/benchmark.ipynb"} <= code.keys()
    assert not [path for path in code if path.startswith(("report/", "commands/", "record/")) or path == "__main__.py"]


def test_a_cell_with_commands_of_ipython_counts_by_its_text() -> None:
    assert code_hash("%pip install a") != code_hash("%pip install b")
