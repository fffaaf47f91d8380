"""One sweep at a time in the project's folder, and nothing of it left behind.

A sweep is all that one command starts: the report, Snakemake, each run, the run's kernel, the processes that measure.
Each of them holds a shared lock on one file as long as it lives, and the sweep began with an exclusive one: so none
begins while anything of another is alive. On Linux each is killed when the process that started it ends. What they
write aside lies in one folder, which is cleared when a sweep ends and before the next begins.

A sweep may submit jobs to Slurm. Each is a sweep of its own, on its own host and in a folder of its own, and may
outlive the one that submitted it: `queue` tells whether any is left.
"""

import atexit
import contextlib
import ctypes
import fcntl
import json
import multiprocessing.forkserver
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from compactbench import ROOT
from compactbench.settings import SettingsError

TOKEN, PARENT = "COMPACTBENCH_SWEEP", "COMPACTBENCH_PARENT"
"""Variables: which sweep a process belongs to, as the lock's file names it, and which process started it."""
FOLDER = ROOT / ".sweep"
JOB = "job-"
"""Start of the names of folders in it that belong to jobs."""
SOCKETS = "compactbench-"
"""Start of a folder's name in the system's own TMPDIR: the path of a socket has room for about 100 bytes."""
DYING_S = 5.0
"""What a killed sweep leaves is gone within moments; so long a new one waits for that."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Holder:
    """Who began a sweep: the content of the lock's file, empty after a sweep that ended well."""

    host: str
    pid: int
    since: str
    doing: str
    sockets: str
    place: str | None = None
    folder: str = ""


def place() -> str | None:
    """Where Slurm started this process, as <job>-<how often it was begun before>-<step>; None outside of a job."""
    if "SLURM_JOB_ID" not in os.environ:
        return None
    job, step = os.environ["SLURM_JOB_ID"], os.environ.get("SLURM_STEP_ID", "batch")
    return f"{job}-{os.environ.get('SLURM_RESTART_COUNT', '0')}-{step}"


def _arrived() -> str:
    """Name of the folder in `FOLDER` where this process's sweep has its lock; empty: there itself.

    Slurm hands the variables of whoever submits a job to the job: there they name a sweep of another host. It is not
    joined, and the folder for temporary files is again the one that was usual before that sweep.
    """
    if TOKEN not in os.environ:
        return ""
    holder = TypeAdapter(Holder).validate_json(os.environ[TOKEN], strict=True)
    if place() in (None, holder.place):
        return holder.folder
    for variable in (TOKEN, PARENT, "TMPDIR"):
        os.environ.pop(variable, None)
    tempfile.tempdir = None
    usual = Path(holder.sockets).parent
    if usual.is_dir():
        os.environ["TMPDIR"] = str(usual)
    return f"{JOB}{place()}"


_folder = _arrived()
LOCK, SCRATCH = FOLDER / _folder / "lock", FOLDER / _folder / "scratch"
_lock: int | None = None  # its descriptor, in a process that takes part
_usual = tempfile.gettempdir()
_named = {key: value for key, value in os.environ.items() if key == "TMPDIR"}


@contextlib.contextmanager
def alone(doing: str) -> Iterator[None]:
    """A whole sweep; SIGINT, SIGTERM and SIGHUP end all that it started.

    Args:
        doing: what it does, for whoever must wait.

    Raises:
        SettingsError: another one is at work in this folder.
    """
    _begin(doing)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as by nohup
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _end()


def join(doing: str) -> None:
    """Take part in the sweep that started this process; one started by hand begins a sweep, until `leave` or its end.

    Raises:
        SettingsError: another sweep is at work in this folder, or the one that started this process is over.
    """
    if _lock is not None:
        return
    if TOKEN in os.environ:
        end_with_parent(lambda: os.getppid() == int(os.environ[PARENT]))
        follow()
    else:
        _begin(doing)
        atexit.register(_end)
    os.environ[PARENT] = str(os.getpid())
    # the only way to say where multiprocessing makes its sockets
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    config["tempdir"] = json.loads(os.environ[TOKEN])["sockets"]


def leave() -> None:
    """End the sweep that this process began by hand: a notebook's kernel may live on, and ends without a word."""
    holder = _holder()
    if holder and holder.pid == os.getpid():
        multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]  # its socket goes
        _end()


