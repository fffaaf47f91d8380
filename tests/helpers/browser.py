"""A visitor of the site: Chromium with the network cut.

No request is routed to do so: a routed page keeps nothing in the browser's cache, and loads plotly anew each time.
"""

import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
WIDE = {"width": 1280, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Links(HTMLParser):
    """The addresses that a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


@dataclass
class Visit:
    """A visitor with the network cut, who notes everything that goes wrong."""

    page: Any
    address: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        page.on("request", lambda request: self._only_the_site(request.url))
        page.on("console", lambda said: said.type in ("error", "warning") and self._note(said.text))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("requestfailed", lambda request: self._note(f"failed: {request.url}"))
        page.on("response", lambda got: got.status >= 400 and self._note(f"{got.status}: {got.url}"))

    def _note(self, what: str) -> None:
        self.wrong.append(f"{self.page.url.removeprefix(self.address)}: {what}")

    def _only_the_site(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self._note(f"asked elsewhere: {url}")

    def open(self, path: str) -> None:
        """Open a page and wait until its charts are drawn or say why not."""
        self.page.goto(self.address + path)
        self.page.wait_for_function(
            "[...document.querySelectorAll('figure.chart')]"
            ".every(chart => chart.dataset.drawn || chart.querySelector('.chart-refused'))"
        )

    def ask(self, expression: str) -> Any:
        """The value of some JavaScript on the page."""
        return self.page.evaluate(expression)
