"""Does a fine-tune with few texts foretell time and memory of one with many?

    python tests/agreement/forecast.py [FEW] [MANY] [MODEL]

MODEL (minilm-l3) learns from FEW (400) of the starter's training texts, then from MANY (1,400), each in a fresh process
with all else as the suite says; what the first foretells is held against the second. The last line is the difference.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from compactbench.benchmark.process import FreshProcess
from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task
from compactbench.classifiers.transformer import Transformer
from compactbench.data.load import load
from compactbench.instruments.cpu import cores
from compactbench.parameters import load_model, load_suite
from compactbench.record import Finetune

ALLOWED = 0.15


def main() -> None:
    """Print both fine-tunes, then how far the forecast is off."""
    few, many, model = (*sys.argv[1:], *("400", "1400", "minilm-l3")[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        known, real = (learn(int(count), model, Path(folder, count)) for count in (few, many))
    told = known.time_for(real.samples), known.peak_ram_for(real.samples)
    found = real.time_s, real.baseline_ram_mb + real.peak_ram_mb
    print(f"{known.samples} texts: {known.time_s:.1f} s, {real.samples}: {found[0]:.1f} s, foretold {told[0]:.1f} s")
    print(f"memory {found[1]:,.0f} MB, foretold {told[1]:,.0f} MB")
    time, memory = (one / other - 1 for one, other in zip(told, found, strict=True))
    print(f"forecast of {many} texts: time off by {time:+.1%}, memory by {memory:+.1%} (allowed: 15 %)")
    sys.exit(max(abs(time), abs(memory)) > ALLOWED)


def learn(labels: int | None, model: str, folder: Path, **changes: Any) -> Finetune:
    """One fine-tune with so many training texts, in a fresh process; `changes` are keys of the starter."""
    suite = load_suite("starter", {"suite": "starter", **changes})
    splits, data = load(suite)
    splits.save_to_disk(folder / "splits")
    task = Task(load_model(model), "pretrained", suite, data, folder / "splits", "cpu", cores(), seed=42, labels=labels)
    with FreshProcess(Transformer, folder / "log").create(task) as process:
        process.call(Transformer.build)
        return process.call(Transformer.finetune, folder / "model", None, of_template())


if __name__ == "__main__":
    main()
