"""What is said of single classes and single texts."""

from collections.abc import Sequence

import numpy as np

from compactbench.record import Data, Mistake, Quality
from compactbench.report.text.words import Markdown, listed, markdown, markdown_table

MOST = 10
"""Pairs of classes that are named."""


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
    counts = np.array(quality.confusion)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:MOST]
    pairs = [divmod(int(place), len(counts)) for place in order if counts.flat[place]]
    if not pairs:
        return Markdown("No test text was classified wrong.")
    rows = [[data.classes[true], data.classes[other], f"{counts[true, other]:,}"] for true, other in pairs]
    return markdown_table(["Class", "Was given", "Texts"], rows, "llr")


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


def never_predicted(quality: Quality, data: Data) -> Markdown:
    """The classes that no text was given, though some texts are of them, in a sentence; empty where there is none."""
    counts = np.array(quality.confusion)
    missed = [name for n, name in enumerate(data.classes) if counts[n].sum() and not counts[:, n].sum()]
    return Markdown(f"Never predicted: {listed(missed)}." if missed else "")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
