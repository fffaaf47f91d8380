"""Make the page of one run, as a process of the sweep: papermill's work on the template, then a rename.

python -m compactbench.benchmark PAGE [papermill's options]
"""

import os
import sys
from pathlib import Path

from compactbench.benchmark.sweep import join

join("making a report")  # before papermill's libraries are loaded, which takes a second

from papermill.__main__ import papermill  # noqa: E402

page = Path(sys.argv[1])
partial = page.with_name(f".{page.stem}.partial.ipynb")
try:
    papermill(["notebooks/benchmark.ipynb", str(partial), *sys.argv[2:]], standalone_mode=False)
    os.replace(partial, page)
finally:
    partial.unlink(missing_ok=True)
