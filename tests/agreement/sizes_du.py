"""Are the sizes in the records those that `du -b` counts?

    python tests/agreement/sizes_du.py RECORDS ARTEFACTS

Compares every record in one folder (book/runs/SUITE/MACHINE) with its artefact in another (models/SUITE/MACHINE). The
last line counts them.
"""

import subprocess
import sys
from pathlib import Path

from compactbench.foreign import line
from compactbench.record import Record
from compactbench.record.file import read


def main() -> None:
    """Print each model's two sizes; exit with 1 when any differ."""
    runs, artefacts = map(Path, sys.argv[1:])
    equal, paths = 0, sorted(runs.glob("*.json"))
    records = [record for record in map(read, paths) if isinstance(record, Record)]
    for record in records:
        files = record.trained.artefact.files if record.trained.artefact else {}
        ours, folder = sum(files.values()), artefacts / record.model
        command = ["du", "-b", *(folder / name for name in files)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        theirs = sum(int(line.split()[0]) for line in lines)
        equal += ours == theirs
        print(f"{line(record.model)}: benchmark {ours:,} bytes, du -b {theirs:,} bytes")
    print(f"{equal} of {len(records)} sizes are equal")
    sys.exit(equal != len(records))


if __name__ == "__main__":
    main()
