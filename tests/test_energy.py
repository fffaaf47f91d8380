"""Energy where the machine counts it: wraps, what may not be read, and tables worked out by hand."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.card import Nvml, PartOfACard
from helpers.factory import make_record, runtime

from compactbench.instruments import energy
from compactbench.instruments import gpu as card
from compactbench.instruments.processor import Processor
from compactbench.instruments.throughput import measure
from compactbench.instruments.trainer import Meter
from compactbench.report.tables.results import plain_rows, results, runtimes
from compactbench.report.text.planning import about_cost
from compactbench.report.text.runtimes import table

ZONES = {"intel-rapl:0": "package-0", "intel-rapl:0:0": "core", "intel-rapl:1": "package-1", "intel-rapl:2": "psys"}
"""Two packages, the cores of one of them, and the whole platform, which holds all of these."""


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put these numbers, uJ, on the counters of stand-ins for the zones, which wrap after 1 J."""

    def put(*counts: int) -> None:
        for (zone, name), told in zip(ZONES.items(), counts, strict=True):
            (tmp_path / zone).mkdir(exist_ok=True)
            for file, text in (("name", name), ("max_energy_range_uj", "1000000"), ("energy_uj", str(told))):
                (tmp_path / zone / file).write_text(f"{text}\n")

    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    return put


def test_all_packages_count_once_over_a_wrap(count) -> None:
    """The first takes .1 J to its wrap and .2 beyond, the second .7. Parts and the platform are not added."""
    count(900_000, 0, 100_000, 0)
    taken = energy.metered()
    count(200_000, 50_000, 800_000, 999_999)
    assert taken() == pytest.approx(1.0)


