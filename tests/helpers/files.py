"""Files as people have them: how each comes to be, and what is right of it."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SIZE = 40
PLAIN = [
    (f"order {n} came {'early' if n % 2 else 'late'}, all {n} parts", "good" if n % 2 else "bad") for n in range(SIZE)
]
"""Texts and labels; each text has a comma in it."""
BARE = [(text.replace(",", ""), label) for text, label in PLAIN]
"""The same without a comma, for what does not quote."""
GERMAN = [
    (f"Das Päckchen {n} kam für {n} € – {'schön' if n % 2 else 'übel'}", "größer" if n % 2 else "müde")
    for n in range(SIZE)
]
RUSSIAN = [
    (f"Посылка {n} пришла {'быстро, спасибо' if n % 2 else 'поздно, плохо'}", "да" if n % 2 else "нет")
    for n in range(SIZE)
]
POLISH = [
    (f"Paczka {n} przyszła {'świetnie, dziękuję' if n % 2 else 'źle, za późno'}", "tak" if n % 2 else "nie")
    for n in range(SIZE)
]
JAPANESE = [
    (f"荷物{n}は{'とても早く届きました' if n % 2 else '遅くて残念でした'}", "良い" if n % 2 else "悪い")
    for n in range(SIZE)
]

GOOD_BAD = {"bad": 20, "good": 20}
Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Right:
    """What is right of a file.

    Args:
        name: of the file.
        content: its bytes.
        counts: rows of each class, those without a text or label left out; None: it is refused.
        first: text of the first row.
        told: words that `make check` says of it; where it is refused, a pattern of the one sentence.
        keys: of the suite's data set, beside path, text and label.
    """

    name: str
    content: bytes
    counts: dict[str, int] | None = field(default_factory=lambda: dict(GOOD_BAD))
    first: str = PLAIN[0][0]
    told: str = ""
    keys: dict[str, Any] = field(default_factory=dict)


def table(rows: Rows = BARE, head: str = "text,label", sep: str = ",", end: str = "\n") -> str:
    """Lines of fields as they are; none for an empty `head`."""
    return end.join([head] * bool(head) + [sep.join(map(str, row)) for row in rows]) + end


def quoted(rows: Rows = PLAIN, sep: str = ",", end: str = "\n") -> str:
    """Every field in quotes."""
    return table(
        [['"' + str(field).replace('"', '""') + '"' for field in row] for row in rows], f"text{sep}label", sep, end
    )


def json_lines(rows: Rows = PLAIN, **how: Any) -> str:
    return "".join(json.dumps({"text": text, "label": label}, **how) + "\n" for text, label in rows)


def parquet(text: pa.Array, label: pa.Array) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": text, "label": label}), sink)
    return sink.getvalue()


def labelled(label: Callable[[int], Any]) -> list[tuple[str, Any]]:
    """The texts without commas, each with what `label` says for its number."""
    return [(text, label(n)) for n, (text, _) in enumerate(BARE)]
