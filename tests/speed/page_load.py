"""How much work the index of a built site makes for a browser, and how soon its first chart is drawn.

    python tests/speed/page_load.py SITE [--visits 5]

SITE is the folder with the site's index.html. Each visit has a browser context of its own, so nothing is cached, and
ends when all charts are drawn. The last line holds the medians and ranges over the visits (goals: at most 1.2 s of the
main thread's CPU time, and the first chart within 1.0 s, on a quiet core).
"""

import argparse
import functools
import http.server
import statistics
import sys
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.browser import CHROMIUM, DRAWN, FLAGS, WIDE

FIRST_CHART = """new MutationObserver((_, watching) => {
  if (!document.querySelector("figure.chart[data-drawn]")) return;
  window.FIRST_CHART = performance.now();
  watching.disconnect();
}).observe(document, { subtree: true, attributeFilter: ["data-drawn"] })"""


def main() -> None:
    """Visit the index and print the medians last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--visits", type=int, default=5)
    given = parser.parse_args()
    handler = functools.partial(Quiet, directory=str(given.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visits = [visit(browser, f"http://127.0.0.1:{server.server_port}/index.html") for _ in range(given.visits)]
        server.shutdown()
    busy, first = zip(*visits, strict=True)
    print(f"main thread {spread(busy)}, first chart after {spread(first)}, median of {len(visits)}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that writes no line for each request."""

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def visit(browser: Any, address: str) -> tuple[float, float]:
    """The CPU time of the page's main thread until all charts are drawn, and when the first one was, s."""
    page = browser.new_context(viewport=WIDE).new_page()
    page.add_init_script(FIRST_CHART)
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU time: a neighbour's turns do not count
    page.goto(address)
    page.wait_for_function(DRAWN)
    page.wait_for_load_state("networkidle")
    metrics = {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
    busy, first = metrics["TaskDuration"], page.evaluate("FIRST_CHART") / 1000
    print(f"main thread {busy:.2f} s, first chart after {first:.2f} s", flush=True)
    page.context.close()
    return busy, first


def spread(seconds: tuple[float, ...]) -> str:
    """Median and range: "0.91 s (0.88 to 1.02)"."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
