"""The data set: read, freed of exact duplicates, split, described."""

import hashlib
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import datasets
import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars as disable_hub_progress_bars

from compactbench.measure.hub import hub_reachable, offline
from compactbench.record import Data, Weights
from compactbench.settings import FolderData, HubData, Package, SettingsError, Suite

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
    """Where the texts come from, exactly enough to tell whether they changed."""
    dataset = suite.dataset
    if isinstance(dataset, HubData):
        return f"{dataset.hub_id} at {dataset.revision or 'its newest revision'}"
    return f"{dataset.package.name} {distribution(dataset.package.name).version}"


def load(suite: Suite) -> tuple[DatasetDict, Data]:
    """Read and split the suite's data set.

    Returns:
        The splits `train` and `test`, each with the columns `text` (string) and `label` (class number), and their
        description.

    Raises:
        SettingsError: the data set cannot be had, or has fewer than two classes.
    """
    try:
        if isinstance(suite.dataset, HubData):
            splits, dropped = _from_hub(suite.dataset), 0
        else:
            splits, dropped = _from_folders(suite.dataset, suite.seed)
    except SettingsError as error:
        raise SettingsError(f"params/suites/{suite.suite}.yaml: {error}") from error
    classes = splits["train"].features["label"].names
    found = {name for split in splits.values() for name in set(split["label"])}
    if len(found) < 2:
        raise SettingsError(
            f"params/suites/{suite.suite}.yaml: key `dataset`: got a data set with {len(found)} class; "
            "accepted: two classes or more."
        )
    words = [len(text.split()) for split in splits.values() for text in split["text"]]
    facts = Data(
        name=suite.dataset.name,
        source=source(suite),
        fingerprint=fingerprint(splits),
        classes=classes,
        train_counts=np.bincount(splits["train"]["label"], minlength=len(classes)).tolist(),
        test_counts=np.bincount(splits["test"]["label"], minlength=len(classes)).tolist(),
        duplicates_dropped=dropped,
        words_p50=float(np.median(words)),
        words_max=max(words),
    )
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
    for name, split in splits.items():
        for label, text in zip(split["label"], split["text"], strict=True):
            digest.update(f"{name}\0{label}\0{text}\0".encode())
    return digest.hexdigest()


def headline_and_first_sentence(article: str) -> str:
    """The first line of `article`, a full stop, and the first sentence of the rest."""
    headline, *body = [line.strip() for line in article.splitlines() if line.strip()]
    first_sentence = re.split(r"(?<=[.!?])\s+", " ".join(body), maxsplit=1)[0]
    return f"{headline}. {first_sentence}"


def _from_folders(dataset: FolderData, seed: int) -> tuple[DatasetDict, int]:
    """The articles of a folder per class; returns the splits and how many duplicates were dropped."""
    folder = package_folder(dataset.package, "dataset.package")
    files = sorted(folder.glob("*/*.txt"))
    labels_of: dict[str, str] = {}  # keyed by text: a repeated text stays with its first label
    for file in files:
        labels_of.setdefault(headline_and_first_sentence(_decoded(file)), file.parent.name)
    features = Features({"text": Value("string"), "label": ClassLabel(names=sorted(set(labels_of.values())))})
    rows = Dataset.from_dict({"text": list(labels_of), "label": list(labels_of.values())}, features=features)
    if len(features["label"].names) < 2:  # load() says so; a stratified split of one class says nothing
        return DatasetDict(train=rows, test=rows), len(files) - len(rows)
    try:
        splits = rows.train_test_split(dataset.test_size, stratify_by_column="label", seed=seed)
    except ValueError as error:
        accepted = f"a share that leaves every class a text on both sides ({error})"
        raise SettingsError(f"key `dataset.test_size`: got {dataset.test_size}; accepted: {accepted}.") from error
    return splits, len(files) - len(rows)


def _decoded(file: Path) -> str:
    """UTF-8, or the older Windows encoding that a few files are in."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _from_hub(dataset: HubData) -> DatasetDict:
    if not offline() and not hub_reachable():
        raise SettingsError(
            f"key `dataset.hub_id`: got {dataset.hub_id!r}, but {constants.ENDPOINT} cannot be reached."
        )
    try:
        splits = load_dataset(dataset.hub_id, revision=dataset.revision)
    except Exception as error:  # the library raises several kinds of its own
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise SettingsError(f"key `dataset.hub_id`: got {dataset.hub_id!r}, which cannot be loaded: {text}") from error
    columns = {dataset.text: "text", dataset.label: "label"}
    chosen = DatasetDict({name: splits[name].select_columns(list(columns)) for name in ("train", "test")})
    chosen = chosen.rename_columns({old: new for old, new in columns.items() if old != new})
    if not isinstance(chosen["train"].features["label"], ClassLabel):
        raise SettingsError(f"key `dataset.label`: got {dataset.label!r}; accepted: a column of class labels.")
    return chosen
