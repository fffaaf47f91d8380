"""Records made up for tests: every number is round, so that results can be worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from compactbench.record import FailedRecord, Record, RuntimeResult

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


MACHINE = {"cpu": "Example CPU", "cores": 2, "ram_mb": 16000.0, "os": "Linux 6.1", "governor": None} | dict.fromkeys(
    ("gpu", "gpu_memory_mb", "gpu_driver", "gpu_clock_mhz", "cpu_limit", "ram_limit_mb")
)
MACHINE |= {
    "cpu_identity": "Maker, family 1, model 2, stepping 3",
    "cpu_instructions": ["avx2"],
    "cpu_caches": ["L2 512K"],
    "virtual": True,
    "thread_variables": {"OMP_NUM_THREADS": "2"},
}


CLASSIFIERS = {
    "transformer": {"label": "fine-tuned transformer", "fine_tuned": True, "baseline": False},
    "tfidf": {"label": "baseline: no transformer", "fine_tuned": False, "baseline": True},
    "frozen": {"label": "frozen embeddings", "fine_tuned": False, "baseline": False},
}
"""Kinds of classifiers, as their files in classifiers/ declare them."""
BASELINE: dict[str, Any] = {"weights": "none", "classifier": {"kind": "tfidf", **CLASSIFIERS["tfidf"]}}
"""What makes a record that of the baseline."""
FROZEN: dict[str, Any] = {"classifier": {"kind": "frozen", **CLASSIFIERS["frozen"]}}
"""What makes a record that of a transformer which stays as it is."""


def calls(samples_ms: list[float], **changes: Any) -> dict[str, Any]:
    """The calls of one process that answered one sentence at a time."""
    fields = {"threads": 2, "process": 0, "warmup_calls": 5}
    return fields | {"samples_ms": samples_ms, "tokenizer_ms": [0.1] * len(samples_ms)} | changes


def runtime(**changes: Any) -> dict[str, Any]:
    """The model in one runtime, torch in fp32 on the CPU; `changes` replace fields, and merge into mappings."""
    fields: dict[str, Any] = {
        "runtime": "torch",
        "label": "torch fp32",
        "precision": "fp32",
        "device": "cpu",
        "threads": 2,
        "artefact": {
            "files": {"model.safetensors": 80_000_000, "config.json": 1_000, "tokenizer.json": 999_000},
            "weights_files": ["model.safetensors"],
        },
        "load_time_s": 3.0,
        "memory": {"batch_size": 1, "baseline_ram_mb": 450.0, "peak_ram_mb": 100.0, "gpu": None},
        "quality": {
            "accuracy": 0.95,
            "accuracy_interval": [0.86, 0.98],
            "macro_f1": 0.95,
            "macro_f1_interval": [0.89, 0.99],
            "class_f1": [0.95, 0.95],
            "loss": 0.2,
            "loss_interval": [0.1, 0.3],
            "ece": 0.03,
            "ece_interval": [0.02, 0.05],
            "confusion": [[29, 1], [2, 28]],
            "right": "1" * 57 + "0" * 3,
            "eval_time_s": 1.0,
        },
        "agreement": None,
        "latency": [
            calls([9.0, 10.0, 11.0]),
            calls([10.0, 10.0, 20.0], process=1),
            calls([15.0, 16.0, 17.0], threads=1),
        ],
        "latency_by_length": [{"process": 0, "tokens": [10, 40], "samples_ms": [8.0, 16.0]}],
        "throughput": {
            "points": [
                {"batch_size": 1, "samples_s": [0.01, 0.01], "sentences_per_s": 100.0},
                {"batch_size": 2, "samples_s": [0.01, 0.01], "sentences_per_s": 200.0},
            ],
            "stopped_by": "cap",
            "cap": 2,
            "again": [],
        },
        "error": None,
    }
    quality = changes.get("quality") or {}
    if "right" in quality and "confusion" not in quality:  # as many texts, half of them of each class
        half = len(quality["right"]) // 2
        first, second = quality["right"][:half], quality["right"][half:]
        confusion = [[first.count("1"), first.count("0")], [second.count("0"), second.count("1")]]
        changes["quality"] = quality | {"confusion": confusion}
    return _changed(fields, changes)


def make_record(model: str = "alpha", runtimes: Sequence[dict[str, Any]] = (), **changes: Any) -> Record:
    """A finished run of `model`, trained in torch, and the model in further `runtimes`.

    `changes` replace fields of the record, or of its first runtime, and merge into those that are mappings.
    """
    fields: dict[str, Any] = {
        "suite": "starter",
        "machine": "reference-cpu",
        "model": model,
        "title": model.title(),
        "classifier": {"kind": "transformer", **CLASSIFIERS["transformer"]},
        "model_name": f"somewhere/{model}",
        "revision": None,
        "weights": "pretrained",
        "weights_sha256": None,
        "started_at": START,
        "fingerprint": {part: {"one": "0" * 12} for part in ("settings", "data", "weights", "code", "versions")},
        "settings": {"suite": {"epochs": 2, "sentence": "One sentence."}, "model": {}},
        "conditions": {
            "machine": MACHINE,
            "device": "cpu",
            "threads": 2,
            "seed": 42,
            "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
            "git_commit": "a" * 40,
            "git_dirty": False,
        },
        "data": {
            "name": "Example news",
            "cite": "Somebody, 2006",
            "license": "research",
            "source": "package example 1.0",
            "fingerprint": "1" * 64,
            "classes": ["business", "sports"],
            "train_counts": [70, 70],
            "test_counts": [30, 30],
            "duplicates_dropped": 3,
            "leaked_dropped": 0,
            "empty_dropped": 0,
            "unlabelled_dropped": 0,
            "undecodable": 0,
            "words_p95": 30.0,
            "words_p50": 25.0,
            "words_max": 60,
            "languages": {"en": 1.0},
            "read_as": [],
        },
        "mistakes": [
            {"row": 3, "true": 0, "predicted": 1, "confidence": 0.97, "doubted": True, "text": "A match of words"},
            {"row": 5, "true": 1, "predicted": 0, "confidence": 0.8, "doubted": False, "text": None},
        ],
        "parameters": {"total": 20_000_000, "active": 10_000_000},
        "tuning": [],
        "finetune": {
            "time_s": 20.0,
            "steps": 20,
            "samples": 280,
            "epochs": 2.0,
            "epoch_time_s": 10.0,
            "epoch_derived": False,
            "samples_per_s": 14.0,
            "batch_size": 14,
            "learning_rate": 5e-5,
            "procedure": {
                "padding": "batch",
                "group_by_length": True,
                "optimizer": "adamw_torch_fused",
                "precision": "bf16",
                "attention": "sdpa",
                "tf32": False,
                "pin_memory": False,
                "compiled": False,
            },
            "arguments": {"learning_rate": 5e-5},
            "code": "def train(): ...",
            "edited": False,
            "cut": 0,
            "loss_curve": [{"step": 10, "loss": 0.6}, {"step": 20, "loss": 0.2}],
            "step_s": [1.0] * 20,
            "baseline_ram_mb": 500.0,
            "peak_ram_mb": 800.0,
            "gpu": None,
        },
        "repeats": [],
        "fixed_work": [{"stage": "finetune", "samples_ms": [10.0, 10.0]}],
        "stage_seconds": {"data": 1.0, "finetune": 25.0, "latency": 10.0},
    }
    trained = {name: value for name, value in changes.items() if name in RuntimeResult.model_fields}
    others = {name: value for name, value in changes.items() if name not in trained}
    return Record.model_validate(_changed(fields, others) | {"runtimes": [runtime(**trained), *runtimes]})


def _changed(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {name: {**fields[name], **new} for name, new in changes.items() if isinstance(fields.get(name), dict)}
    return fields | changes | merged


def make_failed(model: str = "broken", **changes: Any) -> FailedRecord:
    """A run of `model` that ended in the stage `finetune`."""
    fields = {
        "suite": "starter",
        "machine": "reference-cpu",
        "model": model,
        "title": model.title(),
        "model_name": f"somewhere/{model}",
        "started_at": START,
        "stage": "finetune",
        "error": "the weights could not be read",
    }
    return FailedRecord.model_validate(fields | changes)
