"""Which languages the texts are in."""

from collections import Counter
from collections.abc import Sequence

SAMPLE = 500
"""Texts that are looked at."""
RARE = 0.1
"""A language of fewer texts than this share is not told: single short texts are often mistaken."""
NONE = "zxx"
"""The code of ISO 639 for what is in no language, such as pictures alone."""


def languages(texts: Sequence[str]) -> dict[str, float]:
    """The share of texts in each language that at least a tenth of them are in, by its ISO 639 code, largest first.

    Args:
        texts: of which every nth is looked at.
    """
    import py3langid  # a third of a second: only where texts are read

    looked_at = texts[:: max(1, len(texts) // SAMPLE)]
    found = Counter(py3langid.classify(text)[0] for text in looked_at)
    shares = {code: count / len(looked_at) for code, count in found.most_common() if code != NONE}
    return {code: share for code, share in shares.items() if share >= RARE}
