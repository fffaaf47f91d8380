"""Everything that can be known to be wrong before work starts: settings, weights, architectures, data."""

from dataclasses import dataclass

import psutil

from compactbench.data.load import load
from compactbench.errors import LONGEST, one_line
from compactbench.parameters import load_model, load_suite, validate_name
from compactbench.record import Weights
from compactbench.settings import Model, SettingsError, Suite, nearest
from compactbench.classifiers import decide_weights

SMALLEST_VOCABULARY = 104
"""Below it the special tokens of the BERT vocabulary, which random weights are tokenized with, would be cut off."""


@dataclass(frozen=True)
class Plan:
    """What a report would run."""

    suite: Suite
    models: list[Model]
    weights: dict[str, Weights]


def check(suite_name: str, only: list[str], machine: str | None = None) -> Plan:
    """Check a suite and its contenders, or `only` those named, and a machine's name, cheapest checks first.

    Raises:
        SettingsError: something cannot work.
    """
    if machine is not None:
        validate_name("machine", machine)
    suite = load_suite(suite_name)
    models = [load_model(name) for name in dict.fromkeys(only or suite.models)]
    weights = {model.model: decide_weights(model, suite) for model in models}
    for model in models:
        if model.architecture:
            check_architecture(model, suite.max_length)
    load(suite)
    return Plan(suite, models, weights)


def classifiers() -> set[str]:
    """The model types of transformers that classify texts."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as NAMES

    return set(NAMES)


def check_architecture(model: Model, max_length: int) -> None:
    """Check the `architecture` and `keep_layers` of a model's file by building the model without its weights.

    Args:
        model: the contender.
        max_length: the longest text that it will be given, tokens.

    Raises:
        SettingsError: a key is unknown, a value cannot work, or the layers cannot be kept.
    """
    # seconds to import: only where an architecture is to be checked
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

    def wrong(key: str, given: object, accepted: str) -> SettingsError:
        return SettingsError(f"params/models/{model.model}.yaml: key `{key}`: got {given!r}; accepted: {accepted}.")

    described = dict(model.architecture or {})
    model_type = described.pop("model_type", None)
    if model_type not in (known := classifiers()):
        accepted = f"a model type of transformers that classifies texts{nearest(str(model_type), known)}"
        raise wrong("architecture.model_type", model_type, accepted)
    kind = CONFIG_MAPPING[model_type]
    known = {*kind.__dataclass_fields__, *kind.attribute_map}
    for key in described:
        if key not in known:
            raise wrong(f"architecture.{key}", described[key], f"keys of {kind.__name__}{nearest(key, known)}")
    for key, value in described.items():
        if type(value) is int and value < 1 and not key.endswith("_id"):
            raise wrong(f"architecture.{key}", value, "a whole number above 0")
    try:
        config = kind(**described)
    except Exception as error:  # the library raises several kinds of its own
        raise wrong("architecture", described, f"what {kind.__name__} takes: {one_line(error, LONGEST)}") from error
    if config.hidden_size % config.num_attention_heads:
        accepted = f"a multiple of the {config.num_attention_heads} attention heads"
        raise wrong("architecture.hidden_size", config.hidden_size, accepted)
    if config.max_position_embeddings < max_length:
        accepted = f"at least the suite's `max_length`, {max_length}"
        raise wrong("architecture.max_position_embeddings", config.max_position_embeddings, accepted)
    if config.vocab_size < SMALLEST_VOCABULARY:
        raise wrong("architecture.vocab_size", config.vocab_size, f"{SMALLEST_VOCABULARY} or more")
    if model.keep_layers and max(model.keep_layers) >= config.num_hidden_layers:
        raise wrong("keep_layers", model.keep_layers, f"layers from 0 to {config.num_hidden_layers - 1}")
    try:
        with torch.device("meta"):  # shapes without numbers: it takes no memory
            built = AutoModelForSequenceClassification.from_config(config)
    except Exception as error:
        raise wrong(
            "architecture", described, f"what {kind.__name__} can be built from: {one_line(error, LONGEST)}"
        ) from error
    needed = sum(weight.numel() for weight in built.parameters()) * 4 / 1e6
    if needed > psutil.virtual_memory().total / 1e6:
        raise wrong("architecture", described, f"a model that fits into memory; this one takes {needed / 1e3:,.0f} GB")