def test_a_long_training_wraps_many_times(count, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin and end alone told .4 J of 2.4: on a server a counter wraps after six minutes."""
    readings = iter([600_000, 200_000, 800_000, 400_000])

    class Elapsed:
        """An event that is waited for while the counters move on."""

        def wait(self, _: float) -> bool:
            told = next(readings, None)
            if told is not None:
                count(told, 0, told, 0)
            return told is None

        def set(self) -> None: ...

    monkeypatch.setattr(energy, "threading", SimpleNamespace(Event=Elapsed, Thread=threading.Thread))
    count(0, 0, 0, 0)
    assert energy.metered()() == pytest.approx(2 * 2.4)


def test_a_counter_that_may_not_be_read_tells_nothing(count, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other package's joules would pass for those of both."""
    read = Path.read_text

    def refused(path: Path) -> str:
        if path.parent.name == "intel-rapl:1" and path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(path)

    count(0, 0, 0, 0)
    taken = energy.metered()
    count(1, 1, 1, 1)
    monkeypatch.setattr(Path, "read_text", refused)
    assert energy.metered()() is None
    assert taken() is None


def test_no_counter_and_one_that_stands_still_tell_nothing(count, tmp_path: Path) -> None:
    """A virtual machine may show counters that nothing moves: 0 J would be the best of all energies."""
    assert energy.metered()() is None
    count(5, 5, 5, 5)
    assert energy.metered()() is None


@pytest.mark.parametrize(("seconds", "told"), [(2.0, 42.5), (0.9, None)])
def test_a_card_tells_its_energy_over_a_second_or_more(
    place, monkeypatch: pytest.MonkeyPatch, seconds: float, told: float | None
) -> None:
    """Its counter moves ten times a second: of a short time it is off by as much as it tells."""
    now = iter([10.0, 10.0 + seconds])
    place(Nvml(energy_mj=(5_000, 47_500)))
    monkeypatch.setattr(card.time, "perf_counter", lambda: next(now))
    assert card.metered()() == told


def test_a_part_of_a_card_and_a_counter_that_stands_still_tell_nothing(place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "ENERGY_S", 0.0)
    for nvml in (PartOfACard(), Nvml(energy_mj=(7,))):
        place(nvml)
        assert card.metered()() is None


class Burning(Processor):
    """A processor that takes 40 W, and whose counter takes a second to tell."""

    energy_s, now = 1.0, 0.0

    def wake(self) -> None:
        self.now += 5.0

    def mark(self) -> float:
        return self.now

    def metered(self) -> Callable[[], float]:
        begun = self.now
        return lambda: 40.0 * (self.now - begun)

    def classify(self, _: list[str]) -> None:
        self.now += 0.2


def test_passes_last_until_the_counter_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches of .2 s are a pass of .4: three of them last a second, and take 48 J. What warms up is not in it."""
    processor = Burning()
    monkeypatch.setattr("compactbench.instruments.throughput.time.perf_counter", lambda: processor.now)
    point = measure(processor.classify, ["a"] * 4, 2, processor, unsorted=True)
    assert point.samples_s == pytest.approx([0.4] * 3) and point.energy_j == pytest.approx(48.0)


def test_the_energy_of_a_training_is_that_of_its_loop() -> None:
    """What wakes the device before is not in it: two steps of 3 s."""
    processor = Burning()
    meter, state = Meter(processor), SimpleNamespace(global_step=2, epoch=1.0, log_history=[])
    meter.on_train_begin(None, state, None)
    for _ in range(2):
        meter.on_step_begin(None, state, None)
        processor.now += 3.0
        meter.on_step_end(None, state, None)
    meter.on_train_end(None, state, None)
    assert (meter.total_s, meter.energy_j) == (6.0, 240.0)


def throughput(*joules: float | None) -> dict:
    """The search, and a further process for each: two passes over 200 texts in the first, one in any other."""
    found = {"batch_size": 2, "samples_s": [1.0], "sentences_per_s": 200.0, "energy_j": 1e6}
    again = [found | {"energy_j": energy_j} for energy_j in joules]
    again[0] |= {"samples_s": [0.5, 0.5], "sentences_per_s": 400.0}
    return {"points": [found], "stopped_by": "cap", "cap": 2, "again": again}


def test_energy_in_the_tables_by_hand() -> None:
    """108 J for 400 and 200 texts: .18 J each, 180,000 J a million, 50 Wh. The fine-tune's 7,200 J are 2 Wh."""
    silent = runtime(runtime="onnxruntime", label="onnxruntime int8", precision="int8", throughput=throughput(72, None))
    record = make_record(finetune={"energy_j": 7200.0}, throughput=throughput(72.0, 36.0), runtimes=[silent])
    (row,) = plain_rows(results([record]))
    assert (row["energy_wh_per_million_texts"], row["finetune_energy_wh"]) == pytest.approx((50.0, 2.0))
    found = [one["energy_wh_per_million_texts"] for one in plain_rows(runtimes([record]))]
    assert found == [pytest.approx(50.0), None]
    page = about_cost(record).splitlines()
    assert page[0] == "|  | CPU seconds | Energy (Wh) |"
    assert [line.split(" | ")[-1] for line in page[2:5]] == ["2.0 |", "50.0 |", "– |"]
    assert "whatever else computed there" in page[-1] and "its whole board, without the CPU" in page[-1]


def test_random_weights_have_no_fine_tune_and_the_search_counts_alone() -> None:
    """Their eight steps would pass for a whole fine-tune. Without further processes: 36 J for the 200 texts of one."""
    alone = throughput(36.0, 36.0)
    alone = alone | {"points": [alone["again"][1]], "again": []}
    (row,) = plain_rows(results([make_record(weights="random", finetune={"energy_j": 7200.0}, throughput=alone)]))
    assert row["finetune_energy_wh"] is None and row["energy_wh_per_million_texts"] == pytest.approx(50.0)


def test_where_nothing_was_told_nothing_is_shown() -> None:
    """An earlier record, or a machine without counters, has no column of dashes; the runtimes' table never has one."""
    record = make_record()
    (row,) = plain_rows(results([record]))
    assert row["finetune_energy_wh"] is row["energy_wh_per_million_texts"] is None
    assert "nergy" not in about_cost(record) and "nergy" not in table(record)
    assert "nergy" not in table(make_record(throughput=throughput(72.0, 36.0)))
