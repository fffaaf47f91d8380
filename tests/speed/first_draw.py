"""How soon the table of every runtime and the chooser are drawn where there are many runs, and how soon they answer.

    python tests/speed/first_draw.py SITE [--runs 10000] [--chosen 300] [--visits 5]

SITE is the folder with the index.html of this checkout's site. In a copy the table gets the rows of so many runs of
many_runs.py, and the chooser its first ones, as their directives would make them. Each visit has a browser context of
its own, so nothing is cached. The last lines hold the medians and ranges over the visits (goals: each page is drawn
within 3 s; the table sorts and filters, and the chooser answers to a limit, within 0.2 s, on a quiet core).
"""

import argparse
import functools
import http.server
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from many_runs import copied, made_up
from page_load import Quiet, spread
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.browser import CHROMIUM, FLAGS, WIDE

from compactbench.record import Record
from compactbench.report.site.chooser import chooser_html
from compactbench.report.site.every_runtime import every_runtime, write_rows
from compactbench.report.tables.index import Index
from compactbench.report.tables.summaries import summary

TABLE = re.compile('<div class="every-runtime".*?</table></div></div>', re.DOTALL)
CHOOSER = re.compile('<div class="chooser">.*?</table></div></div></div>', re.DOTALL)
FIRST_DRAW = """const painted = (then) => requestAnimationFrame(() => setTimeout(then));
const look = () => document.querySelector(":is(.every-runtime, .chooser) [role=status]")?.textContent
  ? painted(() => { window.FIRST_DRAW = performance.now(); }) : requestAnimationFrame(look);
look();"""
"""Notes when the script's first answer is on the screen: a number of rows, or what to take."""
ACT = """([name, act]) => new Promise((done) => {
  const found = document.querySelector(name);
  const before = performance.now();
  if (act === "click") found.click();
  else {
    found.value = act;
    for (const event of ["input", "change"]) found.dispatchEvent(new Event(event, { bubbles: true }));
  }
  requestAnimationFrame(() => setTimeout(() => done((performance.now() - before) / 1000)));
})"""
"""Clicks an element, or enters a value into it; gives the seconds until what follows is on the screen."""
VISITS = {
    "results.html": {
        "sorted by a number": (".every-runtime [data-column=throughput_sentences_per_s] button", "click"),
        "sorted by a text": (".every-runtime [data-column=model] button", "click"),
        "filtered": (".every-runtime [type=search]", "model 7"),
    },
    "choose.html": {
        "limited in latency": ("#limit-cpu_latency_p95_ms", "5"),
        "limited in size": ("#limit-artefact_size_mb", "30"),
        "another data set": (".chooser select[name=suite]", "suite-1"),
    },
}
"""What a visitor does on each page, in turn."""


def main() -> None:
    """Make the pages, visit them and print the medians last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--chosen", type=int, default=300)
    parser.add_argument("--visits", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(shutil.copytree(given.site, Path(folder, "site")))
        fill(site, given.runs, given.chosen)
        handler = functools.partial(Quiet, directory=str(site))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            address = f"http://127.0.0.1:{server.server_port}"
            for page in VISITS:
                visits = [visit(browser, address, page) for _ in range(given.visits)]
                told = "; ".join(f"{what} {spread([one[what] for one in visits])}" for what in visits[0])
                print(f"{page}: {told}, median of {len(visits)}", flush=True)
            server.shutdown()


def fill(site: Path, runs: int, chosen: int) -> None:
    """Put the rows of so many runs into the table, and those chosen into the chooser."""
    records = list(made_up_records(chosen))
    started = time.perf_counter()
    choose = chooser_html(records, {})
    print(f"the chooser of {chosen} runs is made in {time.perf_counter() - started:.1f} s", flush=True)
    replace(site / "choose.html", CHOOSER, choose)
    book = Index(site, [summary(record) for record in made_up_records(runs)], [], [])
    rows = len(book.results), len(book.runtimes)
    started = time.perf_counter()
    table = every_runtime(book, set())
    write_rows(book, set(), site)
    print(f"the table of {rows[0]} runs, {rows[1]} rows, is made in {time.perf_counter() - started:.1f} s", flush=True)
    replace(site / "results.html", TABLE, table)


def made_up_records(runs: int) -> Iterator[Record]:
    """So many runs, always the same."""
    template, chance = copied(), random.Random(0)
    for number in range(runs):
        yield Record.model_validate(made_up(template, number, chance))


def replace(page: Path, part: re.Pattern[str], by: str) -> None:
    """Put `by` in the place of the one part of the page that looks so."""
    text, found = part.subn(lambda _: by, page.read_text("utf-8"))
    assert found == 1, f"{page.name} has {found} of {part.pattern}"
    page.write_text(text, "utf-8")


def visit(browser: Any, address: str, name: str) -> dict[str, float]:
    """Seconds until the page is drawn, and until each thing that is done there has its answer."""
    page = browser.new_context(viewport=WIDE).new_page()
    page.add_init_script(FIRST_DRAW)
    page.goto(f"{address}/{name}")
    page.wait_for_function("() => window.FIRST_DRAW")
    seconds = {"drawn": page.evaluate("FIRST_DRAW") / 1000}
    seconds |= {what: page.evaluate(ACT, list(act)) for what, act in VISITS[name].items()}
    page.context.close()
    return seconds


if __name__ == "__main__":
    main()
