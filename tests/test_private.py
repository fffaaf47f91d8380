"""What a record and a page tell of the folders of whoever ran them: nothing."""

import json
import os
from pathlib import Path

import pytest
from helpers.factory import make_record

from compactbench import ROOT
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.benchmark.journal import Journal
from compactbench.commands import export
from compactbench.errors import short_path, without_folders
from compactbench.parameters import load_model, load_suite
from compactbench.record.private import make_private

HOME = "/home/anna"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", HOME)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (f"{ROOT}/models/a b", "models/a b"),
        (str(ROOT), "."),
        (f"{HOME}/x/data.csv", "~/x/data.csv"),
        (f"{HOME}2/data.csv", "data.csv"),
        (f"/mnt{HOME}/data.csv", "data.csv"),
        ("/srv/secret client/data.csv", "data.csv"),
        ("/srv//secret client/model/", "model"),
        ("../beside/data.csv", "../beside/data.csv"),
        ("~/data.csv", "~/data.csv"),
    ],
)
def test_a_path_without_the_folders_of_the_user(given: str, told: str) -> None:
    assert short_path(given) == told


def test_an_error_of_a_library_without_them() -> None:
    said = f"File '{ROOT}/compactbench/a.py', '{HOME}/.cache/x' ({HOME}): no /srv/own/m/config.json, nor /srv/own/m2"
    told = "File 'compactbench/a.py', '~/.cache/x' (~): no m/config.json, nor /srv/own/m2"
    assert without_folders(said, ["/srv/own/m"]) == told


def test_no_home_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/` stands in every path."""
    monkeypatch.setenv("HOME", "/")
    assert without_folders("a/b /c") == "a/b /c"


MODEL = {"title": "X", "model_name": "x", "summary": "X.", "path": "/srv/own/model"}
DATASET = {"path": f"{HOME}/data.csv", "test_path": "/srv/own/test.csv", "text": "a", "label": "b"}


def test_settings_fingerprint_and_failed_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compactbench.benchmark.fingerprint.version", lambda suite: "as it was")
    monkeypatch.setattr("compactbench.benchmark.fingerprint.origin", lambda model: "0" * 64)
    model = load_model("own", {"model": "own", **MODEL})
    suite = load_suite("mine", {"suite": "mine", "models": ["own"], "dataset": DATASET})
    assert (model.path, suite.dataset) == (MODEL["path"], DATASET), "a run itself needs the whole paths"
    journal = Journal(["data"], model, suite, "here", tmp_path / "own.json")
    journal.begin()
    with pytest.raises(OSError), journal.stage("data"):
        raise FileNotFoundError(2, "No such file", f"{MODEL['path']}/config.json")
    told = [one.model_dump(mode="json") for one in (model, suite, fingerprint(model, suite, "pretrained"))]
    told.append(json.loads((tmp_path / "own.failed.json").read_text()))
    assert told[-1]["error"] == "FileNotFoundError: [Errno 2] No such file: 'model/config.json'"
    assert (told[1]["dataset"]["path"], told[1]["dataset"]["test_path"]) == ("~/data.csv", "test.csv")
    assert told[2]["settings"]["path"] == '"model"'
    for place in ("/srv", HOME):
        assert place not in json.dumps(told)


def test_export_finds_the_paths_that_a_record_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model("own", {"model": "own", **MODEL})
    suite = load_suite("mine", {"suite": "mine", "models": ["own"], "dataset": DATASET})
    settings = {"suite": suite.model_dump(mode="json"), "model": model.model_dump(mode="json", exclude_none=True)}
    record = make_record("own").model_copy(update={"settings": settings})
    monkeypatch.setattr(export, "load_model", lambda name: model)
    monkeypatch.setattr(export, "load_suite", lambda name: suite)
    assert export._settings(record) == (suite, model)
    moved = suite.model_copy(update={"dataset": DATASET | {"path": "/elsewhere/other.csv"}})
    monkeypatch.setattr(export, "load_suite", lambda name: moved)
    assert export._settings(record)[0].dataset["path"] == "~/data.csv"


def test_a_page_without_them(tmp_path: Path) -> None:
    """In papermill's metadata, the cell that it injected and a traceback."""
    page = tmp_path / "own.ipynb"
    parameters = {"path": MODEL["path"], "dataset": DATASET, "title": "/"}
    traceback = f"File {ROOT}/compactbench/x.py: {MODEL['path']}/config.json, {HOME}/.venv/lib, a/b"
    cells = [{"source": f'path = "{MODEL["path"]}"', "outputs": [{"traceback": [traceback]}]}]
    page.write_text(json.dumps({"cells": cells, "metadata": {"papermill": {"parameters": parameters}}}))
    make_private(page)
    found = json.loads(page.read_text())
    assert found["cells"][0]["source"] == 'path = "model"'
    told = "File compactbench/x.py: model/config.json, ~/.venv/lib, a/b"
    assert found["cells"][0]["outputs"][0]["traceback"] == [told]
    assert found["metadata"]["papermill"]["parameters"]["dataset"]["test_path"] == "test.csv"
    before = page.stat().st_mtime_ns
    make_private(page)
    assert page.stat().st_mtime_ns == before, "nothing to do, and the site would be built anew"
    assert os.listdir(tmp_path) == ["own.ipynb"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"metadata": 3}', b"[" * 100_000, b"\xff", b'{"metadata": {}}']
)
def test_a_page_that_cannot_be_read_is_left_to_those_who_say_so(tmp_path: Path, content: bytes) -> None:
    page = tmp_path / "own.ipynb"
    page.write_bytes(content)
    make_private(page)
    assert page.read_bytes() == content
