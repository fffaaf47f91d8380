"""Does the latency agree with `torch.utils.benchmark` in the same process?

    python tests/agreement/latency_torch.py ARTEFACT

The two take turns, so that a drift of the machine meets both alike. The last line is the difference of the medians.
"""

import statistics
import sys
from pathlib import Path

import torch.utils.benchmark

from compactbench.classifiers import Classifier
from compactbench.instruments.cpu import cores
from compactbench.instruments.processor import Processor
from compactbench.instruments.session import Session
from compactbench.parameters import load_suite
from compactbench.runtimes import Setup, installed

ROUNDS = 10


def main() -> None:
    """Print both medians, then how far they are apart."""
    sentence = load_suite("starter").sentence
    setup = Setup("torch", "fp32", "cpu", cores(), Classifier.network)
    predict = installed("torch").load(Path(sys.argv[1]), setup, max_length=512)
    session = Session(lambda: predict, Processor(), cores())
    timer = torch.utils.benchmark.Timer(
        "predict([sentence])", globals={"predict": predict, "sentence": sentence}, num_threads=cores()
    )
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours += session.latency(sentence, 20).samples_ms
        theirs.append(timer.timeit(20).median * 1e3)
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"benchmark {mine:.3f} ms, torch.utils.benchmark {other:.3f} ms")
    print(f"latency differs by {abs(mine / other - 1):.1%} (allowed: 10 %)")
    sys.exit(abs(mine / other - 1) > 0.10)


if __name__ == "__main__":
    main()
