"""A transformer classifier and its tokenizer, with pre-trained or random weights."""

import os
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, try_to_load_from_cache
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from compactbench.errors import LONGEST, broken, one_line, own_paths, shown
from compactbench.foreign import line
from compactbench.record import Parameters
from compactbench.settings import Model, SettingsError, nearest
from compactbench.sources import hub
from compactbench.sources.availability import WEIGHTS_FILES, local_folder, weights_files
from compactbench.sources.local import sha256_of_all
from compactbench.sources.tokenizer import load_tokenizer, refuse_unfit, without_weights

CLASSIFYING = {
    "problem_type": "single_label_classification",
    "return_dict": True,
    "output_attentions": False,
    "output_hidden_states": False,
}
"""Keys of a configuration that must have this value, whatever the published model was used for."""

os.environ.setdefault(
    "DISABLE_SAFETENSORS_CONVERSION", "1"
)  # else a service is asked to convert what has no safetensors


def load_classifier(
    model: Model, pretrained: bool, classes: list[str], seed: int, attention: str = "sdpa", fetch: bool = True
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str | None]:
    """The classifier with a head for `classes`, its tokenizer, and the commit of its weights (None where unknown).

    Args:
        model: who it is.
        pretrained: whether it starts from its pre-trained weights, else from random ones.
        classes: what it tells apart.
        seed: of the head and of random weights.
        attention: sdpa or eager.
        fetch: whether weights may be fetched from the hub; else a classifier from there has shapes without numbers.

    Raises:
        ValueError: the weights cannot be had or read, or are not all there; or tokenizer or `keep_layers` do not fit.
    """
    torch.manual_seed(seed)  # the head is new
    classes = [str(name) for name in classes]  # no longer foreign to a library, which may print them
    labels = {"id2label": dict(enumerate(classes)), "label2id": {name: number for number, name in enumerate(classes)}}
    options = {"attn_implementation": "eager"} if attention == "eager" else {}  # sdpa is the default where there is one
    revision = model.revision
    if pretrained:
        try:
            classifier, tokenizer = _pretrained(model, labels, options, fetch)
            refuse_unfit(tokenizer, classifier)
        except Exception as error:  # the libraries raise many kinds of their own
            text = one_line(broken(error), LONGEST, own_paths(model.path, None)).removeprefix("ValueError: ")
            raise ValueError(f"{model.model_name} cannot be loaded: {text}") from error
        if local_folder(model) is None:
            revision = hub.cached_commit(model.model_name, model.revision)
    else:
        revision = None
        described = dict(model.architecture or {})
        config = AutoConfig.for_model(described.pop("model_type"), **described, **labels, **CLASSIFYING)
        tokenizer = without_weights(config)
        config.pad_token_id = tokenizer.pad_token_id
        classifier = AutoModelForSequenceClassification.from_config(config, **options)
    if model.keep_layers:
        keep_layers(classifier, model.keep_layers)
    return classifier, tokenizer, revision


