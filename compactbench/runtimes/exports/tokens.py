"""An exported network and the tokenizers library, whatever runtime computes the logits."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BESIDE = ["config.json", "tokenizer.json"]
"""What an exported network is read with: the names of its classes, and its tokenizer."""


def save_tokenizer(tokenizer: "PreTrainedTokenizerBase", folder: Path, max_length: int) -> None:
    """Write `tokenizer` into `folder` for the tokenizers library: it pads a batch and cuts at `max_length` tokens.

    Raises:
        ValueError: it is written in Python, which that library cannot run.
    """
    if not tokenizer.is_fast:
        raise ValueError(f"{type(tokenizer).__name__} is none of the tokenizers library, which answers here")
    saved = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    saved.enable_truncation(max_length)
    saved.enable_padding(direction=tokenizer.padding_side, pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    saved.save(str(folder / "tokenizer.json"))


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer that `save_tokenizer` wrote."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def encode(tokenizer: Tokenizer, texts: list[str], names: list[str]) -> dict[str, np.ndarray]:
    """The inputs called `names` of one batch, each of shape (texts, longest)."""
    encoded = tokenizer.encode_batch(texts)
    columns = {
        "input_ids": [one.ids for one in encoded],
        "attention_mask": [one.attention_mask for one in encoded],
        "token_type_ids": [one.type_ids for one in encoded],
    }
    return {name: np.array(columns[name], dtype=np.int64) for name in names}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities from `logits`, both of shape (texts, classes)."""
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


class TokenPredictor(ABC):
    """An exported network that takes the inputs called `names`; a `Predictor` but for the logits."""

    def __init__(self, tokenizer: Tokenizer, names: list[str]) -> None:
        self._tokenizer, self._names = tokenizer, names

    @abstractmethod
    def logits(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Logits of one batch, shape (texts, classes)."""

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""
        return softmax(self.logits(self.tokenize(texts)))

    def tokenize(self, texts: list[str]) -> dict[str, np.ndarray]:
        """One batch as the network takes it."""
        return encode(self._tokenizer, texts, self._names)

    def length(self, text: str) -> int:
        """Tokens of `text` as the network sees it."""
        return len(self._tokenizer.encode(text).ids)
