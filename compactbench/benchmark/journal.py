"""What a run tells as it goes on: its log, the time of its stages, the fixed work, and where it ended if it failed."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from compactbench.errors import one_line, own_paths
from compactbench.instruments.fixed_work import fixed_work_ms
from compactbench.instruments.load import clocks, load
from compactbench.record import FailedRecord, FixedWork, Load
from compactbench.record import file as record_file
from compactbench.settings import Model, Suite

ENDED = "the run ended in this stage without a word (killed, or still going)"


class Journal:
    """Keeps the log and the failed record of one run.

    Args:
        stages: names of the stages, in their order.
        model: who runs.
        suite: what is asked.
        machine: name of the machine's folder.
        record: file of the record; the log and the failed record lie beside it.
    """

    def __init__(self, stages: list[str], model: Model, suite: Suite, machine: str, record: Path) -> None:
        self._stages = stages
        self._model, self._suite, self._machine = model, suite, machine
        self._failed = record.with_suffix(".failed.json")
        self.log = record.with_suffix(".log")
        self.started_at = datetime.now(UTC)
        self.seconds: dict[str, float] = {}
        self.fixed_work: list[FixedWork] = []
        self.load: list[Load] = []

    def begin(self) -> None:
        """Empty the log; it is not removed, because papermill may be writing to it already."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Say that the stage begins, time it, and leave a failed record that only `finish` takes away."""
        with self.log.open("a", encoding="utf-8") as log:
            number = self._stages.index(name) + 1
            log.write(f"{datetime.now(UTC):%H:%M:%S} stage {number} of {len(self._stages)}: {name}\n")
        self._leave(name, ENDED)
        begun = time.perf_counter()
        try:
            yield
        except Exception as error:
            with contextlib.suppress(OSError):  # on a full disk what was left at the beginning stays
                self._leave(name, one_line(error, own=own_paths(self._model.path, self._suite.dataset)))
            raise
        self.seconds[name] = time.perf_counter() - begun

    @contextlib.contextmanager
    def watched(self, stage: str) -> Iterator[None]:
        """Time the fixed piece of work before and after a measurement, and note the load in it."""
        self.fixed_work.append(FixedWork(stage=stage, samples_ms=fixed_work_ms()))
        begun = clocks()
        yield
        self.load.append(load(stage, begun, clocks()))
        self.fixed_work.append(FixedWork(stage=stage, samples_ms=fixed_work_ms()))

    def finish(self) -> None:
        """Take the failed record away: the run is done."""
        self._failed.unlink(missing_ok=True)

    def _leave(self, stage: str, error: str) -> None:
        failed = FailedRecord(
            suite=self._suite.suite,
            machine=self._machine,
            model=self._model.model,
            title=self._model.title,
            model_name=self._model.model_name,
            started_at=self.started_at,
            stage=stage,
            error=error,
        )
        record_file.write(failed, self._failed)
