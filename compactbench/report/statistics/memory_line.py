"""How much memory a fine-tune takes with another batch size, and the largest batch that fits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compactbench.record import MemoryPoint

ALLOWED = 0.05
"""A line that is further off the point that it is held against, as a share of it, foretells nothing."""


@dataclass(frozen=True)
class MemoryLine:
    """Peak memory as a + b x batch x length, by least squares.

    Args:
        base_mb: a, whatever the batch, MB.
        token_mb: b, of each token of a batch, MB.
        tokens: length of the texts that it was measured with.
        held: the point that it is held against, larger than all that it was fitted to.
    """

    base_mb: float
    token_mb: float
    tokens: int
    held: MemoryPoint

    @property
    def foretold_mb(self) -> float:
        """What the line says of the point that it is held against, MB."""
        return self.base_mb + self.token_mb * self.held.batch_size * self.tokens

    @property
    def error(self) -> float:
        """How far that is from what was measured, as a share of it."""
        return self.foretold_mb / self.held.peak_mb - 1

    @property
    def holds(self) -> bool:
        """Whether other batch sizes may be foretold by it."""
        return abs(self.error) <= ALLOWED

    def largest_batch(self, gigabytes: float) -> int:
        """Texts in the largest batch that fits into so many GB (10^9 bytes); 0 where none does."""
        return max(0, int((1000 * gigabytes - self.base_mb) / (self.token_mb * self.tokens)))


def memory_line(points: Sequence[MemoryPoint]) -> MemoryLine | None:
    """The line through all points but the largest; None with fewer than three, or where memory does not grow.

    They have one length: attention's memory grows with its square, so b holds for that length, and is less for shorter
    texts.
    """
    if len(points) < 3:
        return None
    *fitted, held = sorted(points, key=lambda point: point.batch_size)
    token_mb, base_mb = np.polyfit([one.batch_size * one.tokens for one in fitted], [one.peak_mb for one in fitted], 1)
    grows = token_mb > 1e-6  # a byte a token; less is rounding
    return MemoryLine(float(base_mb), float(token_mb), held.tokens, held) if grows else None
