"""Records of earlier schemas, brought to this one step by step; what an earlier version did not measure is null.

Each step takes what a finished run of one schema left and returns it in the next. Records of failed runs never changed.
"""

from collections.abc import Callable
from typing import Any

from compactbench.errors import one_line

Json = dict[str, Any]
"""The content of a record's file."""

KINDS = {
    "transformer": {"label": "fine-tuned transformer", "fine_tuned": True, "baseline": False},
    "tfidf": {"label": "baseline: no transformer", "fine_tuned": False, "baseline": True},
}
"""The kinds of classifiers that there were before a record told what kind it is."""
LABELS = {"onnxruntime": "ONNX", "openvino": "OpenVINO", "torch-compile": "torch.compile"}
"""Runtimes whose labels are not their names."""
STAGES = {"model": "parameters", "size": "artefact"}
"""Stages that were renamed in schema 5."""


def _1_to_2(run: Json) -> Json:
    """Intervals, seeds, the fixed work, the procedure and NVML's memory came."""
    quality, precision = run["quality"], run["conditions"]["precision"]
    unknown = dict.fromkeys(("macro_f1_interval", "loss_interval", "ece_interval", "right"))
    ends = [quality.pop("accuracy_low"), quality.pop("accuracy_high")]
    run["quality"] = quality | unknown | {"accuracy_interval": ends, "class_f1": _class_f1(quality["confusion"])}
    run["conditions"]["machine"] |= dict.fromkeys(("gpu_clock_mhz", "governor", "cpu_limit", "ram_limit_mb"))
    for part in (run["finetune"], run["inference_memory"]):
        peak = part.pop("peak_gpu_mb")
        part["gpu"] = None if peak is None else {"allocated_mb": peak, "reserved_mb": None, "process_mb": None}
    run["finetune"]["procedure"] = None
    for calls in run["latency"]:
        calls |= {"precision": precision, "tokenizer_ms": []}
    run["throughput"] |= {"precision": precision, "again": []}
    return run | {"weights_sha256": None, "repeats": [], "throughput_bf16": None, "reference": []}


def _2_to_3(run: Json) -> Json:
    """Further runtimes came, of which bf16 on a GPU is one, and the time to load."""
    own, further, calls = "scikit-learn" if run["weights"] == "none" else "torch", [], run["latency"]
    if bf16 := run.pop("throughput_bf16"):
        served = {"latency": [one for one in calls if one["precision"] == "bf16"], "throughput": bf16}
        told = {"served": served, "agreement": None, "error": None}
        further = [{"runtime": own, "precision": "bf16", "device": bf16["device"]} | told]
        run["latency"] = [one for one in calls if one["precision"] != "bf16"]
    return run | {"runtime": own, "load_time_s": None, "runtimes": further}


def _3_to_4(run: Json) -> Json:
    """Learning rates are tried, and long texts counted; the first runs of schema 3 did not count what was left out."""
    new = ("leaked_dropped", "empty_dropped", "unlabelled_dropped", "undecodable", "words_p95")
    run["data"] = dict.fromkeys(new) | run["data"]
    run["finetune"]["cut"] = None
    return run | {"tuning": []}


