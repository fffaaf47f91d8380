"""Workbooks, JSON and Parquet as people have them, and labels of every kind."""

import json
import random

import pyarrow as pa

from helpers.files import BARE, GERMAN, GOOD_BAD, PLAIN, SIZE, Right, json_lines, labelled, parquet, quoted, table
from helpers.workbook import workbook

FIRST_BARE = BARE[0][0]
DE = {"größer": 20, "müde": 20}

TYPED_FILES = [
    # workbooks
    Right("book.xlsx", workbook(Sheet1=[("text", "label"), *PLAIN]), told="sheet Sheet1"),
    Right("two-sheets.xlsx", workbook(Notes=[("about",), ("x",)], Data=[("text", "label"), *PLAIN]), told="sheet Data"),
    Right(
        "same-sheets.xlsx",
        workbook(A=[("text", "label"), *PLAIN], B=[("text", "label"), *PLAIN]),
        None,
        told="sheets A, B all have",
    ),
    Right(
        "named-sheet.xlsx",
        workbook(A=[("text", "label"), *PLAIN], B=[("text", "label"), *GERMAN]),
        DE,
        GERMAN[0][0],
        keys={"sheet": "B"},
    ),
    Right(
        "no-sheet.xlsx",
        workbook(A=[("text", "label"), *PLAIN]),
        None,
        told="no sheet 'C'; accepted: A",
        keys={"sheet": "C"},
    ),
    Right("numbers.xlsx", workbook(A=[("text", "label"), *labelled(lambda n: n % 2)]), {"0": 20, "1": 20}, FIRST_BARE),
    Right(
        "truth.xlsx",
        workbook(A=[("text", "label"), *labelled(lambda n: n % 2 == 1)]),
        {"false": 20, "true": 20},
        FIRST_BARE,
    ),
    Right("no-book.xlsx", b"text,label\n", None, told="cannot be read as a workbook"),
    # labels
    Right(
        "spaces.csv", table(labelled(lambda n: ("good" if n % 2 else "bad") + " " * (n % 3))).encode(), first=FIRST_BARE
    ),
    Right(
        "case.csv",
        table(labelled(lambda n: ["bad", "good", "Bad", "GOOD"][n % 4])).encode(),
        {"Bad": 10, "GOOD": 10, "bad": 10, "good": 10},
        FIRST_BARE,
        r"'Bad' \(10\) and 'bad' \(10\) differ",
    ),
    Right(
        "accents.csv",
        table(labelled(lambda n: ["caf\u00e9", "cafe\u0301"][n % 2])).encode(),
        {"cafe\u0301": 20, "caf\u00e9": 20},
        FIRST_BARE,
        "differ in spaces, case or accents",
    ),
    Right("truth.csv", table(labelled(lambda n: n % 2 == 1)).encode(), {"False": 20, "True": 20}, FIRST_BARE),
    Right("decimals.csv", table(labelled(lambda n: 1.0 + n % 2)).encode(), {"1": 20, "2": 20}, FIRST_BARE),
    Right(
        "dates.csv",
        table(labelled(lambda n: f"2024-01-0{1 + n % 2}")).encode(),
        {"2024-01-01": 20, "2024-01-02": 20},
        FIRST_BARE,
    ),
    Right(
        "yes-no.csv",
        table(labelled(lambda n: ["no", "yes"][n % 2])).encode(),
        GOOD_BAD,
        FIRST_BARE,
        keys={"label_names": {False: "bad", True: "good"}},
    ),
    Right(
        "stars.csv",
        table(labelled(lambda n: 1 + n % 5)).encode(),
        {"bad": 16, "mixed": 8, "good": 16},
        FIRST_BARE,
        keys={"label_names": {1: "bad", 2: "bad", 3: "mixed", 4.0: "good", "5": "good"}},
    ),
    Right(
        "unnamed.csv",
        table(labelled(lambda n: 1 + n % 3)).encode(),
        None,
        told="`dataset.label_names`: '3' is missing",
        keys={"label_names": {1: "a", 2: "b"}},
    ),
    Right(
        "several.csv",
        table(labelled(lambda n: ["a", "b", "a;b"][n % 3])).encode(),
        None,
        told="'a;b' is several labels in one cell",
    ),
    Right(
        "several-named.csv",
        table(labelled(lambda n: ["a", "b", "a;b"][n % 3])).encode(),
        {"a": 14, "b": 13, "both": 13},
        FIRST_BARE,
        keys={"label_names": {"a": "a", "b": "b", "a;b": "both"}},
    ),
    Right(
        "measured.csv",
        table(labelled(lambda n: random.Random(n).random())).encode(),
        None,
        told="40 numbers in 40 rows",
    ),
    Right(
        "markup.csv",
        quoted(labelled(lambda n: ["# h", "<script>alert(1)</script>"][n % 2])).encode(),
        {"# h": 20, "<script>alert(1)</script>": 20},
        FIRST_BARE,
    ),
    Right(
        "not-a-number.csv",
        table(labelled(lambda n: ["nan", "null"][n % 2])).encode(),
        {"nan": 20, "null": 20},
        FIRST_BARE,
    ),
    Right("rare.csv", table([*BARE, ("alone", "rare")]).encode(), None, told="'rare' has a single text"),
    Right(
        "draw.csv",
        table([*BARE, *[(f"rare {n}", "rare") for n in range(2)]]).encode(),
        None,
        told=r"10 rows leave 1 of 3 classes fewer than 2 texts; accepted: \d+ or more",
        keys={"max_rows": 10},
    ),
    # JSON
    Right("rows.jsonl", json_lines().encode()),
    Right("blank-lines.jsonl", json_lines().replace("\n", "\n\r\n").encode("utf-8-sig")),
    Right("list.json", json.dumps([{"text": text, "label": label} for text, label in PLAIN]).encode()),
    Right("pretty.json", json.dumps([{"text": text, "label": label} for text, label in PLAIN], indent=2).encode()),
    Right("truth.jsonl", json_lines(labelled(lambda n: n % 2 == 1)).encode(), {"false": 20, "true": 20}, FIRST_BARE),
    Right("decimals.jsonl", json_lines(labelled(lambda n: 1.0 + n % 2)).encode(), {"1": 20, "2": 20}, FIRST_BARE),
    Right(
        "big.jsonl",
        json_lines(labelled(lambda n: 2**53 + n % 2)).encode(),
        {str(2**53): 20, str(2**53 + 1): 20},
        FIRST_BARE,
    ),
    Right("null.jsonl", json_lines([*BARE, (None, "bad"), ("no label", None)]).encode(), first=FIRST_BARE),
    Right(
        "surrogate.jsonl", json_lines([("half \ud83d", "bad"), *BARE]).encode(), {"bad": 21, "good": 20}, "half \ufffd"
    ),
    Right("lists.jsonl", json_lines(labelled(lambda n: ["a", "b"])).encode(), None, told="whose values are lists"),
    Right("null-row.jsonl", (json_lines() + "null\n").encode(), None, told="a row that is null"),
    Right(
        "nested.json",
        json.dumps({"data": [{"text": "x"}]}).encode(),
        None,
        told="a mapping for each row|a column of nested.json: data",
    ),
    Right("columns.json", json.dumps({"text": ["a"], "label": ["b"]}).encode(), None, told="whose values are lists"),
    Right("broken.jsonl", (json_lines() + "{text: x}\n").encode(), None, told="line 41 cannot be read as JSON"),
    Right("deep.json", b"[" * 100_000, None, told="cannot be read as JSON"),
    # Parquet
    Right("rows.parquet", parquet(pa.array([text for text, _ in PLAIN]), pa.array([label for _, label in PLAIN]))),
    Right(
        "binary.parquet",
        parquet(pa.array([text.encode() for text, _ in GERMAN]), pa.array([label.encode() for _, label in GERMAN])),
        DE,
        GERMAN[0][0],
    ),
    Right(
        "dictionary.parquet",
        parquet(pa.array([text for text, _ in PLAIN]), pa.array([label for _, label in PLAIN]).dictionary_encode()),
    ),
    Right(
        "truth.parquet",
        parquet(pa.array([text for text, _ in PLAIN]), pa.array([n % 2 == 1 for n in range(SIZE)])),
        {"false": 20, "true": 20},
    ),
    Right(
        "decimals.parquet",
        parquet(pa.array([text for text, _ in PLAIN]), pa.array([1.0 + n % 2 for n in range(SIZE)])),
        {"1": 20, "2": 20},
    ),
    Right(
        "null.parquet",
        parquet(pa.array([text for text, _ in PLAIN]), pa.array([None, *[n % 2 for n in range(1, SIZE)]], pa.int8())),
        {"0": 19, "1": 20},
    ),
    Right(
        "large.parquet",
        parquet(
            pa.array([text for text, _ in PLAIN], pa.large_string()),
            pa.array([label for _, label in PLAIN], pa.string_view()),
        ),
    ),
    Right(
        "lists.parquet",
        parquet(pa.array([text for text, _ in PLAIN]), pa.array([["a"]] * SIZE)),
        None,
        told="whose values are lists",
    ),
    Right("no.parquet", b"text,label\n", None, told="cannot be read as Parquet"),
]
