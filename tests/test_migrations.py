"""Records of every earlier schema: runs that were measured then, with few of their samples, in tests/records."""

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sklearn.metrics import f1_score

from compactbench.record import SCHEMA_VERSION, Record
from compactbench.record.file import RecordError, read_run
from compactbench.record.migrations import STEPS, WHOLE
from compactbench.report.tables.collect import collect
from compactbench.report.tables.results import plain_rows, results, runtimes

RECORDS = Path(__file__).parent / "records"
VERSIONS = range(1, SCHEMA_VERSION)


def path(version: int, model: str = "minilm-l6") -> Path:
    """The record of that schema."""
    return RECORDS / str(version) / "starter" / "reference-cpu" / f"{model}.json"


def migrated(version: int, model: str = "minilm-l6") -> tuple[dict[str, Any], Record]:
    """What the record of that schema holds, and what is read from it."""
    record = read_run(path(version, model))
    assert isinstance(record, Record)
    return json.loads(path(version, model).read_text()), record


def without_nulls(value: Any) -> Any:
    """What a part of a record says, where it says something."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def test_there_is_a_step_from_every_schema() -> None:
    """A new schema needs a step, and records of the one before in tests/records."""
    assert len(STEPS) == SCHEMA_VERSION - 1
    assert sorted(folder.name for folder in RECORDS.iterdir()) == [str(version) for version in VERSIONS]


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_stay_and_what_was_not_measured_is_null(version: int) -> None:
    old, record = migrated(version)
    trained = record.trained
    assert record.migrated_from == (version if version < WHOLE else None) and old["schema_version"] == version
    assert (record.data.license, record.classifier.kind) == ("non-commercial and research use", "transformer")
    assert (record.data.words_p95 is None) == (version < 4)
    assert (record.data.languages is None) == (version < 6)
    if version > 4:  # nothing else changed
        assert record.model_dump(mode="json", exclude_none=True)["runtimes"] == without_nulls(old["runtimes"])
        return
    assert record.parameters.total == old["size"]["parameters"]
    assert (trained.runtime, trained.label, trained.device) == ("torch", "torch fp32", "cpu")
    assert trained.memory and trained.memory.peak_ram_mb == old["inference_memory"]["peak_ram_mb"]
    assert [one.samples_ms for one in trained.latency] == [one["samples_ms"] for one in old["latency"]]
    quality = trained.quality
    assert quality and quality.accuracy == old["quality"]["accuracy"]
    nulls = [quality.right, quality.loss_interval, record.finetune.procedure]
    assert [one is None for one in nulls] == [version == 1] * 3
    assert (trained.load_time_s is None) == (version < 3)
    assert len(record.runtimes) == 1 + len(old.get("runtimes", []))


def test_f1_of_each_class_comes_from_the_counts() -> None:
    """The first schema did not keep it: worked out here from a text for each count."""
    old, record = migrated(1)
    pairs = [
        (true, predicted)
        for true, row in enumerate(old["quality"]["confusion"])
        for predicted, count in enumerate(row)
        for _ in range(count)
    ]
    expected = f1_score(*zip(*pairs, strict=True), average=None)
    assert record.trained.quality and record.trained.quality.class_f1 == pytest.approx(expected)


def test_a_further_runtime_keeps_its_measurements() -> None:
    old, record = migrated(4)
    for before, after in zip(old["runtimes"], record.runtimes[1:], strict=True):
        assert (after.runtime, after.precision, after.error) == (before["runtime"], before["precision"], None)
        assert after.agreement == before["agreement"]
        assert after.quality and after.quality.accuracy == before["served"]["quality"]["accuracy"]
        assert [one.samples_ms for one in after.latency] == [one["samples_ms"] for one in before["served"]["latency"]]
    assert {one.label for one in record.runtimes} == {"torch fp32", "ONNX fp32", "ONNX int8", "torch bf16"}


def test_a_gpu_becomes_a_runtime_of_its_own(tmp_path: Path) -> None:
    """Schema 2 kept the calls on both devices in one list, and the throughput in bf16 beside that in fp32."""
    old, _ = migrated(2)
    on_gpu = [calls | {"device": "cuda", "samples_ms": [1.0, 1.0, 1.0]} for calls in old["latency"]]
    old["latency"] += [*on_gpu, *(calls | {"precision": "bf16", "samples_ms": [0.5] * 3} for calls in on_gpu)]
    old["throughput"]["device"] = old["conditions"]["device"] = "cuda"
    old["throughput_bf16"] = old["throughput"] | {"precision": "bf16"}
    old["inference_memory"]["gpu"] = {"allocated_mb": 9.0, "reserved_mb": 10.0, "process_mb": None}
    file = tmp_path / "starter" / "reference-cpu" / "minilm-l6.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(old))
    record = read_run(file)
    assert isinstance(record, Record)
    assert [(one.device, one.precision) for one in record.runtimes] == [
        ("cuda", "fp32"),
        ("cpu", "fp32"),
        ("cuda", "bf16"),
    ]
    gpu, cpu, bf16 = record.runtimes
    assert gpu.throughput and bf16.throughput and cpu.throughput is None
    assert [median(one.latency[0].samples_ms) for one in (gpu, bf16)] == [1.0, 0.5]
    assert len(cpu.latency) == len(gpu.latency) == len(bf16.latency) == len(on_gpu)
    assert gpu.memory and gpu.memory.gpu and gpu.memory.gpu.allocated_mb == 9.0
    assert not gpu.latency_by_length and cpu.latency_by_length


@pytest.mark.parametrize("version", VERSIONS)
def test_the_tables_show_it(version: int) -> None:
    records = collect(RECORDS / str(version)).records
    minilm, tfidf = plain_rows(results(records))
    assert (minilm["model"], tfidf["model"], tfidf["baseline"]) == ("minilm-l6", "tfidf", True)
    assert minilm["cpu_latency_p50_ms"] > tfidf["cpu_latency_p50_ms"] > 0
    assert tfidf["eval_accuracy"] == pytest.approx(0.93978 if version < 6 else 0.95721, abs=1e-5)
    assert (minilm["eval_macro_f1_low"] is None) == (minilm["noisy"] is None) == (version == 1)
    assert len(runtimes(records)) == sum(len(record.runtimes) for record in records)


def test_a_failed_run_of_any_schema_is_read(tmp_path: Path) -> None:
    file = tmp_path / "starter" / "here" / "alpha.failed.json"
    file.parent.mkdir(parents=True)
    told = {"status": "failed", "suite": "starter", "machine": "here", "model": "alpha", "title": "Alpha"}
    told |= {"model_name": "a/b", "started_at": "2026-01-02T03:04:05Z", "stage": "finetune", "error": "No memory."}
    for version in VERSIONS:
        file.write_text(json.dumps(told | {"schema_version": version}))
        assert read_run(file).status == "failed"


@pytest.mark.parametrize("version", VERSIONS)
def test_half_of_an_older_record_is_refused_in_a_sentence(version: int, tmp_path: Path) -> None:
    """Each step reaches for keys that may be missing."""
    old, _ = migrated(version)
    for key in old.keys() - {"schema_version"}:
        for wrong in ({}, {key: None}, {key: []}):
            file = tmp_path / "one.json"
            file.write_text(json.dumps({name: value for name, value in old.items() if name != key} | wrong))
            try:
                read_run(file)
            except RecordError as error:
                assert error.reason.startswith("not a record: ") and "\n" not in error.reason
