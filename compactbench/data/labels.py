"""Values of a file as texts and labels, and the names that their owner gives to labels."""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compactbench.data.clean import REPLACED, listed
from compactbench.settings import SettingsError

TRUTH = {**dict.fromkeys(("yes", "true", "on"), True), **dict.fromkeys(("no", "false", "off"), False)}
"""What YAML takes for true or false unless it stands in quotes."""
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
PARTED = re.compile(r"\s*[;,|]\s*")
SURROGATES = re.compile("[\ud800-\udfff]")
"""What stands for a byte that does not fit its encoding, or was half a character in JSON."""


def joined(columns: Sequence[Sequence[Any]]) -> list[str]:
    """The texts of each row, one of each of the `columns`; what could not be decoded is marked."""
    texts = (" ".join(filter(None, map(_text, parts))) for parts in zip(*columns, strict=True))
    return [SURROGATES.sub(REPLACED, text) for text in texts]


def labels(values: Sequence[Any], classes: list[str] | None = None) -> list[str]:
    """The label of each row as a text, empty where it has none; what could not be decoded is spelt out.

    Args:
        values: of a column. Where all are numbers, whole ones have no decimals.
        classes: names of the classes, where the values are their numbers; the hub writes -1 for none.
    """
    if classes is not None:
        return ["" if number is None or number < 0 else classes[number] for number in values]
    found = [SURROGATES.sub(_spelt, " ".join(_text(value).split())) for value in values]
    if all(NUMBER.fullmatch(label) for label in {*found} - {""}):
        return [re.sub(r"\.0*$", "", label) for label in found]
    return found


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape").strip()
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return str(value.date())
    return str(value).strip()


def _spelt(half: re.Match[str]) -> str:
    number = ord(half[0])
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"


def refuse_no_classes(found: Collection[str]) -> None:
    """Refuse labels that are lists of labels, or measured numbers.

    Args:
        found: the label of each row.

    Raises:
        SettingsError: they are.
    """
    counts = Counter(label for label in found if label)
    for label in counts:
        parts = PARTED.split(label)
        if len(parts) > 1 and {*parts} <= counts.keys():
            raise SettingsError(
                f"key `dataset.label`: {label!r} is several labels in one cell; accepted: one label a text, or the "
                "key `label_names` where this is a class of its own."
            )
    if len(counts) > len(found) / 2 and all(NUMBER.fullmatch(label) for label in counts):
        raise SettingsError(
            f"key `dataset.label`: {len(counts)} numbers in {len(found)} rows; accepted: classes, of which each has "
            "several texts."
        )


def names(found: Collection[str], given: Mapping[bool | int | float | str, str]) -> dict[str, str]:
    """The name of each label in `found`, for the keys that YAML makes of them: `yes` is true, and 1.0 is 1.

    Raises:
        SettingsError: a label has none.
    """
    named = {label: name for label in {*found} - {""} for key, name in given.items() if _is_key(label, key)}
    missing = {*found} - {""} - named.keys()
    if missing and given:
        raise SettingsError(f"key `dataset.label_names`: {listed(missing)} is missing; accepted: {listed(found)}.")
    return named


def _is_key(label: str, key: bool | int | float | str) -> bool:
    if isinstance(key, bool):
        return TRUTH.get(label.lower()) is key
    if isinstance(key, str):
        return label == " ".join(key.split())
    return NUMBER.fullmatch(label) is not None and float(label) == key


def near_equal(classes: Sequence[str]) -> list[list[str]]:
    """Groups of class names that differ by spaces, by upper and lower case or by how accents are encoded, alone."""
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    return [group for group in groups.values() if len(group) > 1]
