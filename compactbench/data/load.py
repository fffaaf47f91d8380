"""The data set: read, freed of exact duplicates, split, described."""

import hashlib
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset
from huggingface_hub.utils import disable_progress_bars as disable_hub_progress_bars

from compactbench.data.clean import Raw, counts, pairs, split
from compactbench.data.file import file_source, from_file, header_hint, said_once
from compactbench.errors import LONGEST, one_line
from compactbench.record import Data, Weights
from compactbench.settings import FileData, FolderData, HubData, Package, SettingsError, Suite, nearest
from compactbench.sources import hub

DEFAULT_TEST_SIZE = 0.2
"""Share held out where a data set brings no test texts and its suite names no share."""

datasets.disable_progress_bars()  # they would stand in the pages
disable_hub_progress_bars()


def package_folder(package: Package, key: str) -> Path:
    """The folder of an installed package.

    Raises:
        SettingsError: the package is not installed, or has no such folder; the message names `key`.
    """
    try:
        folder = Path(str(distribution(package.name).locate_file(package.folder)))
    except PackageNotFoundError as error:
        raise SettingsError(
            f"key `{key}.name`: got {package.name!r}, which is not installed; accepted: a package of requirements.txt."
        ) from error
    if not folder.is_dir():
        raise SettingsError(f"key `{key}.folder`: got {package.folder!r}; accepted: a folder inside {package.name}.")
    return folder


def source(suite: Suite) -> str:
    """Where the texts come from, exactly enough to tell whether they changed.

    Raises:
        SettingsError: a file is missing.
    """
    dataset = suite.dataset
    if isinstance(dataset, HubData):
        return f"{dataset.hub_id} at {_revision(dataset) or 'its newest cached revision'}"
    if isinstance(dataset, FileData):
        return file_source(dataset)
    return f"{dataset.package.name} {distribution(dataset.package.name).version}"


def load(suite: Suite) -> tuple[DatasetDict, Data]:
    """Read, clean and split the suite's data set.

    Returns:
        The splits `train` and `test`, each with the columns `text` (string) and `label` (class number), and their
        description.

    Raises:
        SettingsError: the data set cannot be had, or cannot work.
    """
    try:
        dataset = suite.dataset
        max_rows = None if isinstance(dataset, FolderData) else dataset.max_rows
        splits, dropped = split(_raw(dataset), dataset.test_size or DEFAULT_TEST_SIZE, max_rows, suite.seed)
        words = [len(text.split()) for rows in splits.values() for text, _ in pairs(rows)]
        facts = Data(
            name=dataset.name or (dataset.hub_id if isinstance(dataset, HubData) else suite.suite_title),
            source=source(suite),
            fingerprint=fingerprint(splits),
            classes=splits["train"].features["label"].names,
            train_counts=counts(splits["train"]),
            test_counts=counts(splits["test"]),
            words_p50=float(np.median(words)),
            words_p95=float(np.percentile(words, 95)),
            words_max=max(words),
            **asdict(dropped),
        )
    except SettingsError as error:
        raise SettingsError(f"params/suites/{suite.suite}.yaml: {error}") from error
    return splits, facts


def fewer(rows: Dataset, count: int | None, seed: int) -> Dataset:
    """`count` of the `rows`, the same share of every class; all of them where there are no more, or for None."""
    if count is None or count >= len(rows):
        return rows
    return rows.train_test_split(train_size=count, stratify_by_column="label", seed=seed)["train"]


def to_classify(test: Dataset, weights: Weights, batch_size: int) -> Dataset:
    """The test rows that a contender is asked: all; with random weights two batches, as proof that the path works."""
    return test.take(min(len(test), 2 * batch_size)) if weights == "random" else test


def fingerprint(splits: DatasetDict) -> str:
    """SHA-256 of every split, label and text, in order."""
    digest = hashlib.sha256()
    for name, rows in splits.items():
        for text, label in pairs(rows):
            digest.update(f"{name}\0{label}\0{text}\0".encode())
    return digest.hexdigest()


def headline_and_first_sentence(article: str) -> str:
    """The first line of `article`, a full stop, and the first sentence of the rest."""
    headline, *body = [line.strip() for line in article.splitlines() if line.strip()]
    first_sentence = re.split(r"(?<=[.!?])\s+", " ".join(body), maxsplit=1)[0]
    return f"{headline}. {first_sentence}"


