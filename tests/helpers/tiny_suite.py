"""A suite so small that a whole run takes seconds, and its models."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

ARCHITECTURE = {
    "model_type": "bert",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
SUITE = {
    "suite": "tiny",
    "suite_title": "Tiny",
    "models": ["tiny", "broken", "tfidf"],
    "weights": "available",
    "random_weights_steps": 3,
    "max_steps": 24,
    "learning_rates": [0.000001, 0.0001],
    "tuning_steps": 6,
    "runtimes": ["onnxruntime"],
    "random_weights_runtimes": ["onnxruntime"],
    "processes": 2,
    "latency_calls": 4,
    "length_samples": 4,
    "batch_cap_cpu": 4,
    "seeds": [42, 7],
    "label_counts": [50],
}
BRIEF = {
    "runtimes": [],
    "random_weights_runtimes": [],
    "random_weights_steps": 1,
    "max_steps": 2,
    "learning_rates": [],
    "seeds": [42],
    "label_counts": [],
    "processes": 1,
    "latency_calls": 1,
    "length_samples": 1,
    "batch_cap_cpu": 1,
}
"""What to change in the suite where it is not the measuring that is tested."""
TINY = {
    "model": "tiny",
    "title": "Tiny",
    "model_name": "nowhere/tiny",
    "summary": "A BERT of two layers of width 32.",
    "architecture": ARCHITECTURE,
}
FLOOR = {
    "model": "floor",
    "title": "Floor",
    "model_name": "none",
    "kind": "tfidf",
    "summary": "A second baseline: of all kinds the fastest to measure.",
}


def write_suite(params: Path, packages: Path, **changes: Any) -> None:
    """Add the suite, with `changes`, and its models to `params`, and the package with broken weights to `packages`."""
    digest = _broken_package(packages)
    broken = {
        **TINY,
        "model": "broken",
        "title": "Broken",
        "package": {"name": "broken-weights", "folder": "broken_weights"},
        "sha256": digest,
    }
    for kind, content in (("suites", SUITE | changes), *(("models", one) for one in (TINY, FLOOR, broken))):
        name = content["suite" if kind == "suites" else "model"]
        (params / kind / f"{name}.yaml").write_text(yaml.safe_dump(content))


def _broken_package(packages: Path) -> str:
    """An installed package whose weights have the right SHA-256 and cannot be read; returns that SHA-256."""
    folder, info = packages / "broken_weights", packages / "broken_weights-1.0.dist-info"
    folder.mkdir(parents=True)
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-weights\nVersion: 1.0\n")
    (folder / "config.json").write_text(json.dumps(ARCHITECTURE))
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    weights = b"these are no weights"
    (folder / "model.safetensors").write_bytes(weights)
    return hashlib.sha256(weights).hexdigest()
