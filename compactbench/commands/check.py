"""Check all settings and do nothing else.

Everything that can be known to be wrong before work starts: settings, weights, architectures, data.
"""

import argparse
import math
import shlex

import psutil

from compactbench.benchmark.due import Plan
from compactbench.benchmark.forecast import forecast
from compactbench.benchmark.plan import check_suite, own_machine, refuse_another
from compactbench.benchmark.points import points
from compactbench.classifiers import decide_weights, of_model
from compactbench.data.load import load
from compactbench.data.readers import of_suite
from compactbench.data.understood import understood
from compactbench.errors import LONGEST, one_line, own_paths, short_path, shown
from compactbench.parameters import load_model, load_suite, parts, validate_name
from compactbench.record import Data
from compactbench.settings import DEFAULT_SUITE, Model, SettingsError, Suite, nearest

SHAPE = ("hidden_size", "num_attention_heads", "max_position_embeddings", "vocab_size", "num_hidden_layers")
SMALLEST_VOCABULARY = 104
"""Below it the special tokens of the BERT vocabulary, which random weights are tokenized with, would be cut off."""


MODELS_HELP = "such as \"albert organization/name './my folder'\" (default: the suite's)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models, in which suite, on which machine."""
    parser.add_argument("--suite", default=DEFAULT_SUITE, help="a file in params/suites/ (default: %(default)s)")
    parser.add_argument("--models", default=[], type=_words, help=MODELS_HELP)
    parser.add_argument("--machine", help="name of this machine's folder (default: made from its hardware)")


