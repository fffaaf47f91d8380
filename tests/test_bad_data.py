"""Data that cannot work, as a user meets it: a command that ends at once, with one sentence, and leaves nothing."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.project import Project
from test_data import NAMED, ROWS, lines

pytestmark = pytest.mark.slow

GOOD = lines()
WRONG: list[tuple[str, str | None, dict[str, Any], str]] = [
    ("absent.csv", None, {}, "key `dataset.path`: got .*absent.csv'; accepted: a file that exists"),
    ("a.docx", GOOD, {}, r"accepted: a file that ends in \.csv"),
    ("a.csv", "", {}, "which is empty"),
    (
        "a.csv",
        GOOD,
        {"text": "titel"},
        r"key `dataset.text`: got 'titel' \(did you mean `title`\?\); accepted: .*class",
    ),
    ("a.csv", GOOD, {"label": "klass"}, r"key `dataset.label`: got 'klass' \(did you mean `class`\?\)"),
    ("a.csv", lines(header=""), {}, "a file without a header row needs `columns`"),
    (
        "a.csv",
        lines(header=""),
        {"columns": ["class", "title"]},
        "whose first row has 3 fields; accepted: 2, one for each name in `columns`",
    ),
    ("a.csv", lines([(1, f"t{n}", "d") for n in range(9)]), {}, "got a data set with 1 class; accepted: two"),
    ("a.csv", "class,title,description\n", {}, "which is empty; accepted: rows"),
    ("a.csv", lines([*ROWS, (9, "alone", "one")]), {}, "key `dataset.label`: '9' has a single text"),
    ("a.csv", GOOD, {"label_names": {1: "World", 2: "Sports"}}, "key `dataset.label_names`: '3' is missing"),
    ("a.csv", GOOD, {"test_size": 1.5}, "key `dataset.test_size`: got 1.5; accepted: a share between 0 and 1"),
    ("a.csv", GOOD, {"test_size": 0.01}, "key `dataset.test_size`: got 0.01"),
    ("a.csv", GOOD, {"max_rows": 0}, "key `dataset.max_rows`: got 0; accepted: a whole number above 1"),
    ("a.csv", GOOD, {"max_rows": "all"}, "key `dataset.max_rows`: got 'all'"),
    ("a.csv", GOOD, {"text": []}, "key `dataset.text`: got "),
    ("a.csv", GOOD, {"text": 3}, "key `dataset.text`: got 3"),
    ("a.csv", GOOD, {"txet": "title"}, r"key `dataset.txet` is not known \(did you mean `text`\?\)"),
    ("a.csv", GOOD, {"test_path": "absent.csv"}, "key `dataset.test_path`: got '.*absent.csv'; accepted: a file"),
    ("a.csv", GOOD, {"test_path": "a.csv", "test_size": 0.5}, "key `test_size`: got a share beside `test_path`"),
    ("a.csv", GOOD, {"columns": "class"}, "key `dataset.columns`: got 'class'; accepted: a list"),
    ("a.csv", GOOD, {"label_names": ["World"]}, "key `dataset.label_names`"),
    ("a.jsonl", "{not json}\n", {}, "whose line 1 cannot be read as JSON"),
    ("a.parquet", "no parquet", {}, "cannot be read as Parquet"),
    ("a.csv", "class,title,description\n" + '1,"open,quote,never\n' * 3, {}, "whose line 2 cannot be read"),
    ("a.csv", lines([(1, "", "")] * 9), {}, "got a data set with 0 classes; accepted: two"),
    ("a.csv", "class,class,title,description\n" + "1,2,a,b\n" * 9, {}, "two columns called 'class'"),
    ("a.json", '{"class": [1, 2], "title": "x"}', {"text": "title"}, "key `dataset.label`: .* whose values are lists"),
    ("a.csv", GOOD, {"hub_id": "a/b"}, r"key `dataset.path` is not known|key `dataset.hub_id` is not known"),
    ("a.csv", GOOD, {"path": 3}, "key `dataset.path`: got 3; accepted: a file that ends in"),
    (".", None, {}, r"key `dataset.path`: got '.*/\.'; accepted: a file that exists"),
    ("a.csv", lines([*ROWS, (1, "a", "b", "one", "too", "many")]), {}, "whose line 32 has 6 fields; accepted: 3"),
]


REPORTS = """
import contextlib, io, json, sys
from compactbench.__main__ import main

told = []
for number in range(int(sys.argv.pop())):
    sys.argv[1:] = ["report", "--suite", f"bad-{number}"]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main()
    told.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(told))
"""
"""What `make report` says of one such suite after the other, in one process: it takes seconds to start."""


@dataclass(frozen=True)
class Refusals:
    """What was said of each, and the files that were written meanwhile."""

    told: list[tuple[int, str, str]]
    written: set[Path]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Refusals:
    """`make report` on each of them, in one project."""
    project = Project(tmp_path_factory.mktemp("wrong"))
    for number, (name, content, dataset, _) in enumerate(WRONG):
        (project.folder / str(number)).mkdir()
        place = {key: f"{number}/{value}" for key, value in dataset.items() if key == "test_path"}
        if content is not None:
            (project.folder / str(number) / name).write_text(content)
        data = {"path": f"{number}/{name}", **NAMED, **dataset, **place}
        suite = {"suite": f"bad-{number}", "models": ["tfidf"], "dataset": data}
        (project.folder / "params" / "suites" / f"bad-{number}.yaml").write_text(yaml.safe_dump(suite))
    (project.folder / "reports.py").write_text(REPORTS)
    before = files(project)
    done = project.run("reports", str(len(WRONG)))
    assert done.returncode == 0, done.stderr
    return Refusals(json.loads(done.stdout), files(project) - before)


def files(project: Project) -> set[Path]:
    """What lies in the project, but for Python's caches."""
    return {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[one[3][:40] for one in WRONG])
def test_a_command_on_what_cannot_work_is_one_sentence(refusals: Refusals, number: int) -> None:
    code, out, error = refusals.told[number]
    assert (code, out) == (2, "")
    assert error.startswith(f"params/suites/bad-{number}.yaml: ") and error.count("\n") == 1, error
    assert re.search(WRONG[number][3], error)
    assert len(error) < 500


def test_nothing_was_written(refusals: Refusals) -> None:
    assert refusals.written == set()
