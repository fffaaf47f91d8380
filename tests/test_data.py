"""A user's own data: every form of file, what is odd about its rows, and what cannot work."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset

from compactbench.data.clean import Raw, counts, split, stratified
from compactbench.data.load import load
from compactbench.data.understood import understood
from compactbench.parameters import load_suite
from compactbench.settings import SettingsError

ROWS = [(number % 3 + 1, f"title {number}", f"a longer text about {number}") for number in range(30)]
NAMED = {"text": ["title", "description"], "label": "class"}


def suite(path: Path, **dataset: Any):
    """The suite my-data with a data set in `path`."""
    return load_suite("my-data", {"suite": "my-data", "dataset": {"path": str(path), **NAMED, **dataset}})


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def lines(rows: list[tuple] = ROWS, header: str = "class,title,description", separator: str = ",") -> str:
    return "\n".join([header] * bool(header) + [separator.join(map(str, row)) for row in rows]) + "\n"


@pytest.fixture(params=["csv", "no-header", "tsv", "jsonl", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """The same rows in each form."""
    frame = pd.DataFrame(ROWS, columns=["class", "title", "description"])
    if request.param == "jsonl":
        return write(tmp_path / "a.jsonl", frame.to_json(orient="records", lines=True)), {}
    if request.param == "parquet":
        frame.to_parquet(tmp_path / "a.parquet")
        return tmp_path / "a.parquet", {}
    if request.param == "tsv":
        return write(tmp_path / "a.tsv", lines(header="class\ttitle\tdescription", separator="\t")), {}
    if request.param == "no-header":
        return write(tmp_path / "a.csv", lines(header="")), {"columns": ["class", "title", "description"]}
    return write(tmp_path / "a.csv", lines()), {}


def test_every_form_gives_the_same_rows(file: tuple[Path, dict[str, Any]]) -> None:
    splits, facts = load(suite(file[0], **file[1]))
    assert facts.classes == ["1", "2", "3"]
    assert (facts.train_counts, facts.test_counts) == ([8, 8, 8], [2, 2, 2])
    texts = {text for split in splits.values() for text in split["text"]}
    assert texts == {f"{title} {text}" for _, title, text in ROWS}


def test_a_class_without_a_text_is_left_out() -> None:
    """A data set of the hub may declare a class that none of its rows has."""
    rows = Dataset.from_dict({"text": [f"text {number}" for number in range(20)], "label": ["a", "c"] * 10})
    splits, _ = split(Raw(train=rows, classes=["a", "b", "c"]), 0.2, None, 0)
    assert splits["train"].features["label"].names == ["a", "c"]
    assert [counts(splits[side]) for side in ("train", "test")] == [[8, 8], [2, 2]]


def test_of_very_many_texts_no_more_are_held_out_than_a_cpu_classifies_in_minutes(tmp_path: Path) -> None:
    """Unless a share is asked for. That a class is then without a text to test on is said."""
    rows = Dataset.from_dict({"text": [f"t{n}" for n in range(60_000)], "label": ["rare"] * 3 + ["a"] * 59_997})
    for share, held_out in ((None, 10_000), (0.25, 15_000)):
        splits, _ = split(Raw(train=rows), share, None, 0)
        assert len(splits["test"]) == held_out and len(splits["train"]) == 60_000 - held_out
    text = "text,label\n" + "".join(f"t{n},{'rare' if n < 2 else 'a'}\n" for n in range(60))
    _, data = load(suite(write(tmp_path / "a.csv", text), text="text", label="label"))
    assert data.test_counts == [12, 0]
    assert "warning: no text to test on: 'rare'; macro F1 counts 0" in understood(data, ("t0", "rare"))


def test_labels_get_their_names_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """2 comes before 10, and a name belongs to its number in the file, wherever counting starts."""
    rows = [(label, f"t{label}{number}", "d") for label in (10, 2, 5) for number in range(5)]
    names = {2: "Sports", 5: "World", 10: "Business"}
    splits, facts = load(suite(write(tmp_path / "a.csv", lines(rows)), label_names=names))
    assert facts.classes == ["Sports", "World", "Business"]
    row = next(row for row in splits["train"] if row["text"].startswith("t10"))
    assert facts.classes[row["label"]] == "Business"


def test_what_is_odd_is_left_out_and_counted(tmp_path: Path) -> None:
    odd = [(1, "title 0", "a longer text about 0"), (2, "", ""), ("", "no label", "here")]
    train = write(tmp_path / "a.csv", lines(ROWS + odd))
    test = write(tmp_path / "b.csv", lines([*ROWS[:3], (1, "new", "one"), (1, "new", "one")]))
    splits, facts = load(suite(train, test_path=str(test)))
    assert (facts.empty_dropped, facts.unlabelled_dropped) == (1, 1)
    assert facts.duplicates_dropped == 1  # within the test file; the one in training is a test text too
    assert facts.leaked_dropped == 4
    assert (sum(facts.train_counts), sum(facts.test_counts)) == (27, 4)
    assert not set(splits["train"]["text"]) & set(splits["test"]["text"])


SCRIPTS = [
    "股市大涨,创新高",
    "ارتفعت الأسهم اليوم",
    'She said "no", twice',
    "🚀🎉 launch, now",
    "Ünïcödé naïve",
    "it's",
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"], ids=["plain", "bom"])
def test_any_script_passes_unharmed(tmp_path: Path, ending: str, encoding: str) -> None:
    frame = pd.DataFrame({"text": [f"{one} {n}" for one in SCRIPTS for n in range(4)], "class": ["体育", "أعمال"] * 12})
    path = write(tmp_path / "a.csv", frame.to_csv(index=False, lineterminator=ending), encoding)
    splits, facts = load(suite(path, text="text"))
    assert set(facts.classes) == {"体育", "أعمال"}
    assert {text for split in splits.values() for text in split["text"]} == set(frame["text"])


def test_a_line_break_and_a_comma_inside_quotes_do_not_end_a_field(tmp_path: Path) -> None:
    rows = "".join(f'{n % 2},"first, part {n}\nsecond","rest"\n' for n in range(10))
    splits, _ = load(suite(write(tmp_path / "a.csv", "class,title,description\n" + rows)))
    assert "first, part 3\nsecond rest" in {text for split in splits.values() for text in split["text"]}


def test_words_that_look_like_missing_values_are_words(tmp_path: Path) -> None:
    """Pandas would read NA, null and 007 as nothing, nothing and 7."""
    rows = [(n % 2, word, n) for n, word in enumerate(["NA", "null", "007", "nan", "None", "1.0"] * 2)]
    splits, _ = load(suite(write(tmp_path / "a.csv", lines(rows))))
    texts = {text for split in splits.values() for text in split["text"]}
    assert {"NA 0", "null 1", "007 2", "nan 3", "None 4", "1.0 5"} <= texts


def test_bytes_that_are_no_utf8_are_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(lines().encode() + b"1,caf\xe9,closed\n")
    splits, facts = load(suite(path, encoding="utf-8"))
    assert facts.undecodable == 1
    assert "caf\N{REPLACEMENT CHARACTER} closed" in {text for split in splits.values() for text in split["text"]}


def test_max_rows_draws_and_the_seed_decides_which(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", lines())
    splits, facts = load(suite(path, max_rows=15))
    assert sum(facts.train_counts) + sum(facts.test_counts) == 15
    again, _ = load(suite(path, max_rows=15))
    assert list(again["train"]["text"]) == list(splits["train"]["text"])


def test_a_changed_file_is_another_source(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.csv", lines()), write(tmp_path / "b.csv", lines(ROWS[:-1]))
    assert load(suite(first))[1].source.split()[1] != load(suite(second))[1].source.split()[1]


@pytest.mark.parametrize(
    "content", ["null", " null\n", "\ufeffnull", "\ufeff[null]", '[null, {"class": 1}]', '{"class": 1}\nnull\n']
)
def test_a_row_that_is_null_is_one_sentence(tmp_path: Path, content: str) -> None:
    """A library's reader ended the whole process (SIGSEGV) at a file that begins with one."""
    with pytest.raises(
        SettingsError, match=r"which (has a row that is null|is empty)|accepted: a mapping for each row"
    ):
        load(suite(write(tmp_path / "a.json", content)))


