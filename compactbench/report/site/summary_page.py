"""The summary page: executed anew where it is not of what lies there now, while Sphinx reads the other pages."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

from compactbench.record.file import FINISHED
from compactbench.record.samples import SAMPLES
from compactbench.report.charts.live import LIVE
from compactbench.report.site.changes import is_made_from, report_code, sign, stamp
from compactbench.report.tables.collect import entries
from compactbench.report.tables.index import of_book
from compactbench.report.text.then_and_now import QUOTED

PAGE = "summary"
TEMPLATE = "notebooks/summary.ipynb"

log = logging.getLogger(__name__)


class SummaryPage:
    """Its execution in a build: begun when the settings are read, awaited when the page is."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self, app: Sphinx, config: Config) -> None:
        """Begin to execute the notebook when its page is missing or broken, or not of the records that lie there."""
        book = Path(app.srcdir)
        self._page, self._partial = book / f"{PAGE}.ipynb", book / f".{PAGE}.ipynb"
        config.exclude_patterns += [self._partial.name]  # it may be there before Sphinx has looked for pages
        root, runs = book.parent, book / "runs"
        records = [path for path in entries(runs) if path.name.endswith((FINISHED, SAMPLES))]
        self._made_from = stamp([root / TEMPLATE, book / QUOTED, *report_code(root), *records], root)
        if not of_book(book).runs or is_made_from(self._page, self._made_from):
            return
        log.info("the summary is missing or out of date: executing %s", TEMPLATE)
        if not self._page.exists():
            shutil.copyfile(root / TEMPLATE, self._page)  # stands in for it: Sphinx looks now which pages there are
        papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "--kernel", "python3"]
        papermill += ["--no-request-save-on-cell-execute"]  # it would write the page twice a cell
        paths = [TEMPLATE, str(self._partial.relative_to(root))]  # relative: papermill writes them into the notebook
        environment = {name: value for name, value in os.environ.items() if name not in LIVE}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  it goes with the build
        self._running = subprocess.Popen(
            [*papermill, *paths], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=self._said
        )
        atexit.register(self._running.kill)  # where the build ends before it

    def outdated(self, *_: Any) -> list[str]:
        """The page while it is being executed: Sphinx must read it, whatever its file looks like now."""
        return [PAGE] if self._running else []

    def fill_in(self, app: Sphinx, page: str, source: list[str]) -> None:
        """Wait until the page is executed, and put it in the place of the `source` that Sphinx has read.

        Raises:
            ExtensionError: the notebook did not run to its end; the message ends with its error.
        """
        if page != PAGE or self._running is None:
            return
        if self._running.wait():
            self._said.seek(0)
            said = self._said.read().decode("utf-8", "replace")
            raise ExtensionError(f"{TEMPLATE} did not run to its end:\n{said[-2000:]}")
        self._running = None
        sign(self._partial, self._made_from)
        self._partial.replace(self._page)  # now that it is whole: half of it never passes for the page
        env: Any = app.env
        env.compactbench_stamps[PAGE] = stamp([self._page], Path(app.srcdir))
        source[0] = self._page.read_text("utf-8")