def _raw(dataset: FolderData | HubData | FileData) -> Raw:
    if isinstance(dataset, FolderData):
        return _from_folders(dataset)
    if isinstance(dataset, HubData):
        return _from_hub(dataset)
    name, hint = Path(dataset.path).name, header_hint(dataset)
    train, test = (rows and _plain(rows, dataset, name, hint) for rows in from_file(dataset))
    return Raw(train, test, names={str(label): name for label, name in (dataset.label_names or {}).items()})


def _plain(rows: Dataset, dataset: FileData | HubData, where: str, hint: str = "") -> Dataset:
    """The columns of texts, joined, as `text`, and the labels as strings, a class's name where the column has names.

    Args:
        rows: what was read.
        dataset: names the columns.
        where: the file or data set, for an error.
        hint: what may have gone wrong when a column is missing, for an error.

    Raises:
        SettingsError: a column is missing, or holds neither texts nor numbers.
    """
    for key, column in [("text", name) for name in dataset.text] + [("label", dataset.label)]:
        given, known = f"key `dataset.{key}`: got {column!r}", rows.column_names
        if column not in known:
            accepted = f"a column of {where}: {', '.join(known)}"
            raise SettingsError(f"{given}{nearest(column, known)}; accepted: {accepted}{hint}.")
        if not isinstance(rows.features[column], Value | ClassLabel):
            raise SettingsError(f"{given}, whose values are lists or mappings; accepted: a column of texts or numbers.")
    kind = rows.features[dataset.label]
    names = kind.names if isinstance(kind, ClassLabel) else None

    def plain(batch: dict[str, list[Any]]) -> dict[str, list[str]]:
        columns = [map(_as_text, batch[name]) for name in dataset.text]
        labels = batch[dataset.label]
        return {
            "text": [" ".join(filter(None, parts)) for parts in zip(*columns, strict=True)],
            "label": [" ".join(_as_text(value).split()) if names is None else _name(names, value) for value in labels],
        }

    features = Features({"text": Value("string"), "label": Value("string")})
    return rows.map(plain, batched=True, remove_columns=rows.column_names, features=features)


def _name(names: list[str], number: int | None) -> str:
    """The name of a class; empty where a row has none, which the hub writes as -1."""
    return "" if number is None or number < 0 else names[number]


def _as_text(value: Any) -> str:
    """A value of a column; a number that is whole has no decimals, whatever the file's format made of it."""
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _from_folders(dataset: FolderData) -> Raw:
    """The articles of a folder per class."""
    files = sorted(package_folder(dataset.package, "dataset.package").glob("*/*.txt"))
    texts = [headline_and_first_sentence(_decoded(file)) for file in files]
    return Raw(Dataset.from_dict({"text": texts, "label": [file.parent.name for file in files]}))


def _decoded(file: Path) -> str:
    """UTF-8, or the older Windows encoding that a few files are in."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _revision(dataset: HubData) -> str | None:
    """The commit, so that the texts are the same whenever they are asked for."""
    return hub.dataset_commit(dataset.hub_id, dataset.revision) or dataset.revision


def _from_hub(dataset: HubData) -> Raw:
    if not (hub.offline() or hub.hub_reachable() or hub.cached_dataset_commit(dataset.hub_id)):
        raise SettingsError(f"key `dataset.hub_id`: got {dataset.hub_id!r}, but {hub.unreachable()}.")
    try:
        with said_once():
            splits = load_dataset(dataset.hub_id, dataset.config, revision=_revision(dataset))
    except Exception as error:  # the library raises several kinds of its own
        text = one_line(error, LONGEST)
        raise SettingsError(f"key `dataset.hub_id`: got {dataset.hub_id!r}, which cannot be loaded: {text}") from error
    if "train" not in splits:
        accepted = f"a data set with a split `train`; this one has {', '.join(splits)}"
        raise SettingsError(f"key `dataset.hub_id`: got {dataset.hub_id!r}; accepted: {accepted}.")
    if dataset.test_split not in splits and "test_split" in dataset.model_fields_set:
        accepted = f"a split of {dataset.hub_id}: {', '.join(splits)}"
        raise SettingsError(f"key `dataset.test_split`: got {dataset.test_split!r}; accepted: {accepted}.")
    train, test = (
        _plain(splits[name], dataset, dataset.hub_id) if name in splits else None
        for name in ("train", dataset.test_split)
    )
    kind = splits["train"].features[dataset.label]
    return Raw(train, test, classes=kind.names if isinstance(kind, ClassLabel) else None)
