"""How much faster the fine-tune is than the procedure of 2021, on the same texts and machine.

    python tests/speed/finetune.py [--texts starter|long] [--pairs 3] [--steps 90] [--model minilm-l6]

Both procedures learn in fresh processes, one after the other, in pairs; the last line is the ratio of their times per
step, as median and range over the pairs. Each learns one whole epoch over as many texts as --steps batches hold: part
of one would compare different texts, because grouping by length begins with the longest. `long` has texts of AG News's
lengths (mean 53 tokens, longest 277), cut from the starter's words.
"""

import argparse
import random
import statistics
import tempfile
from pathlib import Path

from datasets import Dataset, DatasetDict

from compactbench.benchmark.process import FreshProcess
from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task
from compactbench.classifiers.transformer import Transformer
from compactbench.data.load import fewer, load
from compactbench.instruments.cpu import cores
from compactbench.parameters import load_model, load_suite

MEAN_WORDS, LONGEST_WORDS = 41, 215
"""Words that come to 53 and 277 tokens with the BERT vocabulary; the script prints what they come to."""


def main() -> None:
    """Run the pairs and print the ratio last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", choices=["starter", "long"], default="starter")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=90)
    parser.add_argument("--model", default="minilm-l6")
    given = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        splits, facts = load(load_suite("starter"))
        splits = at_length_of_ag_news(splits) if given.texts == "long" else splits
        splits["train"] = fewer(splits["train"], given.steps * load_suite("starter").batch_size, seed=0)
        splits.save_to_disk(folder)
        for pair in range(given.pairs):
            seconds = {}
            for procedure in (2021, "fast") if pair % 2 == 0 else ("fast", 2021):
                settings = {"suite": "starter", "procedure": procedure, "epochs": 1.0}
                suite = load_suite("starter", settings)
                task = Task(load_model(given.model), "pretrained", suite, facts, Path(folder), "cpu", cores(), seed=42)
                seconds[procedure], told = learn(task, splits["train"], judged=given.texts == "starter")
                print(f"{procedure}: {seconds[procedure]:.3f} s a step, {told}", flush=True)
            ratios.append(seconds[2021] / seconds["fast"])
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{statistics.median(ratios):.2f} times as fast as 2021 (median of {len(ratios)} pairs, {spread})")


def learn(task: Task, train: Dataset, judged: bool) -> tuple[float, str]:
    """Seconds a step of one fine-tune in a fresh process, and what it learned from; judged, how well, too."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FreshProcess(Transformer, Path(folder, "log")).create(task) as process,
    ):
        rows = process.call(Transformer.tokenized, train)
        finetune = process.call(Transformer.finetune, Path(folder, "model"), None, of_template())
        accuracy = f", accuracy {process.call(Transformer.quality)[0].accuracy:.3f}" if judged else ""
    lengths = [len(ids) for ids in rows["input_ids"]]
    told = f"{statistics.mean(lengths):.0f} tokens in the mean, {max(lengths)} at most{accuracy}"
    return finetune.time_s / finetune.steps, told


def at_length_of_ag_news(splits: DatasetDict) -> DatasetDict:
    """The same number of texts, made of the training texts' own words, with lengths spread like those of AG News."""
    words = " ".join(splits["train"]["text"]).split()
    draw = random.Random(0)

    def text(_: dict[str, str], row: int) -> dict[str, str]:
        count = LONGEST_WORDS if row == 0 else min(LONGEST_WORDS, max(8, round(draw.lognormvariate(3.68, 0.3))))
        start = draw.randrange(len(words) - count)
        return {"text": " ".join(words[start : start + count])}

    return DatasetDict({name: split.map(text, with_indices=True) for name, split in splits.items()})


if __name__ == "__main__":
    main()
