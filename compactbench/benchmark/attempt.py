"""One attempt at a run: page and record are written aside and take their places when they are whole.

So two attempts never meet: a scheduler that lost a node begins a job again elsewhere, while the first may go on where
nobody sees it. The log alone is written in its place, where whoever waits for the run follows it.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from compactbench import ROOT
from compactbench.benchmark import sweep
from compactbench.benchmark.host import job
from compactbench.record import Record
from compactbench.record import file as record_file
from compactbench.record.file import ATTEMPTS, FAILED, FINISHED, read_run
from compactbench.record.page import check_page

ASIDE = "COMPACTBENCH_ATTEMPT"
"""Variable: the folder of the attempt that a process belongs to."""
PARTS = "COMPACTBENCH_PARTS"
"""Variable: the parts of the fingerprint by which a command decided that the run is due, as JSON."""
ENDINGS = (FINISHED, FAILED)


def attempt(page: Path, parts: Mapping[str, str] | None, make: Callable[[Path], object]) -> None:
    """Make the page of a run and its record, unless both are there, as another attempt may leave them at any moment.

    Args:
        page: where the page is to lie, with record and log beside it.
        parts: those of the fingerprint that the run is to have; None: nobody told, and it is measured in any case.
        make: writes a page to the path that it is given, and has the run write its record to the folder in `ASIDE`.

    Raises:
        ValueError: a folder lies in the place of the record.
    """
    if finished(page, parts):
        print(f"{page.stem}: another attempt has finished this run")
        return
    record_file.refuse_folder(page.with_suffix(FINISHED))
    folder = page.parent / ATTEMPTS / f"{page.stem}@{sweep.place() or os.getpid()}"
    _remove(folder)  # of a process that had this number once
    folder.mkdir(parents=True)
    log = page.with_suffix(".log").name
    (folder / log).symlink_to(Path("..", "..", log))
    os.environ[ASIDE] = str(folder.absolute())
    try:
        make(folder / page.name)
        if not finished(page, parts):
            os.replace(folder / page.name, page)
            _land(folder, page)
    except BaseException:
        if not finished(page, parts):
            _land(folder, page, instead=True)
        raise
    finally:
        del os.environ[ASIDE]
        _remove(folder)


def measured(page: Path, parts: Mapping[str, str] | None) -> Record | None:
    """The record of the run whose page is to lie at `page`, where it was made from what these `parts` tell."""
    with contextlib.suppress(ValueError):
        record = read_run(page.with_suffix(FINISHED).absolute())
        if isinstance(record, Record) and not record.migrated_from and record.fingerprint.parts == parts:
            return record
    return None


def finished(page: Path, parts: Mapping[str, str] | None) -> bool:
    """Whether the run is there so, with its page."""
    record = measured(page, parts)
    try:
        if record:
            check_page(page, record)
    except ValueError:
        return False
    return record is not None


def settle() -> None:
    """Clear away what killed attempts left, but for their failed records; none may be going on."""
    for folder in sorted((ROOT / "book" / "runs").glob(f"*/*/{ATTEMPTS}/*")):
        for failed in folder.glob(f"[!.]*{FAILED}"):
            if not any(os.path.lexists(folder.parent.parent / (failed.name.removesuffix(FAILED) + e)) for e in ENDINGS):
                os.replace(failed, folder.parent.parent / failed.name)
        _remove(folder)


def _land(folder: Path, page: Path, instead: bool = False) -> None:
    """Put the record of the attempt in `folder` beside `page`, with where the run was; `instead` of an earlier run."""
    made = [ending for ending in ENDINGS if (folder / page.name).with_suffix(ending).is_file()]
    for ending in made[:1]:
        record = (folder / page.name).with_suffix(ending)
        with contextlib.suppress(OSError):  # on a full disk it does not tell where
            record_file.write(record_file.read(record).model_copy(update={"job": job()}), record)
        if instead:
            page.unlink(missing_ok=True)
        record_file.move(record, page.with_suffix(ending))
        for other in {*ENDINGS} - {ending}:
            record_file.remove(page.with_suffix(other))


def _remove(folder: Path) -> None:
    """Remove the folder of an attempt, and the one around it after the last."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # it was not the last
        folder.parent.rmdir()