def test_json_rows_keep_whole_numbers_as_labels(tmp_path: Path) -> None:
    """A missing label makes pandas turn 1 into 1.0."""
    rows = [json.dumps({"class": n % 2 if n else None, "title": f"t{n}", "description": "d"}) for n in range(11)]
    _, facts = load(suite(write(tmp_path / "a.jsonl", "\n".join(rows))))
    assert (facts.classes, facts.unlabelled_dropped) == (["0", "1"], 1)


def test_the_first_words_alone_are_read_and_are_then_compared(tmp_path: Path) -> None:
    """Cut after the cleaning, two texts that a model cannot tell apart would both stay, or stand on both sides."""
    rows = [(number % 2, f"one  two\u00a0three {number}", "") for number in range(10)]
    path = write(tmp_path / "a.csv", lines([*rows, *((number % 2, f"{number} b c", "") for number in range(10))]))
    splits, facts = load(suite(path, text="title", first_words=3))
    texts = [text for split in splits.values() for text in split["text"]]
    assert sorted(texts) == sorted(["one two three", *(f"{number} b c" for number in range(10))])
    assert (facts.duplicates_dropped, facts.first_words, facts.words_max) == (9, 3, 3)
    assert "of each text the first 3; half" in understood(facts, ("a", "b"))


def test_a_class_with_one_text_keeps_it_when_texts_are_held_out() -> None:
    """The draw refused such a class, and with it every data set of many classes."""
    labels = [0] * 6 + [1] + [2] * 4
    rows = Dataset.from_dict({"text": list(map(str, range(11))), "label": labels})
    rows = rows.cast_column("label", ClassLabel(names=["a", "b", "c"]))
    for seed in range(5):
        kept, held = stratified(rows, 5, seed)
        assert (counts(kept), counts(held)) == ([3, 1, 2], [3, 0, 2])
        assert sorted([*kept["text"], *held["text"]]) == sorted(rows["text"])
