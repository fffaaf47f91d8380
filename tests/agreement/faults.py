"""Does a sweep survive a fault of the machine?

    python tests/agreement/faults.py [FAULT ...]

Makes a report of two models in a throw-away project, undisturbed. Then, for each fault, one model is due and a report
is made under it: a disk that fills on the way or is read-only, too little memory, a clock that was set back. Tells what
the report said, and counts earlier results that are harmed, faults that are not told and next reports that are not
complete. Exits with 1 when any is found. The faults of disks need root, for mount.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from helpers.sweeps import Sweeps

Harm = Callable[[Sweeps], contextlib.AbstractContextManager[list[str]]]
FREE_MB = 40
"""What a small disk has free at first: more than is asked for, and less than it is filled with."""
LITTLE_MB = 700
SPOILT = "one"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Args:
        harm: brings it about while it is entered; gives the words of the command that runs the report under it.
        told: words of which the report must say one; none: it must not be disturbed.
    """

    harm: Harm
    told: tuple[str, ...]


def fills(folder: str) -> Harm:
    """A disk of its own under `folder`, which somebody else fills as soon as the run writes its log."""

    @contextlib.contextmanager
    def harm(sweeps: Sweeps) -> Iterator[list[str]]:
        place = sweeps.project.folder / folder
        with mounted(place, "-t", "tmpfs", "-o", f"size={FREE_MB}m", "tmpfs"):
            log, full = sweeps.runs / f"{SPOILT}.log", place / "somebody-elses"
            log.unlink(missing_ok=True)
            script = f"while [ ! -s '{log}' ]; do sleep .05; done; cat /dev/zero > '{full}'"
            with subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL) as filler:
                yield []
                filler.kill()
            full.unlink(missing_ok=True)

    return harm


def read_only(folder: str) -> Harm:
    """The `folder` cannot be written to."""

    @contextlib.contextmanager
    def harm(sweeps: Sweeps) -> Iterator[list[str]]:
        place = sweeps.project.folder / folder
        with mounted(place, "-t", "tmpfs", "tmpfs"):
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            yield []

    return harm


@contextlib.contextmanager
def mounted(place: Path, *how: str) -> Iterator[None]:
    """Another disk under `place`, with a copy of what lay there, which is brought back."""
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(shutil.copytree(place, Path(folder, "aside"), symlinks=True))
        subprocess.run(["mount", *how, place], check=True)
        shutil.copytree(aside, place, symlinks=True, dirs_exist_ok=True)
        try:
            yield
            shutil.rmtree(aside)
            shutil.copytree(place, aside, symlinks=True)
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(place)
        shutil.copytree(aside, place, symlinks=True)


@contextlib.contextmanager
def clock_set_back(sweeps: Sweeps) -> Iterator[list[str]]:
    """Since all that is there was written, the clock was set back by an hour: its times lie ahead."""
    ahead = time.time() + 3600
    for path in sweeps.project.folder.rglob("*"):
        os.utime(path, (ahead, ahead), follow_symlinks=False)
    yield []


@contextlib.contextmanager
def little_memory(sweeps: Sweeps) -> Iterator[list[str]]:
    """Every process that measures may have so much memory that its libraries do not fit."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(
            "import resource, sys\n"
            "if any('multiprocessing' in word for word in sys.orig_argv):\n"
            f"    resource.setrlimit(resource.RLIMIT_AS, ({LITTLE_MB} * 10**6,) * 2)\n"
        )
        yield ["env", f"PYTHONPATH={sweeps.project.folder}:{folder}"]


FULL = ("No space left on device", "are free: free some space")
READ_ONLY = ("Read-only file system",)
FAULTS = {
    "memory": Fault(little_memory, ("end other programs, or take a smaller model or batch",)),
    "clock": Fault(clock_set_back, ()),
    "runs-full": Fault(fills("book/runs"), FULL),
    "models-full": Fault(fills("models"), FULL),
    "scratch-full": Fault(fills(".sweep"), FULL),
    "runs-read-only": Fault(read_only("book/runs"), READ_ONLY),
    "models-read-only": Fault(read_only("models"), READ_ONLY),
    "scratch-read-only": Fault(read_only(".sweep"), READ_ONLY),
}


def main() -> None:
    """Harm, look, and report again."""
    folder, counts = Path(tempfile.mkdtemp()), Counter[str]()
    sweeps = Sweeps(folder)
    output, _ = sweeps.start().communicate()
    earlier, expected = sweeps.whole(), sweeps.structure()
    assert len(earlier) == 2, output
    for name in sys.argv[1:] or FAULTS:
        fault = FAULTS[name]
        sweeps.forget([SPOILT])
        with fault.harm(sweeps) as words:
            begun = time.monotonic()
            output, _ = sweeps.start(*words).communicate()
            took = time.monotonic() - begun
            harmed = sweeps.whole().get("two") != earlier["two"]
        told = any(part in output for part in fault.told) and "Traceback" not in output
        good = told if fault.told else SPOILT in sweeps.whole()
        again, _ = sweeps.start().communicate()
        complete = sweeps.structure() == expected
        print(f"== {name}, {took:.0f} s: {'told' if good else 'NOT TOLD'}, next report", end=" ")
        print("complete" if complete else f"NOT complete: {again}", "EARLIER RESULTS HARMED" * harmed, flush=True)
        print(output, flush=True)
        counts.update(harmed=int(harmed), untold=int(not good), incomplete=int(not complete))
    shutil.rmtree(folder)
    print(f"{counts['harmed']} earlier results harmed, {counts['untold']} faults not told, ", end="")
    print(f"{counts['incomplete']} next reports not complete")
    sys.exit(int(counts.total() > 0))


if __name__ == "__main__":
    main()
