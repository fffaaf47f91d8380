"""The command that builds the site, for `make site` and for the Snakefile."""

import sys

JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # its script names an interpreter by its path
BUILDER = [
    *(sys.executable, "-c", f"from compactbench.benchmark.sweep import join; join('making a report'); {JUPYTER_BOOK}"),
    *("build", "book/", "-W", "-n", "--keep-going"),
]
"""It takes part in the sweep that started it, or begins one."""
