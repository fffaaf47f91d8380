"""A table inside an installed package: what is skipped, what is named, and what is refused."""

import sys
from pathlib import Path
from typing import Any

import pytest

from compactbench.data.load import load
from compactbench.data.readers import of_suite
from compactbench.data.readers.articles import headline_and_first_sentence
from compactbench.parameters import load_suite
from compactbench.settings import SettingsError, Suite

HEAD = "Category\tText\ndiscrete\tstring\nclass\tmeta\n"
"""Three lines: names, types and roles."""
ROWS = "".join(f'{("earn", "ship")[number % 2]}\tcargo no {number}, "unfinished\n' for number in range(12))


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a suite that reads from an installed package with a training and a test file."""
    info, folder = tmp_path / "tables-2.0.dist-info", tmp_path / "tables" / "sets"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tables\nVersion: 2.0\n")
    folder.mkdir(parents=True)
    (folder / "train.tab").write_text(HEAD + ROWS)
    (folder / "test.tab").write_text(HEAD + "earn\tfirst new one\nship\tsecond new one\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    given = {"package_table": {"name": "tables", "folder": "tables/sets"}, "columns": ["class", "words"], "skip": 3}
    given |= {"file": "train.tab", "test_file": "test.tab", "text": "words", "label": "class", "name": "Tables"}

    def made(**changes: Any) -> Suite:
        return load_suite("starter", {"suite": "starter", "dataset": given | changes})

    return made


def test_header_lines_are_no_rows_and_a_quote_joins_no_lines(suite: Any) -> None:
    """Taken for a row, the line of types would make a class `discrete`."""
    splits, facts = load(suite())
    assert (facts.classes, facts.train_counts, facts.test_counts) == (["earn", "ship"], [6, 6], [1, 1])
    assert splits["train"]["text"][0] == 'cargo no 0, "unfinished'
    assert facts.source == "tables 2.0: train.tab and test.tab"


def test_without_a_test_file_a_share_is_held_out(suite: Any) -> None:
    _, facts = load(suite(test_file=None, test_size=0.5))
    assert (facts.train_counts, facts.test_counts) == ([3, 3], [3, 3])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": "absent.tab"}, "key `dataset.file`: got 'absent.tab'; accepted: a file in tables/sets."),
        ({"skip": 2}, "key `dataset.test_file`: got the labels 'class'"),
        ({"columns": ["class"]}, "got 'train.tab', whose line 4 has 2 fields; accepted: 1, one for each name"),
        ({"label": "clas"}, "key `dataset.label`: got 'clas' (did you mean `class`?)"),
        ({"skip": -1}, "key `dataset.skip`: got -1; accepted: a whole number of header lines, from 0."),
    ],
)
def test_what_cannot_work_is_one_sentence(suite: Any, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(suite(**changes))
    assert sentence in str(caught.value).replace("test_path", "test_file") and "\n" not in str(caught.value)


def test_a_field_of_any_length_is_read(suite: Any, tmp_path: Path) -> None:
    with (tmp_path / "tables" / "sets" / "train.tab").open("ab") as file:
        file.write(b"earn\tcaf\xe9\n")
    assert load(suite())[1].undecodable == 1
    with (tmp_path / "tables" / "sets" / "train.tab").open("ab") as file:
        file.write(b"earn\t" + b"x" * 200_000 + b"\n")
    assert max(len(text) for text in load(suite())[0]["train"]["text"]) == 200_000


@pytest.mark.parametrize("name", ["starter", "tables"])
def test_a_package_that_is_gone_is_one_sentence(suite: Any, name: str) -> None:
    found = load_suite("starter") if name == "starter" else suite()
    key = of_suite(found).key
    gone = found.model_copy(update={"dataset": found.dataset | {key: {"name": "no-such-package", "folder": "x"}}})
    with pytest.raises(
        SettingsError, match=rf"key `dataset.{key}.name`: got 'no-such-package', which is not installed"
    ):
        load(gone)


def test_an_article_without_a_line_is_an_empty_text() -> None:
    assert headline_and_first_sentence(" \n\n") == ""


def test_the_suites_that_ship_name_sources_that_there_are() -> None:
    assert of_suite(load_suite("starter")).key == "package"
    assert of_suite(load_suite("ag-news")).key == "hub_id"
    assert of_suite(load_suite("my-data")).key == "path"
    assert of_suite(load_suite("newsgroups")).key == of_suite(load_suite("reuters")).key == "package_table"
