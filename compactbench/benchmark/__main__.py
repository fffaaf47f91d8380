"""Make the page of one run, as a process of the sweep: papermill's work on the template, alone on this host.

python -m compactbench.benchmark PAGE [--parts JSON] [papermill's options]
"""

import json
import os
import sys
from pathlib import Path

from compactbench.benchmark.sweep import join

join("making a report")  # before papermill's libraries are loaded, which takes a second

from papermill.__main__ import papermill  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

from compactbench.benchmark.attempt import PARTS, attempt  # noqa: E402
from compactbench.benchmark.host import a_gpu, on_host  # noqa: E402

page, options = Path(sys.argv[1]), sys.argv[2:]
if options[:1] == ["--parts"]:
    os.environ[PARTS], options = options[1], options[2:]


def make(aside: Path) -> None:
    """Execute the template as the page `aside`."""
    papermill(["notebooks/benchmark.ipynb", str(aside), *options], standalone_mode=False)


try:
    with on_host(exclusive=True, waiting=page.with_suffix(".log").touch):
        a_gpu()
        attempt(page, json.loads(os.environ.get(PARTS, "null")), make)
except PapermillExecutionError as error:
    print(error, file=sys.stderr)
    sys.exit(f"{error.ename}: {error.evalue}")  # the last line of the log, which the report reads
