"""What fits into memory: lines and largest batches worked out by hand, and a series that memory cuts short."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.factory import make_record

from compactbench.benchmark import learning
from compactbench.benchmark.learning import Learning
from compactbench.benchmark.plan import RunPlan
from compactbench.benchmark.process import ProcessError
from compactbench.parameters import load_model, load_suite
from compactbench.record import MemoryPoint
from compactbench.report.statistics.memory_line import memory_line
from compactbench.report.text.planning import about_fit, fits


def points(**peaks_mb: float) -> list[MemoryPoint]:
    """Batches of 100 tokens a text, by their size: `_1=1100.0`."""
    return [MemoryPoint(batch_size=int(size[1:]), tokens=100, peak_mb=peak) for size, peak in peaks_mb.items()]


def test_the_largest_point_is_held_against_the_line_and_not_fitted() -> None:
    """1,100 and 1,200 MB make 1,000 and 1 a token; for a batch of 4 that is 1,400, 40 % more than 1,000."""
    line = memory_line(points(_1=1100.0, _2=1200.0, _4=1000.0))
    assert line and (line.base_mb, line.token_mb) == (pytest.approx(1000), pytest.approx(1))
    assert line.error == pytest.approx(0.4)


def test_the_largest_batch_is_the_last_whole_one_that_fits() -> None:
    """(4,000 - 1,000) / 100 = 30; under 4.05 GB still 30, under 1.05 GB none."""
    line = memory_line(points(_1=1100.0, _2=1200.0, _4=1401.0))
    assert line and [line.largest_batch(size) for size in (4.0001, 4.05, 1.05, 0.5)] == [30, 30, 0, 0]


@pytest.mark.parametrize("measured", [{}, {"_1": 1.0, "_2": 2.0}, {"_1": 9.0, "_2": 9.0, "_4": 9.0}])
def test_no_line_is_told_of_too_few_points_or_of_memory_that_does_not_grow(measured: dict[str, float]) -> None:
    assert memory_line(points(**measured)) is None
    assert about_fit(points(**measured), "cpu").startswith("It was not measured")


def test_what_does_not_fit_is_told_from_what_was_not_measured() -> None:
    """5,000 MB and 100 a text: none under 4 GB, 30 under 8, 110 under 16, 190 under 24."""
    large = make_record("large", memory_points=points(_1=5100.0, _2=5200.0, _4=5390.0))
    table = fits([large, make_record("unmeasured")]).splitlines()
    assert len(table) == 3  # head, rule, one model
    cells = [cell.strip(" \\") for cell in table[2].split("|")[2:-1]]
    assert cells[:2] == ["100", "none"] and cells[-1] == "+0.2"
    assert [int(cell) for cell in cells[2:5]] == pytest.approx([30, 110, 190], abs=1)
    assert fits([make_record()]) == "No run of this group measured it."


def test_a_line_more_than_5_percent_off_foretells_no_batch() -> None:
    """1,399 MB foretold; of 1,340 that is 4.4 % more, of 1,330 it is 5.2."""
    near, far = (points(_1=1099.0, _2=1199.0, _4=peak) for peak in (1340.0, 1330.0))
    assert "largest batch" in about_fit(near, "cpu")
    assert "largest batch" not in about_fit(far, "cpu") and "(+5.2\N{NO-BREAK SPACE}%)" in about_fit(far, "cpu")
    rows = fits([make_record("near", memory_points=near), make_record("far", memory_points=far)]).splitlines()[2:]
    cells = [[cell.strip(" \\") for cell in row.split("|")[2:-1]] for row in rows]
    assert cells == [["100", "30", "70", "150", "230", "+4.4"], ["100", "", "", "", "", "+5.2"]]


class Ended:
    """A process that ends in words of the caller's from a batch of 8 on."""

    def __init__(self, words: str) -> None:
        self.words = words

    def create(self, task: Any) -> "Ended":
        return self

    def __enter__(self) -> "Ended":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def call(self, method: Any, batch_size: int, *given: Any) -> MemoryPoint:
        if batch_size >= 8:
            raise ProcessError(self.words)
        return MemoryPoint(batch_size=batch_size, tokens=100, peak_mb=1000.0 * batch_size)


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], list[int]]:
    """The batch sizes that are measured where the process ends in such words."""

    def measured(words: str) -> list[int]:
        monkeypatch.setattr(learning, "taken", lambda train: train)
        monkeypatch.setattr(Learning, "process", lambda self: Ended(words))
        plan = RunPlan(load_model("bert-tiny"), load_suite("starter"), "here", tmp_path / "record.json", "random")
        where: Any = SimpleNamespace(device="cpu", threads=1, seed=0)
        run = Learning(plan, where, make_record().data, tmp_path, tmp_path / "log")
        return [point.batch_size for point in run.memory_points(1e-4, lambda: None)]

    return measured


@pytest.mark.parametrize(
    "words",
    ["the process was ended by SIGKILL (out of memory?)", "MemoryError: ", "RuntimeError: CUBLAS_STATUS_ALLOC_FAILED"],
)
def test_a_series_that_runs_out_of_memory_keeps_its_earlier_points(
    series: Callable[[str], list[int]], words: str
) -> None:
    assert series(words) == [1, 2, 4]


def test_a_series_that_ends_for_another_reason_says_so(series: Callable[[str], list[int]]) -> None:
    with pytest.raises(ProcessError, match="IndexError"):
        series("IndexError: index 512 is out of range")
