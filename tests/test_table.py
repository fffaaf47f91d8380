"""The flat table: percentiles, sizes and nulls worked out by hand, and no run lost on the way."""

import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from helpers.factory import BASELINE, START, calls, make_failed, make_record, runtime

from compactbench.record.file import write
from compactbench.report.tables.collect import collect
from compactbench.report.tables.metrics import METRICS, RESULTS
from compactbench.report.tables.results import default_group, plain_rows, results, write_results

COLUMNS = tuple(results([make_record()]).columns)


PUBLIC = [
    *("suite", "machine", "model", "title", "model_name", "revision", "weights", "seed", "device", "precision"),
    *("runtime", "fingerprint", "noisy", "parameters", "active_parameters", "finetune_time_s", "finetune_steps"),
    *("finetune_samples_per_s", "finetune_epoch_time_s", "finetune_epoch_derived", "finetune_peak_gpu_mb"),
    *("finetune_peak_ram_mb", "inference_peak_gpu_mb", "inference_peak_ram_mb", "artefact_size_mb"),
    *("weights_size_mb", "cpu_latency_p50_ms", "cpu_latency_p50_ms_low", "cpu_latency_p50_ms_high"),
    *("cpu_latency_p95_ms", "cpu_latency_p95_ms_low", "cpu_latency_p95_ms_high", "cpu_latency_p99_ms"),
    *("cpu_latency_p99_ms_low", "cpu_latency_p99_ms_high", "cpu_latency_1core_p50_ms"),
    *("cpu_latency_1core_p50_ms_low", "cpu_latency_1core_p50_ms_high", "gpu_latency_p50_ms"),
    *("gpu_latency_p50_ms_low", "gpu_latency_p50_ms_high", "gpu_latency_p95_ms", "gpu_latency_p95_ms_low"),
    *("gpu_latency_p95_ms_high", "tokenizer_p50_ms", "latency_by_length_ms", "latency_by_length_ms_low"),
    *("latency_by_length_ms_high", "load_time_s", "throughput_device", "throughput_sentences_per_s"),
    *("throughput_sentences_per_s_low", "throughput_sentences_per_s_high", "throughput_batch_size"),
    *("max_batch_size", "throughput_stopped_by", "eval_accuracy", "eval_accuracy_low", "eval_accuracy_high"),
    *("eval_macro_f1", "eval_macro_f1_low", "eval_macro_f1_high", "eval_loss", "eval_loss_low", "eval_loss_high"),
    *("eval_ece", "eval_ece_low", "eval_ece_high", "seeds", "eval_accuracy_mean", "eval_accuracy_std", "status"),
    "error",
]
"""The columns that readers of results.csv know, in order."""


def row_of(record) -> dict:
    return plain_rows(results([record]))[0]


def test_columns_are_exactly_those_of_the_table():
    """A column that is renamed, or declared twice, breaks whoever reads the file."""
    assert len(COLUMNS) == len(set(COLUMNS))
    assert [name for name in COLUMNS if name in PUBLIC] == PUBLIC
    assert METRICS.keys() <= set(COLUMNS)
    assert {column.name for column in RESULTS} <= set(COLUMNS)


def test_latency_pools_the_processes_of_the_largest_thread_count():
    """Percentiles of the first process alone, or of one-thread and two-thread samples mixed, are both wrong.

    Pooled and sorted: 9 10 10 10 11 20. p50 lies at rank 2.5, p90 at 4.5 (11 + .5 * 9), p95 at 4.75 (11 + .75 * 9).
    """
    row = row_of(make_record())
    assert row["cpu_latency_p50_ms"] == pytest.approx(10.0)
    assert row["cpu_latency_p90_ms"] == pytest.approx(15.5)
    assert row["cpu_latency_p95_ms"] == pytest.approx(17.75)
    assert row["cpu_latency_1core_p50_ms"] == pytest.approx(16.0)
    assert row["latency_by_length_ms"] == pytest.approx(12.0)


def test_a_99th_percentile_takes_300_calls_a_process():
    """Of 80 calls in four processes it was the slowest one. Of 1 to 300 ms, twice, it lies at rank 593.01: 297.01."""
    ramp = [float(time) for time in range(1, 301)]
    enough = [calls(ramp), calls(ramp, process=1)]
    assert row_of(make_record(latency=enough))["cpu_latency_p99_ms"] == pytest.approx(297.01)
    row = row_of(make_record(latency=[calls(ramp[1:]), calls(ramp[1:], process=1)]))
    assert row["cpu_latency_p99_ms"] is None and row["cpu_latency_p95_ms"] is not None


def test_one_core_machine_has_one_latency_for_both_columns():
    """On one core the largest thread count is 1: the all-core columns must not stay empty."""
    row = row_of(make_record(latency=[calls([4.0, 6.0], threads=1)]))
    assert row["cpu_latency_p50_ms"] == row["cpu_latency_1core_p50_ms"] == pytest.approx(5.0)