def _words(text: str) -> list[str]:
    """The words of `text`, as a shell parts them: a folder's name may hold spaces, in quotes."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"got {text!r}; accepted: names, with each quote closed") from error


def run(given: argparse.Namespace) -> int:
    """Say what can run, what was understood of the data, and how long it may take."""
    for part in parts(given.suite):
        _say(*check_data(part, given.models, given.machine))
    return 0


def _say(plan: Plan, data: Data) -> None:
    """Say it of one data set."""
    first = next(row for row in of_suite(plan.suite).rows().train if row["text"].strip())
    print(f"{plan.suite.suite}: the data")
    print(understood(data, (first["text"], first["label"])))
    for model in plan.models:
        if plan.weights[model.model] == "pretrained":
            try_out(model, plan.suite)
    print(f"{plan.suite.suite}: {', '.join(model.model for model in plan.models)} can run.")
    forecasts = [forecast(plan, model, data) for model in plan.models]
    for model, expected in zip(plan.models, forecasts, strict=True):
        told = "not known, as it never ran with such weights"
        if expected:
            told = (
                f"about {math.ceil(expected.minutes)} min (the fine-tune {expected.finetune_min:.1f} min, in "
                f"{expected.finetune_ram_mb:,.0f} MB of memory) and {expected.disk_mb:,.0f} MB of disk, "
                f"judged by {expected.like}"
            )
        print(f"  {model.model:<10} {told}")
    if known := [expected.minutes for expected in forecasts if expected]:
        rest = ", and those that are not known" if None in forecasts else ""
        print(f"  {'in all':<10} about {math.ceil(sum(known))} min{rest}")
    if further := sum(len(points(plan.suite, model, plan.weights[model.model])) for model in plan.models):
        print(f"  and {further} further fine-tunes, from other seeds or at other learning rates, which are not timed")


def check(suite_name: str, only: list[str], machine: str | None = None, here: bool = True) -> Plan:
    """Check a suite and its models, or `only` those named, and a machine's name, cheapest checks first.

    Args:
        suite_name: name of a file in params/suites/.
        only: names of models; none: those of the suite.
        machine: its name; None: made from the hardware of this host.
        here: whether the runs will be on this host; else whoever runs them has to see whether the name is theirs.

    Raises:
        SettingsError: something cannot work.
    """
    return check_data(suite_name, only, machine, here)[0]


def check_data(suite_name: str, only: list[str], machine: str | None, here: bool = True) -> tuple[Plan, Data]:
    """The same, with the data set as it was understood."""
    if machine:
        validate_name("machine", machine)
    suite = load_suite(suite_name)
    check_suite(suite)
    models = list({model.model: model for model in map(load_model, only or suite.models)}.values())
    weights = {model.model: decide_weights(model, suite) for model in models}
    for model in models:
        if model.architecture:
            check_architecture(model, suite.max_length)
    machine = machine or own_machine()
    if here:
        refuse_another(machine)
    _, data = load(suite)
    check_counts(suite, data)
    return Plan(suite, machine, models, weights), data


def check_counts(suite: Suite, data: Data) -> None:
    """Check that the suite's draws of training texts leave texts of every class.

    Raises:
        SettingsError: one does not.
    """
    where = f"params/suites/{suite.suite}.yaml: key"
    classes, texts = len(data.classes), sum(data.train_counts)
    unfit = next((count for count in suite.label_counts if count < classes or texts - classes < count < texts), None)
    if unfit is not None:
        accepted = f"numbers from {classes} to {texts - classes}, so that each class has one drawn and one left"
        raise SettingsError(f"{where} `label_counts`: got {unfit}; accepted: {accepted}.")
    if suite.learning_rates and suite.validation_size * texts < classes:
        accepted = f"a share of the {texts} training texts with one of each of {classes} classes"
        raise SettingsError(f"{where} `validation_size`: got {suite.validation_size:g}; accepted: {accepted}.")


def try_out(model: Model, suite: Suite) -> None:
    """Build the classifier of a model with pre-trained weights, and have it classify two texts, one of them too long.

    Weights on this machine are read. From the hub only configuration and tokenizer are fetched.

    Raises:
        SettingsError: it cannot be built, takes no texts of the suite's length, or answers with no numbers.
    """
    # seconds to import: only where a model is to be tried
    import torch

    from compactbench.sources.weights import load_classifier, refuse_longer

    kind = of_model(model)
    key = "package" if model.package else "path" if model.path else "model_name"
    given = shown(model.package.name if model.package else short_path(model.path or model.model_name))
    fit = "configuration, weights and tokenizer of one model of transformers"

    def unfit(reason: str) -> SettingsError:
        return SettingsError(f"{model.where}: key `{key}`: got {given}, which cannot be used: {reason}.")

    try:
        whole, tokenizer, _ = load_classifier(model, True, ["a", "b"], suite.seed, fetch=False)
        refuse_longer(whole, suite.max_length, model.title)
        limits = {"padding": True, "truncation": True, "max_length": suite.max_length}
        batch = tokenizer(["a text", "a longer text " * suite.max_length], **limits, return_tensors="pt")
        if whole.device.type == "meta":
            return
        network = kind.network_of(whole).eval()
        with torch.inference_mode():
            numbers = torch.isfinite(network(**batch).logits).all()
    except SettingsError as error:
        raise SettingsError(f"params/suites/{suite.suite}.yaml: {error}") from error
    except Exception as error:  # the libraries raise many kinds of their own
        said = one_line(error, 2 * LONGEST, own_paths(model.path, None)).removeprefix("ValueError: ")
        reason = said.removeprefix(f"{model.model_name} cannot be loaded: ")
        raise unfit(reason if "accepted: " in reason else f"{reason}; accepted: {fit}") from error
    if not numbers:
        raise unfit(f"it answers with no numbers; accepted: {fit}")


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

    from compactbench.sources.weights import classifying, longest_text

    def wrong(key: str, given: object, accepted: str) -> SettingsError:
        return SettingsError(f"{model.where}: key `{key}`: got {shown(given)}; accepted: {accepted}.")

    described = dict(model.architecture or {})
    model_type = described.pop("model_type", None)
    if not isinstance(model_type, str) or model_type not in (known := classifying()):
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
    longest = longest_text(built)
    if longest is not None and positions is not None and longest < max_length:
        further = f", and {positions - longest} more" if longest < positions else ""
        accepted = f"at least the suite's `max_length`, {max_length}{further}"
        raise wrong("architecture.max_position_embeddings", positions, accepted)
    needed = sum(weight.numel() for weight in built.parameters()) * 4 / 1e6
    if needed > psutil.virtual_memory().total / 1e6:
        raise wrong("architecture", described, f"a model that fits into memory; this one takes {needed / 1e3:,.0f} GB")