def follow() -> None:
    """Hold the lock of the sweep that started this process, if one did.

    Raises:
        SettingsError: that sweep is over.
    """
    global _lock
    if TOKEN in os.environ:
        _lock = os.open(LOCK, os.O_RDONLY)
        if not taken(_lock, fcntl.LOCK_SH) or LOCK.read_text() != os.environ[TOKEN]:
            raise SettingsError("the sweep that started this process is over")


def end_with_parent(alive: Callable[[], bool]) -> None:
    """Have Linux kill this process when its parent ends; elsewhere the lock is held until it has ended by itself.

    Args:
        alive: whether the parent is still there; where it is not, it was too late to be tied to it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if not alive():
        os._exit(1)


def _begin(doing: str) -> None:
    global _lock
    try:
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        gate, lock = (os.open(LOCK.with_name(name), os.O_RDWR | os.O_CREAT, 0o644) for name in ("gate", LOCK.name))
        try:
            _wait_for(gate)  # one at a time looks and signs, so whoever is refused reads who is at work
            token = _signed(lock, doing)
        except BaseException:
            os.close(lock)
            raise
        finally:
            os.close(gate)
    except OSError as error:
        accepted = "a folder that can be written to and holds locks"
        raise SettingsError(f"{LOCK.parent}: {error.strerror}; accepted: {accepted}.") from error
    _lock = lock
    os.environ |= {TOKEN: token, PARENT: str(os.getpid()), "TMPDIR": str(SCRATCH)}
    tempfile.tempdir = None


def _signed(lock: int, doing: str) -> str:
    """What now stands in the lock's file: this process began a sweep, and has cleared what the last one left."""
    _wait_for(lock)
    last = _holder()
    if last and last.host != socket.gethostname():  # on a shared file system a lock may not reach every host
        raise _busy(last, f"; if it is gone, remove {LOCK.relative_to(ROOT)}")
    _clear(last)
    sockets = Path(_usual, SOCKETS + os.urandom(4).hex())
    since = f"{datetime.now():%Y-%m-%d %H:%M:%S.%f}"
    own = Holder(socket.gethostname(), os.getpid(), since, doing, str(sockets), place(), _folder)
    token = json.dumps(asdict(own))
    LOCK.write_text(token)
    sockets.mkdir(mode=0o700)
    SCRATCH.mkdir()
    taken(lock, fcntl.LOCK_SH)  # from now on every process of the sweep can hold it
    return token


def _end() -> None:
    global _lock
    if _lock is not None:
        _clear(_holder())
        LOCK.write_text("")
        os.close(_lock)
        if _folder:
            shutil.rmtree(LOCK.parent, ignore_errors=True)
        _lock = None
        del os.environ[TOKEN], os.environ[PARENT]
        os.environ.pop("TMPDIR")
        os.environ.update(_named)
        tempfile.tempdir = None


def _stop(number: int, frame: object) -> None:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    raise KeyboardInterrupt


def _wait_for(lock: int) -> None:
    """Take the lock alone, as soon as what a killed sweep left is gone."""
    until = time.monotonic() + DYING_S
    while not taken(lock, fcntl.LOCK_EX):
        holder = _holder()
        if time.monotonic() > until or (holder and psutil.pid_exists(holder.pid)):
            raise _busy(holder)
        time.sleep(0.1)


def taken(lock: int, kind: int) -> bool:
    """Whether the lock with that descriptor could be had at once, as `fcntl.LOCK_SH` or `fcntl.LOCK_EX`."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder() -> Holder | None:
    try:
        return TypeAdapter(Holder).validate_json(LOCK.read_text(), strict=True)
    except ValueError:
        return None


def _busy(holder: Holder | None, hint: str = "") -> SettingsError:
    who = f"process {holder.pid} on {holder.host}, since {holder.since[:19]}," if holder else "another process"
    doing = holder.doing if holder else "at work"
    return SettingsError(f"{who} is {doing} in this folder already: wait for its end{hint}.")


def _clear(holder: Holder | None) -> None:
    """Remove what a sweep wrote aside."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    if holder and re.fullmatch(re.escape(str(Path(_usual, SOCKETS))) + "[0-9a-f]{8}", holder.sockets):
        shutil.rmtree(holder.sockets, ignore_errors=True)