def test_gpu_latency_never_mixes_with_the_cpu():
    """Samples of the GPU in the CPU's columns would make every model look fast."""
    cpu = runtime(latency=[calls([10.0])])
    row = row_of(make_record(device="cuda", latency=[calls([1.0, 3.0])], latency_by_length=[], runtimes=[cpu]))
    assert (row["cpu_latency_p50_ms"], row["gpu_latency_p50_ms"]) == (10.0, 2.0)
    assert row["gpu_latency_p95_ms"] == pytest.approx(2.9)
    assert row["cpu_latency_1core_p50_ms"] is None
    assert row_of(make_record())["gpu_latency_p50_ms"] is None


def test_on_a_gpu_the_cpu_is_read_from_the_same_runtime_and_precision_alone():
    """The CPU's latency of another precision would pass for that of the model as trained."""
    other = runtime(precision="bf16", latency=[calls([1.0])])
    row = row_of(make_record(device="cuda", latency=[calls([3.0])], runtimes=[other]))
    assert (row["cpu_latency_p50_ms"], row["gpu_latency_p50_ms"], row["throughput_device"]) == (None, 3.0, "cuda")


def test_sizes_are_in_millions_of_bytes():
    """MiB instead of MB (a factor of 1.049), or the weights' size taken for the folder's."""
    row = row_of(make_record())
    assert (row["artefact_size_mb"], row["weights_size_mb"]) == (81.0, 80.0)


def test_throughput_is_the_best_point_and_not_the_last():
    """The largest batch is often slower than the best one."""
    speeds = {1: 100.0, 2: 200.0, 4: 150.0}
    points = [{"batch_size": size, "samples_s": [1.0], "sentences_per_s": speed} for size, speed in speeds.items()]
    row = row_of(make_record(throughput={"points": points, "stopped_by": "plateau", "cap": 64}))
    assert (row["throughput_sentences_per_s"], row["throughput_batch_size"], row["max_batch_size"]) == (200.0, 2, 4)
    assert row["throughput_stopped_by"] == "plateau"


def test_the_smallest_batch_that_is_nearly_the_fastest_is_chosen():
    """The fastest of a plateau was another one in each run: 16, 4, 16. Within 3 % of 200 are 197 and 195."""
    speeds = {1: 150.0, 2: 193.0, 4: 195.0, 8: 197.0, 16: 200.0}
    points = [{"batch_size": size, "samples_s": [1.0], "sentences_per_s": speed} for size, speed in speeds.items()]
    row = row_of(make_record(throughput={"points": points, "stopped_by": "cap", "cap": 16}))
    assert (row["throughput_sentences_per_s"], row["throughput_batch_size"]) == (195.0, 4)
    again = [{"batch_size": 16, "samples_s": [1.0], "sentences_per_s": 180.0}]  # as an earlier version chose
    row = row_of(make_record(throughput={"points": points, "stopped_by": "cap", "cap": 16, "again": again}))
    assert (row["throughput_sentences_per_s"], row["throughput_batch_size"]) == (180.0, 16)


def test_throughput_is_the_median_over_further_processes():
    """The search takes the best of many, so its own speed flatters: further processes say what the batch gives."""
    again = [{"batch_size": 2, "samples_s": [1.0], "sentences_per_s": speed} for speed in (150.0, 190.0)]
    row = row_of(make_record(throughput={"again": again}))
    assert row["throughput_sentences_per_s"] == 170.0  # of 150 and 190, without the search's 200
    assert row["throughput_sentences_per_s_low"] < 150 and row["throughput_sentences_per_s_high"] > 190


def test_an_interval_counts_processes_and_not_calls():
    """Two processes that never agree: 10 ms in each call of one, 20 ms in each of the other.

    Counting calls would put the median of 200 of them near 15 with a narrow interval; of two processes the third may
    be anywhere. One process alone has no interval.
    """
    apart = [calls([10.0] * 100), calls([20.0] * 100, process=1)]
    row = row_of(make_record(latency=apart))
    assert row["cpu_latency_p50_ms_low"] < 10.0 and row["cpu_latency_p50_ms_high"] > 20.0
    alone = row_of(make_record(latency=apart[:1]))
    assert alone["cpu_latency_p50_ms"] == 10.0 and alone["cpu_latency_p50_ms_low"] is None


