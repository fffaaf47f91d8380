"""Show the site at a local address."""

import argparse
import contextlib
import functools
import http.server

from compactbench import ROOT
from compactbench.commands.site import SITE
from compactbench.settings import SettingsError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to listen."""
    parser.add_argument("--port", type=int, default=8000, help="a number from 0 to 65535 (default: %(default)s)")


def run(given: argparse.Namespace) -> int:
    """Serve the site until Ctrl-C.

    Raises:
        SettingsError: there is no site yet, or the port cannot be had.
    """
    if not (ROOT / SITE / "index.html").is_file():
        raise SettingsError(f"There is no site yet in {SITE}: `make site` builds it from the runs that exist.")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=ROOT / SITE)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), handler)
    except (OSError, OverflowError) as error:
        text = f"Port {given.port} cannot be had ({error}): choose another one, as in `make serve PORT=8001`."
        raise SettingsError(text) from error
    print(f"http://localhost:{server.server_port}/", flush=True)
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0
