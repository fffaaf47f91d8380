"""What several tests share."""

import functools
import http.server
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.browser import CHROMIUM, FLAGS, WIDE, Visit
from helpers.card import FIRST, Cuda, Nvml
from helpers.project import Project

from compactbench.benchmark.host import FOLDER

# tests run beside each other, here and in all that they start: a thread that waits leaves its core to them, and who is
# not told how many threads to take has one (else a fit of the baseline takes ten times as long: OpenBLAS spins)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# the runs of tests that run beside each other wait for none of another's: each tester is taken for a host of its own
os.environ["SLURMD_NODENAME"] = f"tests-{os.getpid()}"
# a shell that starts the tests in the background has them, and all that they start, ignore these
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests go first: where a slow one came last, all other cores would wait for it."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_sessionfinish() -> None:
    """Remove the lock of the host that this tester was."""
    (FOLDER / f"compactbench-host-{os.environ['SLURMD_NODENAME']}.lock").unlink(missing_ok=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return Project(tmp_path)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a stand-in in NVML's place, and one that shows cards of these UUIDs in that of CUDA's driver."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # the driver alone decides; what `claim` sets is taken back
    monkeypatch.setattr("compactbench.instruments.gpu.time.sleep", lambda _: None)

    def put(nvml: Nvml, *shown: str) -> None:
        monkeypatch.setattr("compactbench.instruments.gpu.pynvml", nvml)
        monkeypatch.setattr("compactbench.instruments.gpu.cuda_driver", lambda: Cuda(*(shown or (FIRST,))))

    return put


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; without one the test is skipped, unless it is said to be required."""
    if CHROMIUM is None:
        reason = "no Chromium on this machine: the site was not looked at in a browser"
        if os.environ.get("COMPACTBENCH_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """The book `made_up` or `reference`, built when first asked for; who changes one puts it back as it was."""
    from helpers.book_factory import built

    return functools.cache(lambda kind: built(kind, tmp_path_factory.mktemp(kind)))


@pytest.fixture
def address(book: Any) -> Iterator[str]:
    """Where the module's `book` is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # one connection for many requests

        def log_message(self, *_: Any) -> None: ...

    handler = functools.partial(Quiet, directory=str(book.html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Visit]:
    """A visitor of that site."""
    context = chromium.new_context(viewport=WIDE, color_scheme="light")
    yield Visit(context.new_page(), address)
    context.close()
