"""Does the time of an epoch, derived from a few steps, agree with that of a whole one?

    python tests/agreement/epoch.py [STEPS] [TEXTS] [MODEL] [PAIRS]

MODEL (minilm-l3) learns from TEXTS (all) of the starter's training texts for one epoch, then for STEPS (8), each in a
fresh process, PAIRS (5) times in turn: a few steps take a second, in which a shared machine may be in any state. The
last line is how far apart the two are in the median pair.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

from forecast import learn

ALLOWED = 0.05


def main() -> None:
    """Print both times of an epoch for each pair, then how far they are apart."""
    steps, texts, model, pairs = (*sys.argv[1:], *("8", "0", "minilm-l3", "5")[len(sys.argv) - 1 :])
    apart = [pair(int(steps), int(texts) or None, model) for _ in range(int(pairs))]
    print(f"epoch time differs by {median(apart):+.1%} (allowed: 5 %)")
    sys.exit(abs(median(apart)) > ALLOWED)


def pair(steps: int, texts: int | None, model: str) -> float:
    """How far the time of an epoch from a few steps is above that of a whole one, as a share of it."""
    with tempfile.TemporaryDirectory() as folder:
        whole, few = (
            learn(texts, model, Path(folder, name), **changes)
            for name, changes in {"whole": {"epochs": 1}, "few": {"max_steps": steps}}.items()
        )
    assert few.epoch_derived and not whole.epoch_derived
    by_steps = sum(few.step_s[2:]) / (few.steps - 2) * whole.steps
    print(
        f"an epoch of {whole.steps} steps: {whole.epoch_time_s:.1f} s; from {steps} steps: {few.epoch_time_s:.1f} s, "
        f"by their mean {by_steps:.1f} s"
    )
    return few.epoch_time_s / whole.epoch_time_s - 1


if __name__ == "__main__":
    main()
