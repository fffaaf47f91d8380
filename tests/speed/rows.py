"""How much memory a user's own file takes: loaded, split and tokenized, libraries included, in one fresh process.

    python tests/speed/rows.py ROWS

The rows stay on the disk, so a million take hardly more than a thousand; the last line is the peak (goal: 2,000 MB).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Write the file, let a fresh process read it as a run does, and print the peak last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.csv")
        with path.open("w", encoding="utf-8") as file:
            file.write("class,text\n")
            file.writelines(
                f"{n % 4},a short text of some words and {n % 977} more number {n}\n" for n in range(given.rows)
            )
        environment = os.environ | {"HF_DATASETS_CACHE": str(Path(folder, "cache"))}
        read = [sys.executable, "-c", f"from {Path(__file__).stem} import read; read()", str(path)]
        subprocess.run(read, cwd=Path(__file__).parent, env=environment, check=True)


def read() -> None:
    """Load, split and tokenize the file that the command line names."""
    from compactbench.classifiers import Task
    from compactbench.classifiers.transformer import Transformer
    from compactbench.data.load import load
    from compactbench.instruments.memory import peak_resident_mb
    from compactbench.parameters import load_model, load_suite

    path = Path(sys.argv[1])
    suite = load_suite("starter", {"dataset": {"path": str(path), "text": "text", "label": "class", "test_size": 0.2}})
    found, facts = load(suite)
    found.save_to_disk(path.with_name("splits"))
    task = Task(load_model("bert-tiny"), "random", suite, facts, path.with_name("splits"), "cpu", 2, seed=1)
    classifier = Transformer(task)
    print(f"{len(classifier.tokenized(classifier.train)):,} training texts, peak {peak_resident_mb():,.0f} MB")


if __name__ == "__main__":
    main()
