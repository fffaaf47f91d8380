"""Serving with ONNX Runtime and the tokenizers library: neither torch nor transformers is loaded."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from compactbench.record import Device, Precision
from compactbench.runtimes import serve

FOLDER = "onnx"
"""Folder of the exported models inside an artefact, as on the hub."""


def file_name(precision: Precision) -> str:
    """The exported model inside an artefact."""
    return f"{FOLDER}/model_{precision}.onnx"


def load_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """The tokenizer in the artefact `folder`, which cuts at `max_length` tokens and pads to the longest of a batch."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pad_id = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("pad_token_id") or 0
    tokenizer.enable_truncation(max_length)
    tokenizer.enable_padding(pad_id=pad_id, pad_token=tokenizer.id_to_token(pad_id))
    return tokenizer


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


class Classifier:
    """An exported transformer; a `serve.Classifier`."""

    def __init__(self, model: Path, tokenizer: Tokenizer, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = [wanted.name for wanted in self._session.get_inputs()]
        self._tokenizer = tokenizer

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""
        (logits,) = self._session.run(["logits"], self.tokenize(texts))
        return softmax(logits)

    def tokenize(self, texts: list[str]) -> dict[str, np.ndarray]:
        """One batch as the model takes it."""
        return encode(self._tokenizer, texts, self._inputs)

    def length(self, text: str) -> int:
        """Tokens of `text` as the model sees it."""
        return len(self._tokenizer.encode(text).ids)


class Server(serve.Server):
    """A transformer in ONNX Runtime."""

    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`."""
        return Classifier(folder / file_name(precision), load_tokenizer(folder, max_length), threads)
