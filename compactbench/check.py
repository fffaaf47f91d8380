"""Everything that can be known to be wrong before work starts: settings, weights, architectures, data."""

from dataclasses import dataclass

from compactbench.measure.availability import decide_weights
from compactbench.measure.data import load
from compactbench.record import Weights
from compactbench.settings import Model, SettingsError, Suite, load_model, load_suite, nearest


@dataclass(frozen=True)
class Plan:
    """What a report would run."""

    suite: Suite
    models: list[Model]
    weights: dict[str, Weights]


def check(suite_name: str, only: list[str]) -> Plan:
    """Check a suite and its contenders, or `only` those named, cheapest checks first.

    Raises:
        SettingsError: something cannot work.
    """
    suite = load_suite(suite_name)
    models = [load_model(name) for name in (only or suite.models)]
    weights = {model.model: decide_weights(model, suite) for model in models}
    for model in models:
        if model.architecture:
            check_architecture(model)
    load(suite)
    return Plan(suite, models, weights)


def check_architecture(model: Model) -> None:
    """Check the `architecture` and `keep_layers` of a model's file against the model type's configuration.

    Raises:
        SettingsError: a key is unknown, a value is of the wrong type, or the layers cannot be kept.
    """
    from transformers import CONFIG_MAPPING  # seconds to import: only where an architecture is to be checked

    def wrong(key: str, given: object, accepted: str) -> SettingsError:
        return SettingsError(f"params/models/{model.model}.yaml: key `{key}`: got {given!r}; accepted: {accepted}.")

    described = dict(model.architecture or {})
    model_type = described.pop("model_type", None)
    if model_type not in CONFIG_MAPPING:
        known = sorted(CONFIG_MAPPING)
        raise wrong(
            "architecture.model_type", model_type, f"a model type of transformers{nearest(str(model_type), known)}"
        )
    kind = CONFIG_MAPPING[model_type]
    known = {*kind.__dataclass_fields__, *kind.attribute_map}
    for key in described:
        if key not in known:
            raise wrong(f"architecture.{key}", described[key], f"keys of {kind.__name__}{nearest(key, known)}")
    try:
        config = kind(**described)
    except Exception as error:  # the library raises several kinds of its own
        raise wrong("architecture", model.architecture, " ".join(str(error).split())) from error
    if config.num_hidden_layers < 1:
        raise wrong("architecture.num_hidden_layers", config.num_hidden_layers, "1 or more")
    if config.hidden_size % config.num_attention_heads:
        accepted = f"a multiple of the {config.num_attention_heads} attention heads"
        raise wrong("architecture.hidden_size", config.hidden_size, accepted)
    if model.keep_layers and max(model.keep_layers) >= config.num_hidden_layers:
        raise wrong("keep_layers", model.keep_layers, f"layers from 0 to {config.num_hidden_layers - 1}")
