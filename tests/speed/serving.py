"""How much faster the int8 artefact answers with ONNX Runtime than a plain transformers pipeline does.

    python tests/speed/serving.py ARTEFACT [--pairs 5]

ARTEFACT is a folder of models/ with its int8 file. Both classify the sentence of 2021, tokenizing included, in fresh
processes, in pairs; the last line is the ratio of their medians, as median and range over the pairs.
"""

import argparse
import statistics
import subprocess
import sys

from compactbench.instruments.cpu import cores
from compactbench.parameters import load_suite

CALLS = 60
WORK = {
    "pipeline": "from transformers import pipeline; classify = pipeline('text-classification', sys.argv[1])",
    "int8": "from pathlib import Path; from compactbench.runtimes.onnxruntime import OnnxPredictor; "
    "classify = OnnxPredictor(Path(sys.argv[1]), 'int8', int(sys.argv[3]))",
}
TIMED = """
import statistics, sys
from compactbench.instruments.session import timed_ms
{load}
given = [sys.argv[2]] if {listed} else sys.argv[2]
[classify(given) for _ in range(5)]
print(statistics.median(timed_ms(classify, given) for _ in range({calls})))
"""


def main() -> None:
    """Run the pairs and print the ratio last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artefact")
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    ratios = []
    for pair in range(given.pairs):
        order = list(WORK) if pair % 2 == 0 else list(WORK)[::-1]
        medians = {runtime: median_ms(runtime, given.artefact) for runtime in order}
        ratios.append(medians["pipeline"] / medians["int8"])
        print(f"pipeline {medians['pipeline']:.2f} ms, int8 {medians['int8']:.2f} ms", flush=True)
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    print(f"{statistics.median(ratios):.1f} times as fast as the pipeline (median of {len(ratios)} pairs, {spread})")


def median_ms(runtime: str, artefact: str) -> float:
    """The median of `CALLS` calls in a fresh process, ms."""
    code = TIMED.format(load=WORK[runtime], listed=runtime == "int8", calls=CALLS)
    command = [sys.executable, "-c", code, artefact, load_suite("starter").sentence, str(cores())]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
