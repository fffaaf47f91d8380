"""What is said of single classes and single texts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from compactbench.record import Data, FailedRecord, Mistake, Quality, Record
from compactbench.report.statistics.confusion import confused_pairs
from compactbench.report.text.words import Markdown, listed, markdown, markdown_table

MOST = 10
"""Pairs of classes that are named, and texts that all models get wrong."""


def per_class(quality: Quality, data: Data) -> Markdown:
    """Precision, recall and F1 of each class, as a table; blank where a class was never predicted or never tested."""
    counts = np.array(quality.confusion)  # (classes, classes), rows are the truth
    tested, predicted, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    rows = [
        [name, f"{tested[n]:,}", _share(right[n], predicted[n]), _share(right[n], tested[n]), f"{f1:.3f}"]
        for n, (name, f1) in enumerate(zip(data.classes, quality.class_f1, strict=True))
    ]
    return markdown_table(["Class", "Test texts", "Precision", "Recall", "F1"], rows)


def confused(quality: Quality, data: Data) -> Markdown:
    """The pairs of classes that are confused most, as a table of texts of the one that were given the other."""
    return _pairs(np.array(quality.confusion), data, "Texts")


def _pairs(counts: np.ndarray, data: Data, head: str) -> Markdown:
    """The same of a confusion matrix, shape (classes, classes)."""
    pairs = confused_pairs(counts)[:MOST]
    if not pairs:
        return Markdown("No test text was classified wrong.")
    rows = [[data.classes[true], data.classes[other], f"{counts[true, other]:,}"] for true, other in pairs]
    return markdown_table(["Class", "Was given", head], rows, "llr")


def surest_mistakes(mistakes: Sequence[Mistake], data: Data) -> Markdown:
    """The texts that were classified wrong with most confidence, as a table; by number where texts are not shown."""
    if not mistakes:
        return Markdown("No test text was classified wrong.")
    rows = [
        [
            markdown(f"text {one.row}") if one.text is None else one.text,
            data.classes[one.true],
            data.classes[one.predicted],
            f"{one.confidence:.1%}",
            "likely" if one.doubted else "",
        ]
        for one in mistakes
    ]
    return markdown_table(["Text", "Label", "Was given", "Confidence", "Label error"], rows, "lllrl")


def confused_by_all(records: Sequence[Record | FailedRecord]) -> Markdown:
    """The pairs of classes that the models of one group confuse most, all of known accuracy together."""
    known = _known(records)
    if not known:
        return Markdown("No accuracy is known yet.")
    counts = np.sum([record.trained.quality.confusion for record in known if record.trained.quality], axis=0)
    return _pairs(counts, known[0].data, f"Texts, sum over {len(known)} models")


def wrong_for_all(records: Sequence[Record | FailedRecord]) -> Markdown:
    """The test texts that every model of one group gets wrong, those first whose labels most of them doubt.

    Models that agree on being wrong with confidence point at a label error. Of each model the most confident mistakes
    are known, so a text stands here when it is among those of one.
    """
    known = [record for record in _known(records) if record.mistakes is not None]
    qualities = [record.trained.quality for record in known]
    rights = [quality.right for quality in qualities if quality and quality.right]
    if len(rights) < 2:
        return Markdown("It takes two models whose mistakes are known.")
    wrong = {row for row, signs in enumerate(zip(*rights, strict=False)) if "1" not in signs}
    found: dict[int, list[Mistake]] = defaultdict(list)
    for one in (mistake for record in known for mistake in record.mistakes or []):
        if one.row in wrong:
            found[one.row].append(one)
    told = f"{len(wrong):,} of {len(rights[0]):,} test texts are classified wrong by each of the {len(rights)} models."
    order = sorted(found.values(), key=lambda them: (-sum(one.doubted for one in them), -_confidence(them)))
    classes = known[0].data.classes
    rows = [
        [
            next((one.text for one in them if one.text is not None), markdown(f"text {them[0].row}")),
            classes[them[0].true],
            listed(classes[label] for label, _ in Counter(one.predicted for one in them).most_common()),
            f"{_confidence(them):.1%}",
            f"{sum(one.doubted for one in them)} of {len(rights)}",
        ]
        for them in order[:MOST]
    ]
    head = ["Text", "Label", "Was given", "Confidence", "Label doubted by"]
    return Markdown(f"{told}\n\n{markdown_table(head, rows, 'lllrr')}" if rows else told)


def _known(records: Sequence[Record | FailedRecord]) -> list[Record]:
    """The runs of known accuracy on the texts of the first of them."""
    known = [run for run in records if isinstance(run, Record) and run.weights != "random" and run.trained.quality]
    same = [(run.data.fingerprint, run.data.classes) for run in known]
    return [run for run, data in zip(known, same, strict=True) if data == same[0]]


def _confidence(mistakes: Sequence[Mistake]) -> float:
    return fmean(one.confidence for one in mistakes)


def never_predicted(quality: Quality, data: Data) -> Markdown:
    """The classes that no text was given, though some texts are of them, in a sentence; empty where there is none."""
    counts = np.array(quality.confusion)
    missed = [name for n, name in enumerate(data.classes) if counts[n].sum() and not counts[:, n].sum()]
    return Markdown(f"Never predicted: {listed(missed)}." if missed else "")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
