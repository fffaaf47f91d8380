"""Does the peak memory of a fresh process agree with what `/usr/bin/time -v` says of one that does the same?

    python tests/agreement/memory_time.py ARTEFACT

The same work, loading ARTEFACT (a folder of models/) and classifying one batch, runs once as the benchmark does it and
once under GNU time. Both count libraries, so the whole peak is compared. The last line is the difference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from compactbench.benchmark.routes import SERVERS

from compactbench.benchmark.process import FreshProcess
from compactbench.parameters import load_suite

WORK = """
import sys
from pathlib import Path
from compactbench.runtimes.serve_torch import Server
Server(Path(sys.argv[1]), "fp32", "cpu", 1, 512).memory([sys.argv[2]] * 64)
"""


def main() -> None:
    """Print both peaks, then how far they are apart."""
    artefact, sentence = Path(sys.argv[1]), load_suite("starter").sentence
    with tempfile.TemporaryDirectory() as folder, FreshProcess(SERVERS["torch"], Path(folder) / "log") as server:
        found = server.create(artefact, "fp32", "cpu", 1, 512).call("memory", [sentence] * 64)
    ours = found.baseline_ram_mb + found.peak_ram_mb
    command = ["/usr/bin/time", "-f", "%M", sys.executable, "-c", WORK, str(artefact), sentence]
    theirs = (
        int(subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()[-1]) * 1024 / 1e6
    )
    print(f"benchmark {ours:.0f} MB, GNU time {theirs:.0f} MB")
    print(f"peak memory differs by {abs(ours / theirs - 1):.1%} (allowed: 5 %)")
    sys.exit(abs(ours / theirs - 1) > 0.05)


if __name__ == "__main__":
    main()
