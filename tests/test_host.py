"""Who computes on a host: alone or beside others, on which card, and what a record tells of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from compactbench import ROOT
from compactbench.benchmark import host
from compactbench.benchmark.plan import own_machine
from compactbench.record import Job

START = (
    "import sys, time; from pathlib import Path; from compactbench.benchmark import host; host.FOLDER = Path({0!r}); "
)
IN = "print('in', flush=True); time.sleep(600)"
ON_HOST = "place = host.on_host(exclusive={0}); place.__enter__(); " + IN
CARDS = ["GPU-1", "GPU-2"]
A_GPU = (
    f"import os; host._cards = lambda: {CARDS}; host.a_gpu();"
    "print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); time.sleep(600)"
)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen]]:
    """Starts a process on a host whose locks lie in a folder of the test's own."""
    processes = []
    hidden = {"CUDA_VISIBLE_DEVICES"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}

    def start(does: str) -> subprocess.Popen:
        command = [sys.executable, "-c", START.format(str(tmp_path)) + does]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, **output))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_what_is_timed_waits_for_all_that_trains_and_says_for_whom(started: Callable[[str], subprocess.Popen]) -> None:
    """Two checkouts on one host measured each other. A kill frees the host like any other end."""
    trainings = [started(ON_HOST.format(False)) for _ in range(2)]
    assert [one.stdout.readline() for one in trainings] == ["in\n"] * 2, "they share it"
    timed = started(ON_HOST.format(True))
    said = timed.stderr.readline()
    assert said in {
        f"waiting for process {one.pid} of {psutil.Process().username()} in {ROOT}, which computes on this host\n"
        for one in trainings
    }
    trainings[0].kill()
    training = started(ON_HOST.format(False))
    assert training.stdout.readline() == "in\n", "one more comes in, and the other still waits"
    for one in (trainings[1], training):
        one.kill()
    assert timed.stdout.readline() == "in\n"
    other = started(ON_HOST.format(True))
    assert other.stderr.readline().startswith(f"waiting for process {timed.pid} of ")
    timed.kill()
    assert other.stdout.readline() == "in\n"
    other.kill()
    assert other.stderr.read() == "", "it says so once"


def test_who_waits_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watchdog would end a run that waits for another checkout's."""
    monkeypatch.setattr(host, "FOLDER", tmp_path)
    first, signs = host.on_host(exclusive=True), []
    first.__enter__()

    def sign() -> None:
        signs.append(1)
        first.__exit__(None, None, None)

    with host.on_host(exclusive=True, waiting=sign):
        assert signs == [1]


def test_a_lock_is_for_every_user_and_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "FOLDER", tmp_path)
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    before = os.umask(0o077)
    try:
        with host.on_host(exclusive=True):
            (lock,) = tmp_path.iterdir()
    finally:
        os.umask(before)
    assert (lock.name, lock.stat().st_mode & 0o777) == ("compactbench-host-n1.lock", 0o666)
    lock.unlink()
    (tmp_path / "precious").write_text("kept")
    lock.symlink_to("precious")
    with pytest.raises(OSError, match="symbolic links"), host.on_host(exclusive=True):
        pass
    assert (tmp_path / "precious").read_text() == "kept"


def test_each_process_has_a_card_of_its_own(started: Callable[[str], subprocess.Popen]) -> None:
    """On a box of several, all computed on the first."""
    first, second = started(A_GPU), None
    assert first.stdout.readline() == "GPU-1\n"
    second = started(A_GPU)
    assert second.stdout.readline() == "GPU-2\n"
    third = started(A_GPU)
    assert third.stderr.readline() == "waiting for one of 2 cards, which all are in use\n"
    first.kill()
    assert third.stdout.readline() == "GPU-1\n"


@pytest.mark.parametrize(("cards", "given"), [([], None), (["GPU-1"], None), (CARDS, "1"), (CARDS, "")])
def test_no_card_is_chosen_where_there_is_no_choice(
    cards: list[str], given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "FOLDER", tmp_path)
    monkeypatch.setattr(host, "_cards", lambda: cards)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    host.a_gpu()
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == given and list(tmp_path.iterdir()) == []


def test_a_job_names_its_node_and_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """SHA-256 of "annas-laptop" begins so, by sha256sum."""
    monkeypatch.setattr("compactbench.benchmark.host.socket.gethostname", lambda: "annas-laptop")
    for name in ("SLURM_JOB_ID", "SLURM_RESTART_COUNT", "SLURMD_NODENAME"):
        monkeypatch.delenv(name, raising=False)
    digest = "716200146f5b"
    assert host.job() == Job(host=digest, scheduler=None, id=None, node=None, attempt=0)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    assert host.job() == Job(host=digest, scheduler="slurm", id="7", node="n1", attempt=0)
    monkeypatch.setenv("SLURM_RESTART_COUNT", "2")
    assert host.job().attempt == 2


def test_two_hosts_of_one_hardware_have_folders_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compactbench.benchmark.plan.default_machine", lambda: "cpu-example-2c")
    names = []
    for name in ("one", "two"):
        monkeypatch.setattr("socket.gethostname", lambda name=name: name)
        names.append(own_machine())
    assert names == ["cpu-example-2c-7692", "cpu-example-2c-3fc4"]
