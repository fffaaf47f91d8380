"""The data set: read, freed of exact duplicates, split, described."""

import hashlib
from dataclasses import asdict

import datasets
import numpy as np
from datasets import Dataset, DatasetDict
from huggingface_hub.utils import disable_progress_bars as disable_hub_progress_bars

from compactbench.data.clean import counts, pairs, split, stratified
from compactbench.data.languages import languages
from compactbench.data.readers import of_suite
from compactbench.record import Data, Weights, joined
from compactbench.settings import SettingsError, Suite

datasets.disable_progress_bars()  # they would stand in the pages
disable_hub_progress_bars()


def load(suite: Suite, seed: int | None = None) -> tuple[DatasetDict, Data]:
    """Read, clean and split the suite's data set.

    A seed decides which texts are held out, for every model alike. Where the data set brings test texts of its own,
    its split is the same for every seed: accuracies of other studies are of that one, and a resample of the training
    texts would repeat a third of them in place of others, so that every model would seem to learn less than it does.

    Args:
        suite: what it says of the data set.
        seed: of the split; None: the first of the suite's `seeds`.

    Returns:
        The splits `train` and `test`, each with the columns `text` (string) and `label` (class number), and their
        description.

    Raises:
        SettingsError: the data set cannot be had, or cannot work.
    """
    source = of_suite(suite)
    try:
        version = source.version()
        raw = source.rows()
        if source.version() != version:
            raise SettingsError(f"key `dataset.{source.key}`: {version} changed while it was read; start again.")
        by = suite.seeds[0] if seed is None else seed
        splits, dropped = split(raw, source.test_size, source.max_rows, by, suite.seed)
    except SettingsError as error:
        raise SettingsError(f"params/suites/{suite.suite}.yaml: {error}") from error
    texts = [text for rows in splits.values() for text, _ in pairs(rows)]
    words = [len(text.split()) for text in texts]
    facts = Data(
        name=source.name or suite.dataset.get("hub_id") or suite.suite_title,
        cite=source.cite,
        license=source.license,
        source=version,
        fingerprint=fingerprint(splits),
        classes=splits["train"].features["label"].names,
        train_counts=counts(splits["train"]),
        test_counts=counts(splits["test"]),
        test_labels=joined(splits["test"]["label"][:]),
        words_p50=float(np.median(words)),
        words_p95=float(np.percentile(words, 95)),
        words_max=max(words),
        first_words=source.first_words,
        languages=languages(texts),
        read_as=raw.read_as,
        **asdict(dropped),
    )
    return splits, facts


def version(suite: Suite) -> str:
    """Where the suite's texts come from, exactly enough to tell whether they changed.

    Raises:
        SettingsError: a file is missing.
    """
    return of_suite(suite).version()


def fewer(rows: Dataset, count: int | None, seed: int) -> Dataset:
    """`count` of the `rows`, the same share of every class; all of them where there are no more, or for None."""
    if count is None or count >= len(rows):
        return rows
    return stratified(rows, len(rows) - count, seed)[0]


def to_classify(test: Dataset, weights: Weights, batch_size: int) -> Dataset:
    """The test rows that a model is asked: all; with random weights two batches, as proof that the path works."""
    return test.take(min(len(test), 2 * batch_size)) if weights == "random" else test


def fingerprint(splits: DatasetDict) -> str:
    """SHA-256 of every split, label and text, in order."""
    digest = hashlib.sha256()
    for name, rows in splits.items():
        for text, label in pairs(rows):
            digest.update(f"{name}\0{label}\0{text}\0".encode())
    return digest.hexdigest()
