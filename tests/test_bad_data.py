"""Data that cannot work, as a user meets it: a command that ends at once, with one sentence, and leaves nothing."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.project import Project
from test_data import NAMED, ROWS, lines

pytestmark = pytest.mark.slow

ENDS_WITHIN_S = 10

GOOD = lines()
WRONG: list[tuple[str, str | None, dict[str, Any], str]] = [
    ("absent.csv", None, {}, "key `dataset.path`: got .*absent.csv'; accepted: a file that exists"),
    ("a.xlsx", GOOD, {}, r"accepted: a file that ends in \.csv"),
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
        "got 2 names; accepted: one for each of the 3 columns",
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
    ("a.csv", GOOD, {"test_path": "absent.csv"}, "key `dataset.test_path`: got 'absent.csv'; accepted: a file"),
    ("a.csv", GOOD, {"test_path": "a.csv", "test_size": 0.5}, "key `test_size`: got a share beside `test_path`"),
    ("a.csv", GOOD, {"columns": "class"}, "key `dataset.columns`: got 'class'; accepted: a list"),
    ("a.csv", GOOD, {"label_names": ["World"]}, "key `dataset.label_names`"),
    ("a.jsonl", "{not json}\n", {}, "cannot be read as jsonl"),
    ("a.parquet", "no parquet", {}, "cannot be read as parquet"),
    ("a.csv", "class,title,description\n" + '1,"open,quote,never\n' * 3, {}, "cannot be read as csv|0 class|1 class"),
    ("a.csv", lines([(1, "", "")] * 9), {}, "got a data set with 0 classes; accepted: two"),
    ("a.csv", "class,class,title,description\n" + "1,2,a,b\n" * 9, {}, "two columns called 'class'"),
    ("a.json", '{"class": [1, 2], "title": "x"}', {"text": "title"}, "key `dataset.label`: .* whose values are lists"),
    ("a.csv", GOOD, {"hub_id": "a/b"}, r"key `dataset.path` is not known|key `dataset.hub_id` is not known"),
    ("a.csv", GOOD, {"path": 3}, "key `dataset.path`: got 3; accepted: a file that ends in"),
    (".", None, {}, r"key `dataset.path`: got '\.'; accepted: a file that exists"),
    ("a.csv", lines([*ROWS, (1, "a", "b", "one", "too", "many")]), {}, "cannot be read as csv"),
]


@pytest.fixture(scope="module")
def refusals(
    tmp_path_factory: pytest.TempPathFactory,
) -> list[tuple[Project, subprocess.CompletedProcess[str], set[Path]]]:
    """`make report` on each of them, two at a time, in a project of its own each."""

    def refuse(number: int) -> tuple[Project, subprocess.CompletedProcess[str], set[Path]]:
        name, content, dataset, _ = WRONG[number]
        project = Project(tmp_path_factory.mktemp(f"wrong{number}"))
        if content is not None:
            (project.folder / name).write_text(content)
        suite = {"suite": "bad", "models": ["tfidf"], "dataset": {"path": name, **NAMED, **dataset}}
        (project.folder / "params" / "suites" / "bad.yaml").write_text(yaml.safe_dump(suite))
        before = files(project)
        done = project.run("compactbench", "report", "--suite", "bad", timeout=ENDS_WITHIN_S)
        return project, done, before

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(refuse, range(len(WRONG))))


def files(project: Project) -> set[Path]:
    """What lies in the project, but for Python's caches."""
    return {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[one[3][:40] for one in WRONG])
def test_a_command_on_what_cannot_work_is_one_sentence(refusals: list, number: int) -> None:
    project, done, before = refusals[number]
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("params/suites/bad.yaml: ") and done.stderr.count("\n") == 1, done.stderr
    assert re.search(WRONG[number][3], done.stderr)
    assert len(done.stderr) < 500
    assert files(project) == before, "something was written"
