"""From raw rows to two splits: what cannot be used or would flatter is left out and counted."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict
from datasets.utils.stratify import stratified_shuffle_split_generate_indices

from compactbench.settings import SettingsError

REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What stands in a text for bytes that are no UTF-8."""
TEST_SIZE = 0.2
"""Share held out where a data set brings no test texts and its suite names no share."""
MOST_HELD_OUT = 10_000
"""Of very many texts so many are held out then: an accuracy of .9 is known to 0.6 points, and a CPU takes minutes."""


@dataclass
class Raw:
    """A data set as it was read: rows with the columns `text` and `label`, both strings, a label empty where missing.

    Args:
        train: the rows to learn from, or all rows where there is no test.
        test: the rows to test on, where they are given.
        classes: the labels in their order, of which those without a row are left out; None: those of the rows, in
            order of number or letter.
        names: a name for each label, where labels are no names; two may have the same.
        read_as: in which form each file was found, for people.
    """

    train: Dataset
    test: Dataset | None = None
    classes: list[str] | None = None
    names: dict[str, str] = field(default_factory=dict)
    read_as: list[str] = field(default_factory=list)


@dataclass
class Dropped:
    """Rows that were left out, and why; texts with bytes that are no UTF-8 are counted and kept."""

    empty_dropped: int = 0
    unlabelled_dropped: int = 0
    duplicates_dropped: int = 0
    leaked_dropped: int = 0
    undecodable: int = 0


def split(
    raw: Raw, test_size: float | None, max_rows: int | None, seed: int, drawn_by: int = 0
) -> tuple[DatasetDict, Dropped]:
    """The splits `train` and `test`, with the columns `text` and `label` (class number), and what was left out.

    A text that is exactly the same as an earlier one is dropped before the split; a training text that is also a test
    text is dropped from the training texts.

    Args:
        raw: what was read.
        test_size: share held out, the same of every class, where no test is given; None: a fifth, and of very many
            texts no more than `MOST_HELD_OUT`.
        max_rows: rows to draw of each given split; None: all.
        seed: of the split, where no test is given.
        drawn_by: seed of the draw.

    Raises:
        SettingsError: there are fewer than two classes, or one is missing on a side; the message names the key.
    """
    dropped = Dropped()
    tested: set[int] = set()
    test = None if raw.test is None else _kept(_drawn(raw.test, max_rows, drawn_by), tested, set(), dropped)
    train = _kept(_drawn(raw.train, max_rows, drawn_by, each=2), set(), tested, dropped)
    train, test = _numbered(raw, train, test)
    if test is not None:
        return DatasetDict(train=train, test=test), dropped
    single = {name for name, count in zip(train.features["label"].names, counts(train), strict=True) if count == 1}
    if single:
        has = "has a single text" if len(single) == 1 else "have a single text each"
        raise SettingsError(f"key `dataset.label`: {listed(single)} {has}; accepted: two of each class.")
    share = test_size or TEST_SIZE
    held_out = math.ceil(share * len(train))
    try:
        train, test = stratified(train, held_out if test_size else min(held_out, MOST_HELD_OUT), seed)
        return DatasetDict(train=train, test=test), dropped
    except ValueError as error:
        classes = len(train.features["label"].names)
        least = math.ceil(100 * classes / len(train)) / 100
        accepted = f"a share that leaves each of the {classes} classes a text on both sides, from {least:g} on"
        raise SettingsError(f"key `dataset.test_size`: got {share:g}; accepted: {accepted}.") from error


def stratified(rows: Dataset, held_out: int, seed: int) -> tuple[Dataset, Dataset]:
    """The rows without those held out, and these: the same share of every class; one with a single text keeps it.

    As `train_test_split` of `datasets` draws them, which reads the labels one by one: minutes for half a million.

    Raises:
        ValueError: they are too few for the classes.
    """
    labels, random = rows.with_format("numpy")["label"][:], np.random.default_rng(seed)
    several = np.bincount(labels)[labels] > 1
    alone, others = np.flatnonzero(~several), np.flatnonzero(several)
    sizes = (len(others) - held_out, held_out)
    kept, held = next(stratified_shuffle_split_generate_indices(labels[others], *sizes, rng=random))
    return rows.select([*others[kept], *alone]), rows.select(others[held])


