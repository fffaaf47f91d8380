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
FOLLOWED = """theme => {
  const text = getComputedStyle(document.documentElement).getPropertyValue("--chart-text").trim();
  const charts = [...document.querySelectorAll("figure.chart .chart-canvas")];
  return document.documentElement.dataset.theme === theme && charts.every(chart => chart.layout.font.color === text);
}"""
"""Whether the page took the theme, and its charts the theme's colour."""
DRAWN = """() => [...document.querySelectorAll("figure.chart")]
  .every(chart => chart.dataset.drawn || chart.querySelector(".chart-refused"))"""
"""Whether each chart is drawn or says why not. A function: the pages' policy forbids to evaluate a mere text again."""
HEIGHTS = """() => { window.DRAWN = new Map([...document.querySelectorAll("figure.chart[data-drawn] .chart-canvas")]
  .map(chart => [chart, chart._fullLayout.height])) }"""
FITS = """() => document.documentElement.scrollWidth <= innerWidth
  && [...document.querySelectorAll("figure.chart[data-drawn] .chart-canvas")].every(chart =>
    Math.abs(chart._fullLayout.width - chart.clientWidth) < 2 && chart._fullLayout.height === DRAWN.get(chart))"""
"""Whether the page is as wide as its window, and its charts were drawn again for it, as high as they were before."""
MARKS = """document.querySelector("#chart-SLUG .chart-canvas").data
  .filter(trace => trace.customdata)
  .flatMap(trace => trace.customdata.map((model, i) =>
    ({model, x: trace.x[i], y: trace.y[i], strip: trace.yaxis === "y2"})))"""
"""The marks that a chart draws, as its script holds them."""
OVERLAPS = """[...document.querySelectorAll("figure.chart")].flatMap(chart => {
  const texts = [...chart.querySelectorAll(".textpoint text, .ytick text")];
  const boxes = texts.map(text => text.getBoundingClientRect());
  const apart = (a, b) => a.right - 1 < b.left || b.right - 1 < a.left || a.bottom - 2 < b.top || b.bottom - 2 < a.top;
  return boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b, j) =>
    apart(a, b) ? [] : [[texts[i].textContent, texts[i + 1 + j].textContent]]));
})"""
"""Names beside marks, and numbers of the accuracy axis, that are written over one another."""


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
        self.page.wait_for_function(DRAWN)

    def ask(self, expression: str) -> Any:
        """The value of some JavaScript on the page."""
        return self.page.evaluate(expression)
