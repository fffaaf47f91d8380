"""What takes time and memory, with clocks that the work itself moves, and numbers worked out by hand."""

import math
import mmap
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.tiny_suite import TINY

from compactbench.benchmark.runtimes import Bench
from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task, transformer
from compactbench.data.load import load
from compactbench.instruments import session
from compactbench.instruments.memory import library_mb, untouched_weights_mb
from compactbench.instruments.processor import Processor
from compactbench.instruments.throughput import LEAST_TEXTS, measure, plateau, spread, sweep
from compactbench.instruments.trainer import time_by_tokens
from compactbench.parameters import load_suite
from compactbench.record import LatencySamples
from compactbench.settings import Model as ModelSettings


def test_time_by_tokens_by_hand() -> None:
    """A step costs .2 s and a token 1 ms, so steps of 300 and 100 tokens .5 and .3 s; by the mean step it were 1.2 s.

    Where longer steps were faster, by chance, no token may gain time: 3 steps of .4 s.
    """
    assert time_by_tokens([0.5, 0.3], [300, 100], [100, 100, 50]) == pytest.approx(0.85)
    assert time_by_tokens([0.3, 0.5], [300, 100], [100, 100, 50]) == pytest.approx(1.2)


class Counting(Processor):
    """A processor on which a forward pass takes 10 ms and .1 ms a token."""

    now = 0.0

    def mark(self) -> float:
        return Counting.now

    @staticmethod
    def pass_by(network: torch.nn.Module, _: tuple, given: dict[str, torch.Tensor]) -> None:
        Counting.now += 0.01 + 1e-4 * given["input_ids"].numel()


@pytest.mark.slow
def test_an_epoch_derived_from_a_few_steps_is_as_long_as_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grouping by length serves the longest batches first: by the mean of eight steps it came out 13 to 25 % too long.

    Each draws its own batches, so the padding of the two epochs differs a little: by less than 2 %.
    """
    monkeypatch.setattr(transformer, "processor", lambda device: Counting())
    splits, facts = load(load_suite("starter"))
    splits.save_to_disk(tmp_path / "splits")
    times = {}
    for steps in (math.ceil(sum(facts.train_counts) / 16), 8):
        suite = load_suite("starter", {"suite": "starter", "random_weights_steps": steps})
        assert transformer.procedure(suite, "cpu")["group_by_length"]
        task = Task(ModelSettings.model_validate(TINY), "random", suite, facts, tmp_path / "splits", "cpu", 2, seed=1)
        learner = transformer.Transformer(task)
        learner._network.register_forward_pre_hook(Counting.pass_by, with_kwargs=True)
        found = learner.finetune(tmp_path / "artefact", None, of_template())
        assert len(found.step_tokens) == found.steps == steps
        times[found.epoch_derived] = found.epoch_time_s
    assert times[True] == pytest.approx(times[False], rel=0.02)


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ([100, 101], False),
        ([100, 103, 104], False),
        ([100, 101, 101.5], True),
        ([100, 150, 154, 155], False),
        ([100, 150, 152, 152.5], True),
        ([100, 150, 90, 80], True),
        ([100, 150, 90, 200], False),
    ],
)
def test_plateau_is_two_doublings_below_two_per_cent(speeds: list[float], expected: bool) -> None:
    assert plateau(speeds) is expected


class Clock:
    """A clock that the batches themselves move: a batch takes what `seconds` says."""

    def __init__(self, seconds: Callable[[list[str]], float], monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.batches = 0.0, []
        self._seconds = seconds
        monkeypatch.setattr("compactbench.instruments.throughput.time.perf_counter", lambda: self.now)

    def classify(self, texts: list[str]) -> None:
        self.batches.append(texts)
        self.now += self._seconds(texts)


def swept(monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float], cap: int = 64) -> tuple:
    """Sizes tried, best speed and reason of a sweep over batches that take `seconds(size)`."""
    found = sweep(Clock(lambda texts: seconds(len(texts)), monkeypatch).classify, ["a"] * LEAST_TEXTS, cap, Processor())
    return [p.batch_size for p in found.points], max(p.sentences_per_s for p in found.points), found.stopped_by


def test_spread_texts_are_as_long_as_all() -> None:
    """Of ten lengths the middle of each half, and each text once; the first of a draw were all but one of 29 tokens."""
    texts = ["x" * length for length in (3, 9, 1, 7, 5, 2, 8, 4, 6, 10)]
    assert [len(text) for text in spread(texts, 2)] == [8, 3]
    assert sorted(map(len, spread(texts, 20))) == list(range(1, 11))
    lengths = [len(text) for text in spread(["x" * length for length in range(1, 1001)], 100)]
    assert len(set(lengths)) == 100 and np.mean(lengths) == pytest.approx(500.5, rel=0.01)


def test_throughput_is_of_all_lengths_whatever_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first b texts of a draw were timed, again and again: the length of the next one decided which b was best.

    Here a batch takes as long as its padded letters, so no batch is faster than another but for padding: of 256 texts
    of 1 to 256 letters, in all 32,896, sorted batches of 64 pad up to 64 x (256 + 192 + 128 + 64) = 40,960.
    """
    clock = Clock(lambda texts: len(texts) * max(map(len, texts)) / 1e4, monkeypatch)
    found = sweep(clock.classify, ["x" * length for length in range(1, 257)], 64, Processor())
    assert found.texts == LEAST_TEXTS  # all would take 3 s
    texts = spread(["x" * length for length in range(1, 257)], 256)
    for size, letters in ((1, 32_896), (64, 40_960)):
        assert measure(clock.classify, texts, size, Processor()).sentences_per_s == pytest.approx(256 / (letters / 1e4))
    clock.batches.clear()
    mixed = measure(clock.classify, texts, 64, Processor(), unsorted=True)
    assert mixed.unsorted_sentences_per_s < 0.7 * mixed.sentences_per_s
    assert sorted(text for batch in clock.batches[-4:] for text in batch) == sorted(texts)