def counts(rows: Dataset) -> list[int]:
    """Texts of each class."""
    return np.bincount(rows.with_format("numpy")["label"][:], minlength=len(rows.features["label"].names)).tolist()


def _drawn(rows: Dataset, count: int | None, seed: int, each: int = 0) -> Dataset:
    """`count` of the `rows` at random.

    Args:
        rows: to draw from.
        count: None: all, in their order.
        seed: of the draw.
        each: texts that must be drawn of every class that has so many.

    Raises:
        SettingsError: of a class fewer are drawn.
    """
    if count is None or count >= len(rows):
        return rows
    shuffled = rows.shuffle(seed=seed)
    places: dict[str, list[int]] = {}
    for place, (_, label) in enumerate(pairs(shuffled)):
        places.setdefault(label, []).append(place)
    needed = [found[each - 1] + 1 for label, found in places.items() if label and each and len(found) >= each]
    short = sum(rows_needed > count for rows_needed in needed)
    if short:
        left = f"{count} rows leave {short} of {len(needed)} classes fewer than {each} texts"
        raise SettingsError(f"key `dataset.max_rows`: {left}; accepted: {max(needed)} or more.")
    return shuffled.select(range(count))


def _kept(rows: Dataset, seen: set[int], tested: set[int], dropped: Dropped) -> Dataset:
    """The rows to use; their texts are added to `seen` as hashes, 64 bits each, so that a million take little room."""
    kept = []
    for number, (text, label) in enumerate(pairs(rows)):
        mark = hash(text)
        if not text.strip():
            dropped.empty_dropped += 1
        elif not label:
            dropped.unlabelled_dropped += 1
        elif mark in seen:
            dropped.duplicates_dropped += 1
        elif mark in tested:
            dropped.leaked_dropped += 1
        else:
            seen.add(mark)
            kept.append(number)
            dropped.undecodable += REPLACED in text
    return rows if len(kept) == len(rows) else rows.select(kept)


def pairs(rows: Dataset) -> Iterator[tuple[str, Any]]:
    """Text and label of each row, read in batches: row by row would take ten times as long."""
    for batch in rows.iter(batch_size=10_000):
        yield from zip(batch["text"], batch["label"], strict=True)


def _numbered(raw: Raw, train: Dataset, test: Dataset | None) -> tuple[Dataset, Dataset | None]:
    """The rows with class numbers for labels."""
    found = set(train.unique("label"))
    order = [label for label in raw.classes or sorted(found, key=_in_order) if label in found]
    classes = [*dict.fromkeys(raw.names.get(label, label) for label in order)]
    if len(classes) < 2:
        raise SettingsError(
            f"key `dataset`: got a data set with {len(classes)} class{'' if len(classes) == 1 else 'es'}; "
            "accepted: two classes or more."
        )
    unknown = (set() if test is None else set(test.unique("label"))) - found
    if unknown:
        raise SettingsError(
            f"key `dataset.test_path`: got the labels {listed(unknown)}, which no training text has; accepted: "
            f"{listed(found)}."
        )
    of_class = {name: number for number, name in enumerate(classes)}
    numbers = {label: of_class[raw.names.get(label, label)] for label in order}
    kind = ClassLabel(names=classes)

    def numbered(rows: Dataset) -> Dataset:
        column = [numbers[label] for _, label in pairs(rows)]
        return rows.remove_columns("label").add_column("label", column).cast_column("label", kind)

    return numbered(train), None if test is None else numbered(test)


def _in_order(label: str) -> tuple[bool, float, str]:
    """Numbers by value and before names: 2 before 10."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def listed(labels: Collection[str]) -> str:
    """The first ten of `labels`, in order."""
    shown = sorted(labels, key=_in_order)
    return ", ".join(repr(label) for label in shown[:10]) + (" ..." if len(shown) > 10 else "")
