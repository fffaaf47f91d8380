"""Where texts come from: one file per kind of source, which declares itself.

A file holds `SOURCE`, a class derived from `Source`: the keys that a suite's `dataset` may have, and how to read it.
"""

import sys
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from datasets import ClassLabel, Dataset, Features, Value
from pydantic import BeforeValidator, Field

from compactbench import registry
from compactbench.data.clean import Raw
from compactbench.data.labels import joined, labels
from compactbench.parameters import validated
from compactbench.settings import Count, SettingsError, Strict, Suite, nearest

TextColumns = Annotated[
    list[str], Field(min_length=1), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
Share = Annotated[float | None, Field(gt=0, lt=1, description="a share between 0 and 1")]
Rows = Annotated[int | None, Field(gt=1, strict=True, description="a whole number above 1")]


class Source(Strict, ABC):
    """A data set, with what every kind of source may say of it."""

    key: ClassVar[str]
    """The key by which a suite chooses this kind of source."""

    name: str | None = Field(default=None, description="name of the data set, for people")
    cite: str = Field(default="not stated", description="whom to cite")
    license: str = Field(default="not stated", description="what the texts may be used for")
    show_texts: bool = Field(default=False, description="whether pages may show single texts, true or false")
    test_size: Share = None
    max_rows: Rows = None
    first_words: Count | None = None

    def rows(self) -> Raw:
        """All rows, of each text the `first_words`.

        Raises:
            SettingsError: as `read` does.
        """
        raw, count = self.read(), self.first_words
        if count is None:
            return raw

        def cut(batch: dict[str, list[str]]) -> dict[str, list[str]]:
            return {"text": [" ".join(text.split()[:count]) for text in batch["text"]]}

        train, test = (rows and rows.map(cut, batched=True) for rows in (raw.train, raw.test))
        return replace(raw, train=train, test=test)

    @abstractmethod
    def read(self) -> Raw:
        """All rows, as they are.

        Raises:
            SettingsError: they cannot be had or read; the message names the key.
        """

    @abstractmethod
    def version(self) -> str:
        """Where the texts come from, exactly enough to tell whether they changed.

        Raises:
            SettingsError: a file is missing.
        """


def of_suite(suite: Suite, where: str = "") -> Source:
    """The source that the key `dataset` of `suite` describes; an error names its file, or `where` in its place.

    Raises:
        SettingsError: a key is unknown or a value is not accepted.
    """
    where, package = where or f"params/suites/{suite.suite}.yaml", sys.modules[__name__]
    kinds: dict[str, type[Source]] = {
        kind.key: kind for name in registry.names(package) for kind in [registry.module(package, name).SOURCE]
    }
    for key, kind in kinds.items():
        if key in suite.dataset:
            return validated(kind, suite.dataset, where, within="dataset")
    key = next((key for key in suite.dataset if nearest(key, kinds)), next(iter(suite.dataset)))
    accepted = f"one of {', '.join(kinds)}, which says where the texts come from"
    raise SettingsError(f"{where}: key `dataset.{key}` is not known{nearest(key, kinds)}; accepted: {accepted}.")


def plain(rows: Dataset, text: list[str], label: str, where: str) -> Dataset:
    """The columns of texts, joined, as `text`, and the labels as strings, a class's name where the column has names.

    Args:
        rows: what was read.
        text: the columns with texts.
        label: the column with labels.
        where: the file or data set, for an error.

    Raises:
        SettingsError: a column is missing, or holds neither texts nor numbers.
    """
    for key, column in [("text", name) for name in text] + [("label", label)]:
        given, known = f"key `dataset.{key}`: got {column!r}", rows.column_names
        if column not in known:
            accepted = f"a column of {where}: {', '.join(known)}"
            raise SettingsError(f"{given}{nearest(column, known)}; accepted: {accepted}.")
        if not isinstance(rows.features[column], Value | ClassLabel):
            raise SettingsError(f"{given}, whose values are lists or mappings; accepted: a column of texts or numbers.")
    kind = rows.features[label]
    classes = kind.names if isinstance(kind, ClassLabel) else None

    def as_texts(batch: dict[str, list[Any]]) -> dict[str, list[str]]:
        return {"text": joined([batch[name] for name in text]), "label": labels(batch[label], classes)}

    features = Features({"text": Value("string"), "label": Value("string")})
    return rows.map(as_texts, batched=True, remove_columns=rows.column_names, features=features)