def test_a_batch_larger_than_the_pass_repeats_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest batch that memory holds may be larger than a test set."""
    clock = Clock(lambda texts: 1.0, monkeypatch)
    assert measure(clock.classify, ["a", "bb", "ccc"], 8, Processor()).sentences_per_s == 8
    assert {len(batch) for batch in clock.batches} == {8} and set(clock.batches[0]) == {"a", "bb", "ccc"}


def test_sweep_stops_at_the_cap_while_it_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    assert swept(monkeypatch, lambda size: 1.0) == ([1, 2, 4, 8, 16, 32, 64], pytest.approx(64), "cap")


def test_sweep_stops_at_a_plateau(monkeypatch: pytest.MonkeyPatch) -> None:
    assert swept(monkeypatch, lambda size: max(4, size) / 8) == ([1, 2, 4, 8, 16], pytest.approx(8), "plateau")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        Exception("RUNTIME_EXCEPTION : Failed to allocate memory for requested buffer of size 9"),
    ],
)
def test_sweep_stops_when_memory_runs_out_and_keeps_the_curve(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def seconds(size: int) -> float:
        if size > 4:
            raise error
        return 1.0

    assert swept(monkeypatch, seconds) == ([1, 2, 4], pytest.approx(4), "oom")


def test_sweep_passes_on_what_is_no_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(size: int) -> float:
        raise RuntimeError("size mismatch")

    with pytest.raises(RuntimeError, match="size mismatch"):
        swept(monkeypatch, seconds)


def test_library_pages_do_not_count_and_the_weights_count_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of 500 MB with its libraries peaks at 700, of which 30 are libraries' pages that it had not touched.

    So it holds 530 MB without the model, which takes 170, and 20 that no text touched: 23 of 70 MB were missing.
    """
    library = iter([100.0, 130.0])
    for name, value in {"resident_mb": 500.0, "peak_resident_mb": 700.0, "untouched_weights_mb": 20.0}.items():
        monkeypatch.setattr(session, name, lambda value=value: value)
    monkeypatch.setattr(session, "library_mb", lambda: next(library))
    found = session.Session(lambda: lambda texts: None, Processor(), threads=1).memory(["a"])
    assert (found.baseline_ram_mb, found.peak_ram_mb, found.untouched_mb) == (530.0, 190.0, 20.0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what is mapped")
def test_what_is_mapped_and_not_touched_of_the_weights(tmp_path: Path) -> None:
    """Of 20 MB the first 5 are read; the system may bring in a few pages more."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"x" * 20_000_000)
    before = untouched_weights_mb()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:5_000_000:4096]
        assert untouched_weights_mb() - before == pytest.approx(15, abs=2.5)
    assert library_mb() > 10  # numpy and torch are loaded here


class Model:
    """A model whose answers move a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, texts: list[str]) -> None:
        self._clock.classify(texts)

    def tokenize(self, texts: list[str]) -> None: ...


def test_calls_are_warmed_up_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five calls of a fast model were over before the processor had its clock up: .5 s hold 50 calls of 10 ms."""
    clock = Clock(lambda texts: 0.01, monkeypatch)
    found = session.Session(lambda: Model(clock), Processor(), threads=1).latency("a", calls=3)
    assert found.warmup_calls == pytest.approx(50, abs=1) and found.samples_ms == pytest.approx([10.0] * 3)
    slow = Model(Clock(lambda texts: 1.0, monkeypatch))
    assert session.Session(lambda: slow, Processor(), threads=1).latency("a", calls=1).warmup_calls == 5


@pytest.mark.parametrize(("call_ms", "each"), [(1.0, 150), (10.0, 50), (200.0, 20)])
def test_every_length_is_timed_by_as_many_texts_as_there_is_time_for(call_ms: float, each: int) -> None:
    """The same 20 texts in each process were all there was. In .5 s go 50 calls of 10 ms; of 600 texts each has 150."""
    texts = ["x" * length for length in range(1, 601)]
    bench = Bench(load_suite("starter"), [], [], None)
    first = LatencySamples(threads=1, process=0, warmup_calls=5, samples_ms=[call_ms], tokenizer_ms=[])
    shares = [bench._share(texts, process, 4, first) for process in range(4)]
    assert [len(set(share)) for share in shares] == [each] * 4
    assert len(set().union(*shares)) == 4 * each
    for share in shares:
        assert np.mean([len(text) for text in share]) == pytest.approx(300.5, rel=0.05)
