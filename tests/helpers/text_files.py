"""Delimited text as people have it."""

import bz2
import gzip

import pyarrow as pa

from helpers.files import BARE, GERMAN, JAPANESE, PLAIN, POLISH, RUSSIAN, Right, json_lines, quoted, table

UNBALANCED = [(f'"open and never closed {n}' if n in (8, 28) else text, label) for n, (text, label) in enumerate(BARE)]
SWALLOWED = [(f'"open, {n}' if n == 8 else f"{text}", label) for n, (text, label) in enumerate(BARE)]
LONG = [(text + " word" * 40_000 if n < 2 else text, label) for n, (text, label) in enumerate(BARE)]
LETTER = [(f"Dear all,\nparcel {n} came.\nYours, N", label) for n, (_, label) in enumerate(BARE)]
FIRST_BARE = BARE[0][0]
DE = {"größer": 20, "müde": 20}
UNDECIDED = "may be .*; accepted: .*`encoding`"


TEXT_FILES = [
    # delimiters
    Right("quoted.csv", quoted().encode(), told="commas, quotes: doubled"),
    Right("plain.csv", table().encode(), first=FIRST_BARE, told="utf-8, commas"),
    Right("semicolons.csv", table(PLAIN, "text;label", ";", "\r\n").encode("utf-8-sig"), told="semicolons"),
    Right("tabs.csv", table(PLAIN, "text\tlabel", "\t").encode(), told="tabs"),
    Right("tabs.tsv", table(PLAIN, "text\tlabel", "\t").encode(), told="tabs"),
    Right("bars.csv", table(PLAIN, "text|label", "|").encode(), told="bars"),
    Right("carets.csv", table(PLAIN, "text^label", "^").encode(), keys={"delimiter": "^"}, told=r"delimiter '\^'"),
    Right("declared.csv", ("sep=;\r\n" + table(PLAIN, "text;label", ";", "\r\n")).encode(), told="semicolons"),
    Right("declared-comma.csv", ("sep=,\n" + table()).encode(), first=FIRST_BARE),
    Right("space-after.csv", quoted(sep=", ").encode()),
    Right(
        "wrong-delimiter.csv",
        table().encode(),
        None,
        keys={"delimiter": ";"},
        told="a column of wrong-delimiter.csv: text,label",
    ),
    Right("either.csv", b"a;b,c\nd;e,f\n" * 9, None, keys={"columns": ["text", "label"]}, told="parted|fields"),
    # encodings
    Right(
        "excel-cp1252.csv",
        table(GERMAN, "text;label", ";", "\r\n").encode("cp1252"),
        DE,
        GERMAN[0][0],
        "cp1252, semicolons",
    ),
    Right(
        "excel-unicode.csv",
        table(GERMAN, "text\tlabel", "\t", "\r\n").encode("utf-16"),
        DE,
        GERMAN[0][0],
        "utf-16, tabs",
    ),
    Right("utf16-unmarked.csv", table(GERMAN).encode("utf-16-le"), DE, GERMAN[0][0], "utf-16-le"),
    Right("utf16-odd.csv", table(GERMAN).encode("utf-16") + b"x", None, told="line 42 has 1 field"),
    Right("cp1251.csv", quoted(RUSSIAN).encode("cp1251"), {"да": 20, "нет": 20}, RUSSIAN[0][0], "cp1251"),
    Right("koi8.csv", quoted(RUSSIAN).encode("koi8-r"), {"да": 20, "нет": 20}, RUSSIAN[0][0], "koi8-r"),
    Right("cp1250.csv", quoted(POLISH).encode("cp1250"), {"nie": 20, "tak": 20}, POLISH[0][0], "cp1250"),
    Right("shift-jis.csv", table(JAPANESE).encode("cp932"), {"悪い": 20, "良い": 20}, JAPANESE[0][0], "cp932"),
    Right(
        "curly.csv",
        table([(f"it’s item {n} – “fine”", label) for n, (_, label) in enumerate(BARE)]).encode("cp1252"),
        first="it’s item 0 – “fine”",
        told="cp1252",
    ),
    Right(
        "loan-words.csv",
        table([*BARE, ("a naïve résumé", "good")]).encode("cp1252"),
        {"bad": 20, "good": 21},
        FIRST_BARE,
        "cp1252",
    ),
    Right(
        "few-words.csv", table([("ačiū už greitą", label) for _, label in BARE]).encode("cp1257"), None, told=UNDECIDED
    ),
    Right(
        "named.csv",
        table([*BARE, ("a naïve résumé", "good")]).encode("cp1252"),
        {"bad": 20, "good": 21},
        FIRST_BARE,
        keys={"encoding": "cp1252"},
    ),
    Right("no-such.csv", table().encode(), None, told="`encoding` is said to be 'x'", keys={"encoding": "x"}),
    Right(
        "few-bad-bytes.csv",
        table(GERMAN).encode()
        + b"broken \xff byte,gr\xf6\xdfer\nother,gr\xfc\xdfer\n"
        + b"a,gr\xf6\xdfer\nb,gr\xfc\xdfer\n",
        {**DE, r"gr\xf6\xdfer": 2, r"gr\xfc\xdfer": 2},
        GERMAN[0][0],
        "utf-8",
    ),
    Right("cp1252.jsonl", json_lines(GERMAN, ensure_ascii=False).encode("cp1252"), DE, GERMAN[0][0], "cp1252"),
    Right("utf16.jsonl", json_lines(GERMAN, ensure_ascii=False).encode("utf-16"), DE, GERMAN[0][0], "utf-16"),
    # rows
    Right("letters.csv", quoted(LETTER).encode(), first="Dear all,\nparcel 0 came.\nYours, N"),
    Right(
        "backslash.csv",
        table([(f'"say \\"no {n}\\", twice"', label) for n, (_, label) in enumerate(BARE)]).encode(),
        first='say "no 0", twice',
        told="quotes: backslash",
    ),
    Right("unbalanced.tsv", table(UNBALANCED, "text\tlabel", "\t").encode(), first=FIRST_BARE, told="quotes: none"),
    Right("unclosed.csv", table(SWALLOWED).encode(), None, told="line 10"),
    Right(
        "inches.csv",
        table([(f'a 5" pipe {n}', label) for n, (_, label) in enumerate(BARE)]).encode(),
        first='a 5" pipe 0',
    ),
    Right("leading-blanks.csv", b"\n  \n" + table().encode(), first=FIRST_BARE),
    Right("blank-between.csv", table().replace("\n", "\n\n").encode(), first=FIRST_BARE),
    Right(
        "index.csv",
        table([(n, *row) for n, row in enumerate(BARE)], ",text,label").encode(),
        first=FIRST_BARE,
        told="1 without a name left out",
    ),
    Right(
        "trailing-both.csv",
        table([(*row, "") for row in BARE], "text,label,").encode(),
        first=FIRST_BARE,
        told="1 without a name left out",
    ),
    Right(
        "trailing-rows.csv", table([(*row, "") for row in BARE]).encode(), None, told="line 2 has 3 fields; accepted: 2"
    ),
    Right(
        "shifted.csv",
        table([(f"id{n}", *row) for n, row in enumerate(BARE)]).encode(),
        None,
        told="line 2 has 3 fields",
    ),
    Right(
        "one-bad-row.csv",
        table([*BARE[:30], ("a", "b", "c", "d"), *BARE[30:]]).encode(),
        None,
        told="line 32 has 4 fields",
    ),
    Right("short-row.csv", table([*BARE[:30], ("a",), *BARE[30:]]).encode(), None, told="line 32 has 1 fields"),
    Right("old-mac.csv", table(end="\r").encode(), first=FIRST_BARE),
    Right(
        "cr-inside.csv",
        table([(text.replace(" all", "\rall"), label) for text, label in BARE]).encode(),
        first=FIRST_BARE,
    ),
    Right("ctrl-z.csv", table().encode() + b"\x1a", first=FIRST_BARE),
    Right("nul.csv", table([(f"a\0b {n}", label) for n, (_, label) in enumerate(BARE)]).encode(), first="a\0b 0"),
    Right("long.csv", table(LONG).encode(), first=LONG[0][0]),
    Right("long-no-header.csv", table(LONG, "").encode(), first=LONG[0][0], keys={"columns": ["text", "label"]}),
    Right(
        "html.csv",
        quoted([(f'<p class="x">{n}</p><br>', label) for n, (_, label) in enumerate(BARE)]).encode(),
        first='<p class="x">0</p><br>',
    ),
    Right(
        "no-header.csv",
        table([(label, text, "x") for text, label in BARE], "").encode(),
        first=FIRST_BARE,
        keys={"columns": ["label", "text", "more"]},
    ),
    Right("no-header-said.csv", table(BARE, "").encode(), None, told="a file without a header row needs `columns`"),
    Right("header-alone.csv", b"text,label\n", None, told="which is empty"),
    Right("empty.csv", b"", None, told="which is empty"),
    # names of files
    Right("data [1].csv", table().encode(), first=FIRST_BARE),
    Right("q1*report.csv", table().encode(), first=FIRST_BARE),
    Right("what?.csv", table().encode(), first=FIRST_BARE),
    Right("ünï cödé #1 %20 {x} it's a::b.CSV", table().encode(), first=FIRST_BARE),
    Right(".hidden.csv", table().encode(), first=FIRST_BARE),
    # packed
    Right("packed.csv.gz", gzip.compress(quoted().encode())),
    Right("packed.csv.zst", pa.compress(quoted().encode(), codec="zstd", asbytes=True)),
    Right("packed.jsonl.bz2", bz2.compress(json_lines().encode())),
    Right("half.csv.gz", gzip.compress(quoted().encode())[:200], None, told="cannot be unpacked"),
    Right("archive.zip", b"PK\x05\x06" + bytes(18), None, told=r"a \.zip is to be unpacked first"),
]
