"""Faults of the machine: a full or read-only disk, too little memory, a clock set back."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.factory import make_failed, make_record

from compactbench.benchmark import capacity
from compactbench.benchmark.capacity import Needs, disks, needs, refuse_if_short
from compactbench.benchmark.journal import ENDED, Journal
from compactbench.benchmark.progress import Progress, repeated
from compactbench.benchmark.watchdog import Watchdog
from compactbench.errors import one_line
from compactbench.parameters import load_model, load_suite
from compactbench.record import file as record_file
from compactbench.report.site.changes import stamp
from compactbench.settings import SettingsError

HOUR = 3600


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB; mounting one takes rights that a container may lack."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> None:
    """Leave not a byte free."""
    with pytest.raises(OSError, match="No space left"), (disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))


def test_a_full_disk_leaves_the_record_that_was_there(disk: Path) -> None:
    """Half a record beside it would stay for ever."""
    record_file.write(make_failed(), disk / "one.json")
    fill(disk)
    with pytest.raises(OSError, match="No space left"):
        record_file.write(make_record(), disk / "one.json")
    assert record_file.read(disk / "one.json") == make_failed()
    assert sorted(path.name for path in disk.iterdir()) == ["ballast", "one.json"]


def test_a_run_that_meets_a_full_disk_is_shown_as_failed_with_its_own_error(disk: Path) -> None:
    """The failed record could not be written again: its error hid the stage's own."""
    record = disk / "model.json"
    journal = Journal(["export"], load_model("tfidf"), load_suite("starter"), "here", record)
    journal.begin()
    with pytest.raises(ValueError, match="the stage's own"), journal.stage("export"):
        fill(disk)
        raise ValueError("the stage's own")
    failed = record_file.read(record.with_suffix(".failed.json"))
    assert (failed.stage, failed.error) == ("export", ENDED)


def test_folders_that_cannot_be_written_are_named(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "FOLDERS", {"models/": disk / "models", ".sweep/": disk})
    assert disks() == {disk.stat().st_dev: ["models/", ".sweep/"]}
    fill(disk)
    with pytest.raises(
        SettingsError, match=r"^models/ cannot be written: .*No space left.* \(free some space on this disk\)\.$"
    ):
        disks()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(SettingsError, match=r"^models/ cannot be written: .*\(this disk must be writable\)\.$"):
        disks()


def test_what_a_run_takes_is_what_its_reference_run_took() -> None:
    """Of bert-tiny: the artefact of every runtime, and the highest peak of any process with its libraries."""
    record = record_file.read(capacity.ROOT / "book/runs/starter/reference-cpu/bert-tiny.json")
    files = [
        size for runtime in record.runtimes for size in (runtime.artefact.files if runtime.artefact else {}).values()
    ]
    peaks = [record.finetune.baseline_ram_mb + record.finetune.peak_ram_mb]
    peaks += [one.memory.baseline_ram_mb + one.memory.peak_ram_mb for one in record.runtimes if one.memory]
    assert needs("starter", "bert-tiny") == Needs(pytest.approx(sum(files) / 1e6), pytest.approx(max(peaks)))
    assert needs("starter", "never-measured") == Needs(0, 0)


def test_too_small_a_disk_is_refused_with_what_is_needed_and_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MB for the page and twice 100 MB for the artefact, all on one disk: 210 MB."""
    monkeypatch.setattr(capacity, "needs", lambda suite, model: Needs(100, 0))
    monkeypatch.setattr(capacity, "disks", lambda: {1: ["book/runs/", "models/", ".sweep/"]})
    for free, enough in ((209e6, False), (211e6, True)):
        monkeypatch.setattr("psutil.disk_usage", lambda path, free=free: type("Usage", (), {"free": free}))
        if enough:
            refuse_if_short("starter", "bert-tiny")
            continue
        with pytest.raises(
            SettingsError, match=r"^bert-tiny needs 210 MB of disk for .*, 209 MB are free: free some space$"
        ):
            refuse_if_short("starter", "bert-tiny")


def test_too_little_memory_is_refused_with_what_is_needed_and_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "needs", lambda suite, model: Needs(0, 700))
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1600e6, "total": 8000e6}))
    expected = f"bert-tiny needs {capacity.BESIDE_MB + 700:,} MB of memory, 1,600 MB are free: end other programs"
    with pytest.raises(SettingsError, match=f"^{expected}$"):
        refuse_if_short("starter", "bert-tiny")


def test_an_error_of_the_machine_says_what_to_do_once() -> None:
    """It crosses from a process to the run as text, and is told again there."""
    full = OSError(28, os.strerror(28), "models/x")
    told = "OSError: [Errno 28] No space left on device: 'models/x' (free some space on this disk)"
    assert one_line(full) == told
    assert one_line(RuntimeError(told)) == f"RuntimeError: {told}"
    assert one_line(ValueError("a bad value")) == "ValueError: a bad value"


def test_memory_that_runs_out_says_what_to_do() -> None:
    """The operating system refuses it to this process, as a limit of a container would."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**34, before[1]))
    try:
        with pytest.raises(MemoryError) as refused:
            bytearray(2**35)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert one_line(refused.value).endswith("(end other programs, or take a smaller model or batch)")


def test_a_clock_set_back_does_not_silence_the_progress(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A log written after the clock was set back looks older than the report that waits for it."""
    log = tmp_path / "albert.log"
    log.write_text("00:00:00 stage 1 of 11: data\n")  # of an earlier run
    with repeated(Progress({"albert": tmp_path / "albert.log"}, {}).look):
        log.write_text("00:00:01 stage 2 of 11: parameters\n")
        os.utime(log, (time.time() - HOUR, time.time() - HOUR))
    told = capsys.readouterr().out
    assert "stage 2 of 11: parameters" in told and "stage 1" not in told


def test_a_log_that_is_taken_away_does_not_silence_the_progress(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Snakemake removes the log of an earlier run before a new one writes it: the thread that told ended there."""
    log = tmp_path / "albert.log"
    log.write_text("00:00:00 stage 1 of 11: data\n")
    progress = Progress({"albert": tmp_path / "albert.log"}, {})
    log.unlink()
    progress.look()
    Watchdog(os.getpid(), [log], HOUR).look()
    log.write_text("00:00:01 stage 2 of 11: parameters\n")
    progress.look()
    assert "stage 2 of 11: parameters" in capsys.readouterr().out


def test_a_file_written_after_the_clock_was_set_back_counts_as_changed(tmp_path: Path) -> None:
    """The summary was older than its page, and stayed."""
    page = tmp_path / "page.md"
    page.write_text("then")
    before = stamp([page], tmp_path)
    assert stamp([page], tmp_path) == before
    os.utime(page, (time.time() - HOUR, time.time() - HOUR))
    assert stamp([page], tmp_path) != before
