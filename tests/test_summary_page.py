"""The summary is executed while Sphinx reads the other pages: once for the same records, awaited when it is read."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import nbformat
import pytest
from helpers.book_factory import page_of
from helpers.factory import make_record
from sphinx.errors import ExtensionError

from compactbench.record.file import write
from compactbench.report.site import summary_page
from compactbench.report.site.summary_page import TEMPLATE, SummaryPage

RUN = make_record()


class Papermill:
    """In the place of a process that executes the notebook: it writes the page when it is waited for."""

    exit_code = 0

    def __init__(self, command: list[str], cwd: Path, stderr: BinaryIO, **_: Any) -> None:
        self._page, self._stderr = cwd / command[-1], stderr

    def wait(self) -> int:
        """Write the page of a run, which is as whole as that of the summary."""
        nbformat.write(page_of(RUN, chart=False), self._page)
        self._stderr.write(b"SettingsError: no such limit")
        return self.exit_code

    def kill(self) -> None:
        """Nothing is left to end."""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The part of Sphinx that is asked, of a book with one run."""
    monkeypatch.setattr(summary_page.subprocess, "Popen", Papermill)
    book = tmp_path / "book"
    write(RUN, book / "runs" / RUN.suite / RUN.machine / f"{RUN.model}.json")
    for file in (tmp_path / TEMPLATE, book / "data" / "reference-2021.csv"):
        file.parent.mkdir(parents=True)
        file.write_text("its source")
    return SimpleNamespace(srcdir=book, env=SimpleNamespace(compactbench_stamps={}))


def begun(app: SimpleNamespace) -> SummaryPage:
    """What is there after the settings were read."""
    page, config = SummaryPage(), SimpleNamespace(exclude_patterns=[])
    page.begin(app, config)
    assert config.exclude_patterns == [".summary.ipynb"]  # Sphinx took it for a page where it was there soon enough
    return page


def read(page: SummaryPage, app: SimpleNamespace, name: str) -> str:
    """The source of the page of that name, as the next reader gets it."""
    source = ["as Sphinx read it"]
    page.fill_in(app, name, source)
    return source[0]


def test_a_missing_page_is_awaited_when_it_is_read(app: SimpleNamespace) -> None:
    page, file = begun(app), app.srcdir / "summary.ipynb"
    assert file.read_text() == "its source"  # else Sphinx would find no such page
    assert page.outdated() == ["summary"]
    assert read(page, app, "index") == "as Sphinx read it"
    assert file.read_text() == "its source"
    assert read(page, app, "summary") == file.read_text() != "its source"
    assert not (app.srcdir / ".summary.ipynb").exists()
    assert list(app.env.compactbench_stamps) == ["summary"]  # the next build finds it as it was read


def test_it_is_executed_again_for_a_record_alone(app: SimpleNamespace) -> None:
    """A run's page, which `make site` makes private, and its log say nothing that the summary reads."""
    read(begun(app), app, "summary")
    record = app.srcdir / "runs" / RUN.suite / RUN.machine / f"{RUN.model}.json"
    for ending in (".log", ".ipynb"):
        record.with_suffix(ending).write_text("written later")
    settled = begun(app)
    assert (settled.outdated(), read(settled, app, "summary")) == ([], "as Sphinx read it")
    os.utime(record, (1, 1))
    assert begun(app).outdated() == ["summary"]


def test_an_error_of_the_notebook_ends_the_build_and_is_told(
    app: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Papermill, "exit_code", 1)
    with pytest.raises(ExtensionError, match=r"did not run to its end:\nSettingsError: no such limit$"):
        read(begun(app), app, "summary")
    assert begun(app).outdated() == ["summary"]


def test_without_a_run_nothing_is_executed(app: SimpleNamespace) -> None:
    (app.srcdir / "runs" / RUN.suite / RUN.machine / f"{RUN.model}.json").unlink()
    assert begun(app).outdated() == []
    assert not (app.srcdir / "summary.ipynb").exists()
