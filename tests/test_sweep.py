"""One sweep at a time: who is let in, who must wait, what is cleared, and what ends with its parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from compactbench import ROOT
from compactbench.benchmark import sweep
from compactbench.benchmark.progress import repeated
from compactbench.benchmark.sweep import alone
from compactbench.benchmark.watchdog import Watchdog
from compactbench.settings import SettingsError

START = "import sys, time; from pathlib import Path; from compactbench.benchmark import sweep"
PLACE = (
    "; sweep.ROOT, sweep.LOCK, sweep.SCRATCH = (Path({0!r}) / part for part in ('', '.sweep/lock', '.sweep/scratch'))"
)
WAIT = "; print('in', flush=True); time.sleep(600)"
PATIENCE_S = 20
"""More than any wait below takes on a busy machine; none takes it where all is well."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, in which sweeps are begun."""
    monkeypatch.setattr(sweep, "ROOT", tmp_path)
    monkeypatch.setattr(sweep, "LOCK", tmp_path / ".sweep" / "lock")
    monkeypatch.setattr(sweep, "SCRATCH", tmp_path / ".sweep" / "scratch")
    return tmp_path


@pytest.fixture
def started(folder: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a process in that folder, which says `in` when it has done what it is told and then waits."""
    processes = []

    def start(does: str) -> subprocess.Popen:
        program = START + PLACE.format(str(folder)) + f"; {does}" + WAIT
        command = [sys.executable, "-c", program]
        processes.append(subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def said(process: subprocess.Popen) -> str:
    """The first line of its output."""
    return process.stdout.readline().strip()


def until(true: Callable[[], bool]) -> bool:
    """Whether it comes true before patience ends."""
    ends = time.monotonic() + PATIENCE_S
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    return true()


def ended(process: psutil.Process) -> bool:
    """Whether it is gone, or would be if its parent had asked for its exit code."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_of_two_that_begin_at_once_one_is_let_in(started: Callable[..., subprocess.Popen]) -> None:
    """Both passed the check, and one of them was told to unlock."""
    processes = [started("sweep.join('measuring a model')") for _ in range(3)]
    words = list(map(said, processes))
    assert sorted(words) == ["", "", "in"]
    winner = processes[words.index("in")]
    for process in processes:
        if process is not winner:
            sentence = process.communicate()[1].splitlines()[-1]
            assert f"process {winner.pid} on {socket.gethostname()}, since " in sentence
            assert sentence.endswith("is measuring a model in this folder already: wait for its end.")


def test_the_lock_is_free_only_when_the_last_one_is_gone(
    folder: Path, started: Callable[..., subprocess.Popen], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second report measured beside what the first had left running."""
    monkeypatch.setattr(sweep, "DYING_S", 0.2)
    member = "import subprocess; subprocess.Popen([sys.executable, '-c', {0!r}]).wait()"
    inner = START + PLACE.format(str(folder)) + "; sweep.follow()" + WAIT
    first = started("sweep.join('measuring a model'); " + member.format(inner))
    assert said(first) == "in"
    (orphan,) = psutil.Process(first.pid).children()
    first.kill()
    first.wait()
    with pytest.raises(SettingsError, match="is measuring a model"), alone("making a report"):
        pass
    orphan.kill()
    assert until(lambda: not orphan.is_running())
    with alone("making a report"):
        pass


def test_what_a_killed_sweep_left_is_cleared_and_a_good_end_leaves_nothing(
    folder: Path, started: Callable[..., subprocess.Popen]
) -> None:
    """Copies of models, connection files and pymp-* piled up."""
    first = started("sweep.join('measuring a model'); import tempfile; tempfile.mkdtemp(prefix='large-')")
    assert said(first) == "in"
    (left,) = sweep.SCRATCH.iterdir()
    sockets = Path(json.loads(sweep.LOCK.read_text())["sockets"])
    assert left.name.startswith("large-") and sockets.is_dir()
    first.kill()
    first.wait()
    usual = os.environ.get("TMPDIR")
    with alone("making a report"):
        assert not sockets.exists() and list(sweep.SCRATCH.iterdir()) == []
        assert os.environ["TMPDIR"] == str(sweep.SCRATCH)
    assert (
        sorted(folder.rglob("*")) == [folder / ".sweep", sweep.LOCK.with_name("gate"), sweep.LOCK]
        and sweep.LOCK.read_text() == ""
    )
    assert os.environ.get("TMPDIR") == usual and sweep.TOKEN not in os.environ


def test_the_lock_of_another_host_is_never_removed(folder: Path) -> None:
    """On a shared file system a lock of the kernel may not reach it."""
    sweep.LOCK.parent.mkdir()
    other = sweep.Holder("elsewhere", 7, "2026-01-01 10:00:00.1", "making a report", "/nowhere/compactbench-1")
    sweep.LOCK.write_text(json.dumps(vars(other)))
    sentence = r"^process 7 on elsewhere, since .*; if it is gone, remove .sweep/lock\.$"
    for _ in range(2):
        with pytest.raises(SettingsError, match=sentence), alone("making a report"):
            pass
    sweep.LOCK.unlink()
    with alone("making a report"):
        pass


def test_a_process_of_a_sweep_that_is_over_does_not_begin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was started before the kill, and wakes while the next sweep measures."""
    with alone("making a report"):
        late = os.environ[sweep.TOKEN]
    with alone("making a report"), monkeypatch.context() as process:
        process.setattr(sweep, "_lock", None)
        process.setitem(os.environ, sweep.TOKEN, late)
        with pytest.raises(SettingsError, match="is over"):
            sweep.follow()


def test_a_folder_that_cannot_be_written_to_is_one_sentence(folder: Path) -> None:
    (folder / ".sweep").write_text("a file")
    sentence = r"\.sweep: .*; accepted: a folder that can be written to and holds locks\.$"
    with pytest.raises(SettingsError, match=sentence), alone("making a report"):
        pass


def test_a_live_notebook_runs_twice_and_lets_others_in_between(
    folder: Path, started: Callable[..., subprocess.Popen]
) -> None:
    """Its kernel goes on after the run, and ends without cleaning up: pymp-* stayed after every one."""
    first = started(
        "from multiprocessing import get_context, Process; import os;"
        "forks = lambda: (one := get_context('forkserver').Process(target=os.getpid), one.start(), one.join());"
        "[(sweep.join('measuring a model'), forks(), sweep.leave()) for _ in range(2)]"
    )
    assert said(first) == "in"
    with alone("making a report"):
        pass
    assert sorted(folder.rglob("*")) == [folder / ".sweep", sweep.LOCK.with_name("gate"), sweep.LOCK]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process ends by itself")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_ends_with_its_parent(number: int, folder: Path, started: Callable[..., subprocess.Popen]) -> None:
    """Killed alone, each layer left the ones below it running."""
    inner = START + PLACE.format(str(folder)) + "; sweep.join('')" + WAIT
    first = started(
        "sweep.join('measuring a model'); import subprocess;"
        f"child = subprocess.Popen([sys.executable, '-c', {inner!r}], stdout=subprocess.PIPE); child.stdout.readline()"
    )
    assert said(first) == "in"
    (child,) = psutil.Process(first.pid).children()
    first.send_signal(number)
    assert until(lambda: ended(child))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_that_a_command_started(number: int, started: Callable[..., subprocess.Popen]) -> None:
    """To the report alone, not to its group: Snakemake and papermill went on."""
    sleeper = (
        "import subprocess; child = subprocess.Popen(['sh', '-c', 'sleep 600 & echo; wait'], stdout=subprocess.PIPE)"
    )
    first = started(f"place = sweep.alone('making a report'); place.__enter__(); {sleeper}; child.stdout.readline()")
    assert said(first) == "in"
    below = psutil.Process(first.pid).children(recursive=True)
    assert len(below) == 2
    first.send_signal(number)
    assert until(lambda: all(map(ended, below)))
    assert "KeyboardInterrupt" in first.communicate()[1]


def test_a_run_that_gives_no_sign_of_life_is_ended_and_snakemake_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A stopped kernel held the sweep for ever."""
    with subprocess.Popen(["sh", "-c", "sleep 600 & wait; exec sleep 600"]) as orchestrator:
        try:
            above = psutil.Process(orchestrator.pid)
            assert until(lambda: len(above.children()) == 1)
            (run,) = above.children()
            run.suspend()
            with subprocess.Popen(["sleep", "600"]) as beside:
                with repeated(Watchdog(orchestrator.pid, [tmp_path / "tiny.log"], limit_s=0.2).look):
                    assert until(lambda: not run.is_running())
                    assert above.is_running()
                assert beside.poll() is None
                beside.kill()
            assert capsys.readouterr().out.startswith("No sign of life for 0 min 00 s")
        finally:
            orchestrator.kill()


@pytest.mark.parametrize("since", ["5", "null"])
def test_a_lock_that_somebody_else_wrote_removes_nothing(folder: Path, since: str) -> None:
    """What it named as the last sweep's folder was removed, whatever it was."""
    precious = folder / "compactbench-precious"
    precious.mkdir()
    sweep.LOCK.parent.mkdir()
    host = json.dumps(socket.gethostname())
    for told in (
        f'{{"host": {host}, "pid": 1, "since": {since}}}',
        json.dumps({"host": socket.gethostname(), "pid": 1, "since": "", "doing": "", "sockets": str(precious)}),
    ):
        sweep.LOCK.write_text(told)
        with alone("making a report"):
            pass
    assert precious.is_dir()
