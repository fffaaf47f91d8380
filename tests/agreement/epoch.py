"""Does the time of an epoch, derived from a few steps, agree with that of a whole one?

    python tests/agreement/epoch.py [STEPS] [TEXTS] [MODEL]

MODEL (minilm-l3) learns from TEXTS (all) of the starter's training texts for one epoch, then for STEPS (8), each in a
fresh process. The last line is the difference.
"""

import sys
import tempfile
from pathlib import Path

from forecast import learn

ALLOWED = 0.05


def main() -> None:
    """Print both times of an epoch, then how far they are apart."""
    steps, texts, model = (*sys.argv[1:], *("8", "0", "minilm-l3")[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        whole, few = (
            learn(int(texts) or None, model, Path(folder, name), **changes)
            for name, changes in {"whole": {"epochs": 1}, "few": {"max_steps": int(steps)}}.items()
        )
    assert few.epoch_derived and not whole.epoch_derived
    print(f"an epoch of {whole.steps} steps: {whole.epoch_time_s:.1f} s; from {steps} steps: {few.epoch_time_s:.1f} s")
    by_steps = sum(few.step_s[2:]) / (few.steps - 2) * whole.steps
    print(f"by the mean of those steps it would have been {by_steps:.1f} s")
    apart = few.epoch_time_s / whole.epoch_time_s - 1
    print(f"epoch time differs by {apart:+.1%} (allowed: 5 %)")
    sys.exit(abs(apart) > ALLOWED)


if __name__ == "__main__":
    main()