def _4_to_5(run: Json) -> Json:
    """One list of runtimes, a fingerprint in parts, the kind of classifier, and whether the training was edited."""
    asked, conditions, size = run["settings"]["suite"], run["conditions"], run.pop("size")
    precision, kind = conditions.pop("precision"), run["settings"]["model"].get("kind", "transformer")
    license = asked["dataset"].pop("licence", None) or "not recorded"
    run["data"] |= {"cite": asked["dataset"].get("cite", "not recorded"), "license": license}
    asked["dataset"]["license"] = license
    run["finetune"] |= {"arguments": {}, "code": None, "edited": False}
    common = {"threads": conditions["threads"], "agreement": None, "error": None}
    home = run["throughput"]["device"]
    parts = ("artefact", "load_time_s", "inference_memory", "quality", "latency", "latency_by_length", "throughput")
    trained = {part: run.pop(part) for part in parts}
    name, further = run.pop("runtime"), run.pop("runtimes")
    where = dict.fromkeys([(home, precision), *((one["device"], one["precision"]) for one in trained["latency"])])
    calls = {part: trained[part] for part in ("latency", "latency_by_length")}  # elsewhere nothing else was measured
    runtimes = [
        _runtime(name, numbers, device, trained if (device, numbers) == (home, precision) else calls, common)
        for device, numbers in where
    ]
    for one in further:
        told = common | {key: one[key] for key in ("agreement", "error")}
        runtimes.append(_runtime(one["runtime"], one["precision"], one["device"], one["served"] or {}, told))
    return run | {
        "classifier": {"kind": kind, **KINDS[kind]},
        # it was one hash of everything
        "fingerprint": {"settings": {}, "data": {}, "weights": {}, "code": {"all": run["fingerprint"]}, "versions": {}},
        "parameters": {"total": size["parameters"], "active": size["active_parameters"]},
        "runtimes": runtimes,
        "fixed_work": run.pop("reference"),
        "stage_seconds": {STAGES.get(stage, stage): took for stage, took in run["stage_seconds"].items()},
    }


def _5_to_6(run: Json) -> Json:
    """The form of files, the languages of texts and the most confident mistakes are told."""
    run["data"] |= dict.fromkeys(("languages", "read_as"))
    return run | {"mistakes": None}


def _6_to_7(run: Json) -> Json:
    """Raw samples moved into a file of their own: a record holds the same."""
    return run


STEPS: list[Callable[[Json], Json]] = [_1_to_2, _2_to_3, _3_to_4, _4_to_5, _5_to_6, _6_to_7]
"""The first brings schema 1 to schema 2, and so on."""
WHOLE = 6
"""The first schema whose runs hold all that this one asks for, so that none is due because of its schema."""


def migrated(content: Json, version: int) -> Json:
    """The content of a record's file of an earlier schema, as this schema has it.

    Raises:
        ValueError: it is not what a run of that schema left.
    """
    if content.get("status") == "ok":
        try:
            for step in STEPS[version - 1 :]:
                content = step(content)
        except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"it does not hold what schema {version} asks for ({one_line(error)})") from error
        if version < WHOLE:
            content["migrated_from"] = version
    return content | {"schema_version": len(STEPS) + 1}


def _runtime(name: str, precision: str, device: str, measured: Json, common: Json) -> Json:
    """The model in one runtime, from what was measured of it in schema 4."""
    calls = [one for one in measured.get("latency", []) if (one["device"], one["precision"]) == (device, precision)]
    by_length = [one for one in measured.get("latency_by_length", []) if one["device"] == device]
    throughput = measured.get("throughput")
    return common | {
        "runtime": name,
        "label": f"{LABELS.get(name, name)} {precision}",
        "precision": precision,
        "device": device,
        "artefact": measured.get("artefact"),
        "load_time_s": measured.get("load_time_s"),
        "memory": measured.get("inference_memory"),
        "quality": measured.get("quality"),
        "latency": [_without(one, "device", "precision") for one in calls],
        "latency_by_length": [_without(one, "device") for one in by_length],
        "throughput": _without(throughput, "device", "precision") if throughput else None,
    }


def _without(part: Json, *keys: str) -> Json:
    return {key: value for key, value in part.items() if key not in keys}


def _class_f1(confusion: list[list[int]]) -> list[float]:
    """F1 of each class from the counts of true (rows) and predicted classes; 0 for one that occurs in neither role."""
    both = [sum(row) + sum(column) for row, column in zip(confusion, zip(*confusion, strict=True), strict=True)]
    return [2 * row[number] / both[number] if both[number] else 0.0 for number, row in enumerate(confusion)]