def test_seeds_give_mean_and_spread_and_fewer_labels_do_not_count():
    """Accuracies .95 (the run's own), .93 and .97: mean .95, standard deviation .02; 20 of 140 texts do not count."""
    repeat = {"time_s": 1.0, "accuracy_interval": [0.8, 1.0], "macro_f1": 0.9}
    repeats = [repeat | {"seed": seed, "labels": 140, "accuracy": share} for seed, share in ((1, 0.93), (2, 0.97))]
    row = row_of(make_record(repeats=[*repeats, repeat | {"seed": 1, "labels": 20, "accuracy": 0.5}]))
    assert row["seeds"] == 3
    assert (row["eval_accuracy_mean"], row["eval_accuracy_std"]) == pytest.approx((0.95, 0.02))
    assert row_of(make_record())["eval_accuracy_std"] is None


def test_a_run_is_noisy_when_its_fixed_work_took_longer_than_usual():
    """Usual is the median of all windows of the machine: 10 ms here; 13 ms is beyond the bound, 12 ms is not."""

    def windows(*times: float) -> list[dict]:
        return [{"stage": "latency", "samples_ms": [time]} for time in times]

    runs = [
        make_record("quiet", fixed_work=windows(10.0, 10.0, 10.0)),
        make_record("near", fixed_work=windows(10.0, 12.0)),
        make_record("disturbed", fixed_work=windows(10.0, 13.0)),
        make_record("elsewhere", machine="slower", fixed_work=windows(30.0, 30.0)),
    ]
    frame = results(runs).set_index("model")
    assert frame["noisy"].to_dict() == {"quiet": False, "near": False, "disturbed": True, "elsewhere": False}


def test_random_weights_have_no_quality():
    """The record holds the accuracy of random weights: shown anywhere, it would pass for a result."""
    row = row_of(make_record(weights="random"))
    assert all(row[name] is None for name in COLUMNS if name.startswith("eval_"))
    assert row["cpu_latency_p50_ms"] is not None
    assert row_of(make_record(**BASELINE))["eval_accuracy"] == 0.95


def test_failed_run_is_a_row_with_its_error():
    """A failed run that leaves the table has vanished from the report."""
    row = row_of(make_failed())
    assert (row["status"], row["error"]) == ("failed", "finetune: the weights could not be read")
    assert row["title"] == "Broken" and row["parameters"] is None and row["weights"] is None


def test_rows_are_sorted_by_suite_machine_and_model():
    """Files arrive in any order: the table must not change with it."""
    records = [make_record("b"), make_record("a", machine="zebra"), make_record("a"), make_record("c", suite="ag-news")]
    assert list(results(records)["model"]) == ["c", "a", "b", "a"]


def test_collect_prefers_a_record_to_an_older_failure_and_keeps_lone_failures(tmp_path: Path):
    """A failed file left behind by an earlier try would bury the good record, or a lone one be skipped."""
    folder = tmp_path / "starter" / "reference-cpu"
    write(make_failed("alpha"), folder / "alpha.failed.json")
    write(make_record("alpha"), folder / "alpha.json")
    write(make_failed("alpha-2.0"), folder / "alpha-2.0.failed.json")
    assert [(run.model, run.status) for run in collect(tmp_path).records] == [("alpha-2.0", "failed"), ("alpha", "ok")]


def test_collect_names_a_broken_file(tmp_path: Path):
    """Half a record must not silently miss from the report, and must not stop it."""
    broken = tmp_path / "starter" / "here" / "alpha.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"status": "ok"')
    (problem,) = collect(tmp_path).problems
    assert problem.file.endswith("starter/here/alpha.json")


def test_default_group_is_the_newest_own_one_else_the_starter_reference():
    """A user's own measurements must not hide behind the reference, however old they are."""
    reference = [make_record(suite="ag-news", machine="reference-a"), make_record(machine="reference-z")]
    assert default_group(reference) == ("starter", "reference-z")
    old = make_record(machine="laptop", started_at=START - timedelta(days=9))
    new = make_record(machine="desk", suite="my-data", started_at=START - timedelta(days=8))
    assert default_group([*reference, new, old]) == ("my-data", "desk")
    with pytest.raises(ValueError, match="no run"):
        default_group([])


def test_written_results_read_back_with_their_nulls(tmp_path: Path):
    """NaN in JSON is not JSON, counts with .0 are no counts, and "None" is a text."""
    frame = results([make_record("alpha"), make_record("beta", weights="random"), make_failed("gamma")])
    write_results(frame, tmp_path)

    text = (tmp_path / "results.json").read_text()
    rows = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert rows == plain_rows(frame)
    assert [row["parameters"] for row in rows] == [20_000_000, 20_000_000, None]
    assert [row["eval_accuracy"] for row in rows] == [0.95, None, None]

    csv = pd.read_csv(tmp_path / "results.csv")
    assert tuple(csv.columns) == COLUMNS
    assert csv["eval_accuracy"].isna().tolist() == [False, True, True]
    assert ",20000000," in (tmp_path / "results.csv").read_text()

    parquet = pd.read_parquet(tmp_path / "results.parquet")
    pd.testing.assert_frame_equal(parquet, frame)
