"""One host, shared by whoever computes on it: who is alone there, on which card, and what a record tells of it.

The locks are the kernel's: each ends with its process, however that ends.
"""

import contextlib
import fcntl
import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pynvml

from compactbench import ROOT
from compactbench.benchmark.sweep import taken
from compactbench.foreign import line
from compactbench.record import Job

FOLDER = Path("/tmp")
"""Where the locks lie: the system's own folder, whatever TMPDIR names, so that every user and checkout meets there."""
POLL_S = 0.2
OF_ALL = 0o666
NAMED = 12
"""So many signs of a hash tell hosts apart."""


@contextlib.contextmanager
def on_host(exclusive: bool, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Work on this host beside others that do the same, or alone; wait until that can be.

    Args:
        exclusive: alone, as what is timed must be.
        waiting: called again and again while it waits, as a sign of life.
    """
    lock = _opened(f"host-{_node()}")
    try:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        if not taken(lock, kind):
            print(f"waiting for {_holder(lock)}, which computes on this host", file=sys.stderr, flush=True)
            while not taken(lock, kind):
                waiting()
                time.sleep(POLL_S)
        _sign(lock)
        yield
    finally:
        os.close(lock)


def a_gpu() -> None:
    """Take one of several cards for this process, and all that it starts, by CUDA_VISIBLE_DEVICES; wait for a free one.

    To be called before torch is loaded. Does nothing where the variable says already which cards there are, and where
    there is no choice. The card is given back when the process ends.
    """
    cards = choice()
    if len(cards) < 2:
        return
    locks = {card: _opened(f"{_node()}-{card}") for card in cards}
    free = _first_free(locks)
    if free is None:
        print(f"waiting for one of {len(cards)} cards, which all are in use", file=sys.stderr, flush=True)
    while free is None:
        time.sleep(POLL_S)
        free = _first_free(locks)
    for card in cards:
        if card != free:
            os.close(locks[card])
    os.environ["CUDA_VISIBLE_DEVICES"] = free


def choice() -> list[str]:
    """UUIDs of the cards that `a_gpu` chooses from; none where CUDA_VISIBLE_DEVICES has chosen."""
    return [] if "CUDA_VISIBLE_DEVICES" in os.environ else _cards()


def identity() -> str:
    """What tells this host from others without its name: the first signs of the SHA-256 of that."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:NAMED]


def job() -> Job:
    """Where this process runs, and as which attempt."""
    host = identity()
    if "SLURM_JOB_ID" not in os.environ:
        return Job(host=host, scheduler=None, id=None, node=None, attempt=0)
    attempt = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    return Job(host=host, scheduler="slurm", id=os.environ["SLURM_JOB_ID"], node=_node(), attempt=attempt)


def _node() -> str:
    """This host's name, as Slurm has it where it started this process."""
    return os.environ.get("SLURMD_NODENAME") or socket.gethostname().partition(".")[0]


def _opened(name: str) -> int:
    """Descriptor of the file that is locked, which is never removed: two would then hold two files of one name."""
    path = FOLDER / f"compactbench-{name}.lock"
    while True:
        try:  # another user's file is not opened with O_CREAT: Linux may refuse that in a folder like /tmp
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OF_ALL)
                os.fchmod(made, OF_ALL)  # whatever the umask
                return made


def _first_free(locks: dict[str, int]) -> str | None:
    return next((card for card, lock in locks.items() if taken(lock, fcntl.LOCK_EX)), None)


def _sign(lock: int) -> None:
    """Say who holds the lock; of several who share it, the last."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} of {psutil.Process().username()} in {ROOT}".encode(), 0)


def _holder(lock: int) -> str:
    return line(os.pread(lock, 1000, 0).decode(errors="replace")) or "another process"


def _cards() -> list[str]:
    """UUIDs of the cards that NVIDIA's driver knows."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return [pynvml.nvmlDeviceGetUUID(handle) for handle in handles]
    finally:
        pynvml.nvmlShutdown()
