"""Check all settings and do nothing else.

Everything that can be known to be wrong before work starts: settings, weights, architectures, data.
"""

import argparse

import psutil

from compactbench.benchmark.due import Plan
from compactbench.benchmark.plan import check_suite
from compactbench.classifiers import decide_weights
from compactbench.data.load import load
from compactbench.errors import LONGEST, one_line, shown
from compactbench.instruments.machine import default_machine
from compactbench.parameters import load_model, load_suite, validate_name
from compactbench.settings import DEFAULT_SUITE, Model, SettingsError, nearest

SHAPE = ("hidden_size", "num_attention_heads", "max_position_embeddings", "vocab_size", "num_hidden_layers")
SMALLEST_VOCABULARY = 104
"""Below it the special tokens of the BERT vocabulary, which random weights are tokenized with, would be cut off."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models, in which suite, on which machine."""
    parser.add_argument("--suite", default=DEFAULT_SUITE, help="a file in params/suites/ (default: %(default)s)")
    parser.add_argument("--models", default=[], type=str.split, help='such as "albert tfidf" (default: the suite\'s)')
    parser.add_argument("--machine", help="name of this machine's folder (default: made from its hardware)")


def run(given: argparse.Namespace) -> int:
    """Say what can run."""
    plan = check(given.suite, given.models, given.machine)
    print(f"{given.suite}: {', '.join(model.model for model in plan.models)} can run.")
    return 0


def check(suite_name: str, only: list[str], machine: str | None = None) -> Plan:
    """Check a suite and its models, or `only` those named, and a machine's name, cheapest checks first.

    Raises:
        SettingsError: something cannot work.
    """
    if machine:
        validate_name("machine", machine)
    suite = load_suite(suite_name)
    check_suite(suite)
    models = [load_model(name) for name in dict.fromkeys(only or suite.models)]
    weights = {model.model: decide_weights(model, suite) for model in models}
    for model in models:
        if model.architecture:
            check_architecture(model, suite.max_length)
    load(suite)
    return Plan(suite, machine or default_machine(), models, weights)


def classifiers() -> set[str]:
    """The model types of transformers that classify texts."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as NAMES

    return set(NAMES)


def check_architecture(model: Model, max_length: int) -> None:
    """Check the `architecture` and `keep_layers` of a model's file by building the model without its weights.

    Args:
        model: what its file says.
        max_length: the longest text that it will be given, tokens.

    Raises:
        SettingsError: a key is unknown, a value cannot work, or the layers cannot be kept.
    """
    # seconds to import: only where an architecture is to be checked
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

    def wrong(key: str, given: object, accepted: str) -> SettingsError:
        where = f"params/models/{model.model}.yaml: key `{key}`"
        return SettingsError(f"{where}: got {shown(given)}; accepted: {accepted}.")

    described = dict(model.architecture or {})
    model_type = described.pop("model_type", None)
    if not isinstance(model_type, str) or model_type not in (known := classifiers()):
        accepted = f"a model type of transformers that classifies texts{nearest(str(model_type), known)}"
        raise wrong("architecture.model_type", model_type, accepted)
    kind = CONFIG_MAPPING[model_type]
    known = {*kind.__dataclass_fields__, *kind.attribute_map}
    for key, value in described.items():
        if key not in known:
            raise wrong(f"architecture.{key}", value, f"keys of {kind.__name__}{nearest(key, known)}")
    for key, value in described.items():
        if type(value) is int and value < 1 and not key.endswith("_id"):
            raise wrong(f"architecture.{key}", value, "a whole number above 0")
    try:
        config = kind(**described)
    except Exception as error:  # the library raises several kinds of its own
        raise wrong("architecture", described, f"what {kind.__name__} takes: {one_line(error, LONGEST)}") from error
    width, heads, positions, words, layers = (getattr(config, name, None) for name in SHAPE)  # some types lack some
    if width and heads and width % heads:
        raise wrong("architecture.hidden_size", width, f"a multiple of the {heads} attention heads")
    if positions is not None and positions < max_length:
        accepted = f"at least the suite's `max_length`, {max_length}"
        raise wrong("architecture.max_position_embeddings", positions, accepted)
    if words is not None and words < SMALLEST_VOCABULARY:
        raise wrong("architecture.vocab_size", words, f"{SMALLEST_VOCABULARY} or more")
    if model.keep_layers and layers is not None and max(model.keep_layers) >= layers:
        raise wrong("keep_layers", model.keep_layers, f"layers from 0 to {layers - 1}")
    try:
        with torch.device("meta"):  # shapes without numbers: it takes no memory
            built = AutoModelForSequenceClassification.from_config(config)
    except Exception as error:
        accepted = f"what {kind.__name__} can be built from: {one_line(error, LONGEST)}"
        raise wrong("architecture", described, accepted) from error
    needed = sum(weight.numel() for weight in built.parameters()) * 4 / 1e6
    if needed > psutil.virtual_memory().total / 1e6:
        raise wrong("architecture", described, f"a model that fits into memory; this one takes {needed / 1e3:,.0f} GB")
