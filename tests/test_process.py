"""Fresh processes, and the probes that run in them."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers.cramped import Cramped
from helpers.idle import Idle, hidden
from helpers.probes import Probe

from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.parameters import load_model
from compactbench.sources.weights import load_classifier

pytestmark = pytest.mark.slow


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[FreshProcess]:
    with FreshProcess(Probe, tmp_path / "log") as process:
        yield process.create()


def test_memory_probe_reports_a_known_allocation(probe: FreshProcess) -> None:
    before, peak = probe.call(Probe.claim, 500)
    assert peak - before == pytest.approx(500, rel=0.05)


def test_peak_does_not_remember_the_process_that_started_it(tmp_path: Path) -> None:
    """ru_maxrss survives exec: a child of a large process would report the parent's peak as its own."""
    ballast = np.ones(1_500_000_000, dtype=np.uint8)
    with FreshProcess(Probe, tmp_path / "log") as process:
        _, peak = process.create().call(Probe.claim, 1)
    assert peak < 1000 < ballast.nbytes / 1e6


def test_latency_probe_reports_a_known_sleep(probe: FreshProcess) -> None:
    assert float(np.median([probe.call(Probe.sleep, 0.1) for _ in range(5)])) == pytest.approx(100, rel=0.05)


def test_error_crosses_over_as_one_line_and_the_process_lives_on(probe: FreshProcess) -> None:
    with pytest.raises(ProcessError, match=r"^ValueError: first line second line$"):
        probe.call(Probe.fail)
    assert probe.call(Probe.sleep, 0.0) < 1000


def test_killed_process_is_named_as_such(probe: FreshProcess) -> None:
    """A process killed for memory closes its end without a word; a plain recv would say EOFError and nothing else."""
    with pytest.raises(ProcessError, match=r"ended by SIGKILL \(out of memory\?\)"):
        probe.call(Probe.die)


def test_the_end_of_the_server_that_processes_are_forked_from_is_told(tmp_path: Path) -> None:
    """Where memory ran out there, the run said "EOFError: unexpected EOF"."""
    with FreshProcess(Idle, tmp_path / "log", forked=True) as process:
        process.create()
        server = next(one for one in psutil.Process().children() if any("forkserver" in word for word in one.cmdline()))
        server.suspend()  # a new process is asked for, and the server ends before it answers
        ends = threading.Timer(0.5, server.kill)
        ends.start()
        with pytest.raises(ProcessError, match=r"^the process could not be started \(out of memory\?\)$"):
            FreshProcess(Idle, tmp_path / "log", forked=True)
        ends.join()
    with FreshProcess(Idle, tmp_path / "log", forked=True) as process:  # another server takes its place
        assert process.create().call(Idle.listen, "abc") == 3


def test_a_server_that_is_just_ending_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with threads listens no more, and is still to be waited for, for some milliseconds after its end."""
    asked: list[int] = []

    def not_yet(pid: int, options: int) -> tuple[int, int]:
        asked.append(pid)
        return (0, 0) if len(asked) < 3 else waitpid(pid, options)

    with FreshProcess(Idle, tmp_path / "log", forked=True) as process:
        process.create()
        server = next(one for one in psutil.Process().children() if any("forkserver" in word for word in one.cmdline()))
    server.kill()
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    waitpid = os.waitpid
    monkeypatch.setattr(os, "waitpid", not_yet)
    with FreshProcess(Idle, tmp_path / "log", forked=True) as process:
        assert process.create().call(Idle.listen, "abc") == 3
    assert asked[:3] == [server.pid] * 3


@pytest.mark.parametrize("forked", [False, True])
def test_a_stopped_process_is_killed_when_its_time_is_over(forked: bool, tmp_path: Path) -> None:
    """It held the sweep for ever."""
    with FreshProcess(Idle, tmp_path / "log", forked) as process:
        assert process.create().call(Idle.listen, "abc") == 3
        process._limit_min = 0.005  # only now: until here it loaded its libraries
        with pytest.raises(ProcessError, match=r"^did not answer within 0\.005 min$"):
            process.call(Idle.stop)


def test_a_stopped_process_holds_up_neither_a_long_question_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a pipe holds cannot even be sent to it."""
    monkeypatch.setattr("compactbench.benchmark.process.GOODBYE_S", 0.1)
    with FreshProcess(Idle, tmp_path / "log") as asked, FreshProcess(Idle, tmp_path / "log") as left_alone:
        for process in (asked, left_alone):
            os.kill(process.create()._process.pid, signal.SIGSTOP)
        asked._limit_min = 0.005
        with pytest.raises(ProcessError, match=r"^did not answer within 0\.005 min$"):
            asked.call(Idle.listen, "x" * 10**6)


def test_a_factory_that_is_not_found_there_is_an_error_of_create(tmp_path: Path) -> None:
    with FreshProcess(hidden(), tmp_path / "log") as process, pytest.raises(ProcessError, match="<locals>"):
        process.create()


def test_output_of_the_process_goes_to_the_log(tmp_path: Path) -> None:
    with FreshProcess(Probe, tmp_path / "log") as process:
        process.create()
        with pytest.raises(ProcessError):
            process.call(Probe.fail)
    assert "second line" in (tmp_path / "log").read_text()


def test_a_batch_that_does_not_fit_ends_the_search_and_not_the_run(tmp_path: Path) -> None:
    """The operating system really refuses the memory: the curve up to there stays, and the process can go on."""
    classifier, tokenizer, _ = load_classifier(load_model("bert-tiny"), False, ["a", "b"], seed=0)
    classifier.save_pretrained(tmp_path / "artefact")
    tokenizer.save_pretrained(tmp_path / "artefact")
    with FreshProcess(Cramped, tmp_path / "log") as process:
        found = process.create(tmp_path / "artefact", 64).call(Cramped.sweep, ["word " * 60], 2**16)
        assert found.stopped_by == "oom"
        assert [point.batch_size for point in found.points] == [2**power for power in range(len(found.points))]
        assert process.call(Cramped.sweep, ["word"], 1).stopped_by == "cap"
