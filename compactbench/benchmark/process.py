"""Fresh processes: each measurement runs in an interpreter of its own, so that none leaves traces in the next.

A process loads its libraries as soon as it is made, while nobody waits, and then answers calls one at a time.
"""

import gc
import importlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from compactbench.benchmark.sweep import end_with_parent, follow
from compactbench.errors import one_line

T = TypeVar("T")
Made = ParamSpec("Made")
P = ParamSpec("P")
R = TypeVar("R")

_forking = multiprocessing.get_context("forkserver")
GOODBYE_S = 30.0
"""A process that is closed has so long to end by itself."""


class ProcessError(RuntimeError):
    """A fresh process ended, or raised; the message is one line, the whole story is in the run's log."""


class FreshProcess(Generic[Made, T]):
    """One object living in a process of its own.

    The libraries are imported there at once; `create` makes the object, `call` asks it.

    Args:
        factory: makes the object; a class or function of a module, found there by its name.
        log: file that takes the process's output.
        forked: start from a server that has already loaded the libraries of the first process of this kind, which takes
            milliseconds instead of seconds. For timing alone: shared pages would blur what memory a process takes.
        libraries: a module to import besides the factory's.
        limit_min: a process that has not answered after so many minutes is killed.

    Raises:
        ProcessError: the process could not be started.
    """

    def __init__(
        self,
        factory: Callable[Made, T],
        log: Path,
        forked: bool = False,
        libraries: str = "",
        limit_min: float = threading.TIMEOUT_MAX / 60,
    ) -> None:
        context = _forking if forked else multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        modules = [factory.__module__, *filter(None, [libraries])]
        _forking.set_forkserver_preload(["compactbench.benchmark.forkserver", *modules])  # read when the server starts
        given = (theirs, modules, factory.__qualname__, str(log))
        self._process = context.Process(target=_answer, args=given, daemon=True)
        try:
            _start(self._process)
        except (EOFError, ConnectionError) as lost:  # the server that it is forked from has ended
            raise ProcessError("the process could not be started (out of memory?)") from lost
        finally:
            theirs.close()
        self._ready, self._late = False, False
        self._log, self._limit_min = log, limit_min

    def ready(self) -> None:
        """Wait until the libraries are loaded.

        Raises:
            ProcessError: they cannot be loaded, or not in time.
        """
        if not self._ready:
            self._answer_to(None)
            self._ready = True

    def create(self, *arguments: Made.args, **named: Made.kwargs) -> "FreshProcess[Made, T]":
        """Make the object.

        Raises:
            ProcessError: its factory raised, or the process was killed or gave no answer in time.
        """
        self._ask("", arguments, named)
        return self

    def call(self, method: Callable[Concatenate[T, P], R], *arguments: P.args, **named: P.kwargs) -> R:
        """The result of the object's `method`, given as the function of its class.

        Raises:
            ProcessError: the method raised, or the process was killed or gave no answer in time.
        """
        return self._ask(method.__name__, arguments, named)

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self._connection.close()
        self._process.join(GOODBYE_S)
        self._process.kill()
        self._process.join()

    def __enter__(self) -> "FreshProcess[Made, T]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        self.ready()
        return self._answer_to((method, arguments, named))

    def _answer_to(self, question: tuple[str, tuple[Any, ...], dict[str, Any]] | None) -> Any:
        """The answer to `question`, or the first word of the process, that its libraries are loaded."""
        self._log.touch()  # its time of change says when this run last did something
        timer = threading.Timer(60 * self._limit_min, self._give_up)  # a stopped process may not even read
        timer.daemon = True
        timer.start()
        try:
            if question:
                self._connection.send(question)
            answer, error = self._connection.recv()
        except (EOFError, ConnectionError) as lost:
            self._process.join()
            late = f"did not answer within {self._limit_min:g} min"
            raise ProcessError(late if self._late else _ended(self._process.exitcode)) from lost
        finally:
            timer.cancel()
        if error is not None:
            raise ProcessError(error)
        return answer

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()


def _start(process: BaseProcess) -> None:
    """Start it, from another server where the one before has ended."""
    until = time.monotonic() + GOODBYE_S
    while True:
        try:
            process.start()
            return
        except ConnectionRefusedError:  # that one listens no more, and is taken to live until the system lets it go
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _answer(connection: Connection, modules: list[str], factory: str, log: str) -> None:
    """Import the modules, make the object, answer calls until the other side closes the connection."""
    parent = multiprocessing.parent_process()
    end_with_parent(lambda: parent is not None and parent.is_alive())
    follow()
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    made: Any = None

    def load() -> None:
        gc.disable()  # the search for garbage takes a seventh of the time of such imports, and they make none
        for module in modules:
            importlib.import_module(module)
        gc.freeze()  # a search through all that was imported would stop a measurement for a third of a second
        gc.enable()

    def create(*arguments: Any, **named: Any) -> None:
        nonlocal made
        make: Any = importlib.import_module(modules[0])
        for name in factory.split("."):
            make = getattr(make, name)
        made = make(*arguments, **named)

    def reply(
        function: Callable[..., Any], arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> None:
        try:
            connection.send((function(*arguments, **(named or {})), None))
        except Exception as error:  # it belongs to the caller, who names the stage
            traceback.print_exc()
            connection.send((None, one_line(error)))

    reply(load)
    while True:
        try:
            method, arguments, named = connection.recv()
        except EOFError:
            return
        reply(getattr(made, method) if method else create, arguments, named)


def _ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        hint = " (out of memory?)" if exitcode == -signal.SIGKILL else ""
        return f"the process was ended by {signal.Signals(-exitcode).name}{hint}"
    return f"the process ended by itself with exit code {exitcode}"
