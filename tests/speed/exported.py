"""How much sooner an exported model answers once its graph is rewritten, in fp32 and in int8.

    python tests/speed/exported.py ARTEFACT [--pairs 5]

ARTEFACT is a folder of models/ with its weights. The graph as torch exports it and the rewritten one classify the
sentence of 2021, tokenizing included, in pairs of fresh sessions; a line gives the ratio of their medians, as median
and range over the pairs. Where a new ONNX Runtime brings it to 1, the rewriting can go.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from transformers import AutoModelForSequenceClassification, AutoTokenizer

from compactbench.instruments.cpu import cores
from compactbench.instruments.session import timed_ms
from compactbench.parameters import load_suite
from compactbench.record import Precision
from compactbench.runtimes import Trained
from compactbench.runtimes.exports.onnx import PLAIN, export_fp32, quantize
from compactbench.runtimes.onnxruntime import OnnxPredictor, file_name

CALLS = 100


def main() -> None:
    """Export both graphs, and print a ratio for each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artefact")
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    network = AutoModelForSequenceClassification.from_pretrained(given.artefact)
    tokenizer = AutoTokenizer.from_pretrained(given.artefact)
    trained = Trained(network, tokenizer, [], max_length=network.config.max_position_embeddings)
    with tempfile.TemporaryDirectory() as rewritten, tempfile.TemporaryDirectory() as exported:
        export_fp32(trained, Path(rewritten), file_name("fp32"))
        shutil.copytree(rewritten, exported, dirs_exist_ok=True)
        shutil.copy(Path(exported, PLAIN), Path(exported, file_name("fp32")))
        for folder in (rewritten, exported):
            quantize(Path(folder, file_name("fp32")), Path(folder, file_name("int8")))
        precisions: tuple[Precision, ...] = ("fp32", "int8")
        for precision in precisions:
            ratios = []
            for pair in range(given.pairs):
                order = [exported, rewritten] if pair % 2 == 0 else [rewritten, exported]
                medians = {folder: median_ms(Path(folder), precision) for folder in order}
                ratios.append(medians[exported] / medians[rewritten])
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            print(f"{precision}: {statistics.median(ratios):.2f} times as fast ({spread} over {len(ratios)} pairs)")


def median_ms(folder: Path, precision: Precision) -> float:
    """The median of `CALLS` calls in a fresh session, ms."""
    classify = OnnxPredictor(folder, precision, cores())
    texts = [load_suite("starter").sentence]
    for _ in range(10):
        classify(texts)
    return statistics.median(timed_ms(classify, texts) for _ in range(CALLS))


if __name__ == "__main__":
    main()