def _pretrained(
    model: Model, labels: dict[str, Any], options: dict[str, Any], fetch: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The published model with a new head, safetensors first; a pickle is read without running what it holds."""
    folder = local_folder(model)
    where = str(folder or model.model_name)
    pinned = {} if folder else {"revision": model.revision}
    _refuse_type(PreTrainedConfig.get_config_dict(where, **pinned)[0], model.trust_remote_code)
    shared = {"trust_remote_code": model.trust_remote_code, **pinned}
    config = AutoConfig.from_pretrained(where, **shared, **labels, **CLASSIFYING)
    tokenizer = load_tokenizer(where, **shared)
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id
    if folder is None and not fetch:
        if hub.hub_reachable() and not {*HfApi().list_repo_files(where, **pinned)} & {*WEIGHTS_FILES}:
            raise ValueError(f"it has no {' or '.join(WEIGHTS_FILES)}")
        with torch.device("meta"):
            return AutoModelForSequenceClassification.from_config(config, **options), tokenizer
    classifier, found = AutoModelForSequenceClassification.from_pretrained(
        where,
        config=config,
        dtype=torch.float32,
        weights_only=True,
        ignore_mismatched_sizes=True,  # a head for other classes is replaced
        output_loading_info=True,
        **shared,
        **options,
    )
    _refuse_blank(classifier, {*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])})
    return classifier, tokenizer


def classifying() -> set[str]:
    """The model types of transformers that classify texts."""
    return set(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES)


def _refuse_type(described: dict[str, Any], trust_remote_code: bool) -> None:
    """Refuse a configuration of a type that classifies no texts, or that needs code of its publisher."""
    model_type, known = described.get("model_type"), classifying()
    if "auto_map" in described and model_type not in CONFIG_MAPPING:
        if not trust_remote_code:
            accepted = "true, once you have read the code of its publisher, which it needs and which would run here"
            raise ValueError(f"key `trust_remote_code`: got false; accepted: {accepted}")
    elif model_type not in known:
        accepted = f"a type of transformers that classifies texts{nearest(str(model_type), known)}"
        raise ValueError(f"key `model_type` of its config.json: got {shown(model_type)}; accepted: {accepted}")


def longest_text(network: PreTrainedModel) -> int | None:
    """Tokens that a text may have; None where nothing limits it.

    RoBERTa's kind numbers positions from the one after its padding's token: of 514 embeddings, texts use 512.
    """
    positions = getattr(network.config, "max_position_embeddings", None)
    if positions is None or positions < 1:  # XLNet has -1
        return None
    for name, table in network.named_modules():
        if isinstance(table, torch.nn.Embedding) and "position" in name and table.num_embeddings == positions:
            return positions if table.padding_idx is None else positions - table.padding_idx - 1
    return positions


def refuse_longer(network: PreTrainedModel, max_length: int, title: str) -> None:
    """Refuse a suite whose texts, up to `max_length` tokens, are longer than those that the network takes.

    Raises:
        SettingsError: they are.
    """
    longest = longest_text(network)
    if longest is not None and longest < max_length:
        raise SettingsError(f"key `max_length`: got {max_length}; accepted for {line(title)}: {longest} at most.")


def _refuse_blank(classifier: PreTrainedModel, blank: set[str]) -> None:
    """Refuse weights that lack a part of the encoder: it would start from random ones, and nobody would be told."""
    body = f"{classifier.base_model_prefix}."
    encoder = sorted(name for name in blank if name.startswith(body) and "pooler" not in name)
    if encoder:
        raise ValueError(
            f"{len(encoder)} weights of the encoder are missing or have another shape, among them {encoder[0]}"
        )


def weights_sha256(model: Model) -> str:
    """SHA-256 of the pre-trained weights that were just loaded, every file of them: see `sha256_of_all`."""
    folder = local_folder(model)
    if folder is None:
        folder = Path(str(try_to_load_from_cache(model.model_name, hub.CONFIG, revision=model.revision))).parent
    return sha256_of_all(weights_files(folder))


def count_parameters(classifier: torch.nn.Module) -> Parameters:
    """All parameters, and those outside the embedding tables (word, position and segment)."""
    tables = [module for module in classifier.modules() if isinstance(module, torch.nn.Embedding)]
    total = sum(weight.numel() for weight in classifier.parameters())
    return Parameters(total=total, active=total - sum(table.weight.numel() for table in tables))


def keep_layers(classifier: PreTrainedModel, kept: list[int]) -> None:
    """Drop every layer of the encoder but those `kept`, in place (Sajjad et al., 2020, arXiv 2004.03844).

    Raises:
        ValueError: the encoder has no such layers to keep, or shares one layer among all.
    """
    depth = classifier.config.num_hidden_layers
    stacks = [
        (parent, name, stack)
        for parent in classifier.modules()
        for name, stack in parent.named_children()
        if isinstance(stack, torch.nn.ModuleList) and len(stack) == depth
    ]
    if len(stacks) != 1 or max(kept) >= depth:
        raise ValueError(
            f"key `keep_layers`: got {kept}; accepted: layers of an encoder with {depth} layers of its own."
        )
    parent, name, stack = stacks[0]
    setattr(parent, name, torch.nn.ModuleList(stack[layer] for layer in kept))
    classifier.config.num_hidden_layers = len(kept)
