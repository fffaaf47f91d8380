"""Does the peak memory of a fresh process agree with what `/usr/bin/time -v` says of one that does the same?

    python tests/agreement/memory_time.py ARTEFACT

The same work, loading ARTEFACT (a folder of models/) and classifying one batch, runs once as the benchmark does it and
once under GNU time. Both count libraries, so the whole peak is compared, without the part of the weights' file that no
text touched. The last line is the difference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from compactbench.benchmark.process import FreshProcess
from compactbench.instruments.session import Session
from compactbench.runtimes import Setup, open_session

WORK = """
import sys
from pathlib import Path
from compactbench.runtimes import Setup, open_session
open_session(Setup("torch", "fp32", "cpu", 1, sys.argv[3]), Path(sys.argv[1]), 512).memory([sys.argv[2]] * 64)
"""


def main() -> None:
    """Print both peaks, then how far they are apart."""
    from compactbench.classifiers import Classifier  # here: the measured process imports this file too
    from compactbench.parameters import load_suite

    artefact, sentence = Path(sys.argv[1]), load_suite("starter").sentence
    setup = Setup("torch", "fp32", "cpu", 1, Classifier.network)
    with (
        tempfile.TemporaryDirectory() as folder,
        FreshProcess(open_session, Path(folder, "log"), libraries="compactbench.runtimes.torch") as process,
    ):
        memory = process.create(setup, artefact, 512).call(Session.memory, [sentence] * 64)
    assert memory.untouched_mb is not None
    ours = memory.baseline_ram_mb + memory.peak_ram_mb - memory.untouched_mb
    command = ["/usr/bin/time", "-f", "%M", sys.executable, "-c", WORK, str(artefact), sentence, setup.network]
    theirs = (
        int(subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()[-1]) * 1024 / 1e6
    )
    print(f"benchmark {ours:.0f} MB, GNU time {theirs:.0f} MB")
    print(f"peak memory differs by {abs(ours / theirs - 1):.1%} (allowed: 5 %)")
    sys.exit(abs(ours / theirs - 1) > 0.05)


if __name__ == "__main__":
    main()
