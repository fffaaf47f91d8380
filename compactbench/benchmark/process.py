"""Fresh processes: each measurement runs in an interpreter of its own, so that none leaves traces in the next.

A process loads its libraries as soon as it is made, while nobody waits, and then answers calls one at a time.
"""

import importlib
import multiprocessing
import os
import signal
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from compactbench.errors import one_line

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["compactbench.runtimes.serve_torch"])


class ProcessError(RuntimeError):
    """A fresh process ended, or raised; the message is one line, the whole story is in the run's log."""


class FreshProcess:
    """One object living in a process of its own.

    The module of `target` is imported there at once; `create` makes the object, `call` asks it.

    Args:
        target: class to make there, as `module:Class`.
        log: file that takes the process's output.
        forked: start from a server that has already loaded the libraries of `serve_torch`, which takes milliseconds
            instead of seconds. For timing alone: shared pages would blur what memory a process takes.
    """

    def __init__(self, target: str, log: Path, forked: bool = False) -> None:
        context = _forking if forked else multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, target, str(log)), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def ready(self) -> None:
        """Wait until the libraries are loaded.

        Raises:
            ProcessError: they cannot be loaded.
        """
        if not self._ready:
            self._receive()
            self._ready = True

    def create(self, *arguments: Any) -> "FreshProcess":
        """Make the object.

        Raises:
            ProcessError: its constructor raised, or the process was killed.
        """
        self.call("", *arguments)
        return self

    def call(self, method: str, *arguments: Any) -> Any:
        """The result of the object's `method`.

        Raises:
            ProcessError: the method raised, or the process was killed.
        """
        self.ready()
        self._connection.send((method, arguments))
        return self._receive()

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self._connection.close()
        self._process.join()

    def __enter__(self) -> "FreshProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self) -> Any:
        try:
            answer, error = self._connection.recv()
        except (EOFError, ConnectionError) as lost:
            self._process.join()
            raise ProcessError(_obituary(self._process.exitcode)) from lost
        if error is not None:
            raise ProcessError(error)
        return answer


def _answer(connection: Connection, target: str, log: str) -> None:
    """Import the module, make the object, answer calls until the other side closes the connection."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    module, name = target.split(":")
    made: Any = None

    def create(*arguments: Any) -> None:
        nonlocal made
        made = getattr(importlib.import_module(module), name)(*arguments)

    def reply(function: Any, arguments: tuple[Any, ...]) -> None:
        try:
            connection.send((function(*arguments), None))
        except Exception as error:  # it belongs to the caller, who names the stage
            traceback.print_exc()
            connection.send((None, one_line(error)))

    reply(lambda: importlib.import_module(module) and None, ())
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        reply(getattr(made, method) if method else create, arguments)


def _obituary(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        hint = " (out of memory?)" if exitcode == -signal.SIGKILL else ""
        return f"the process was ended by {signal.Signals(-exitcode).name}{hint}"
    return f"the process ended by itself with exit code {exitcode}"
