"""Serving with OpenVINO and the tokenizers library: neither torch nor transformers is loaded."""

from pathlib import Path

import numpy as np
import openvino
from tokenizers import Tokenizer

from compactbench.record import Device, Precision
from compactbench.runtimes import serve
from compactbench.runtimes.serve_onnx import encode, load_tokenizer, softmax

FOLDER = "openvino"
"""Folder of the converted models inside an artefact."""


def file_name(precision: Precision) -> str:
    """The converted model inside an artefact; its weights lie beside it, in a file that ends in .bin."""
    return f"{FOLDER}/model_{precision}.xml"


class Classifier:
    """A converted transformer; a `serve.Classifier`."""

    def __init__(self, model: Path, tokenizer: Tokenizer, threads: int) -> None:
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # else bf16 on processors that have it, under fp32's name
        }
        self._model = openvino.Core().compile_model(model, "CPU", options)
        self._inputs = [wanted.get_any_name() for wanted in self._model.inputs]
        self._tokenizer = tokenizer

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Class probabilities of one batch, tokenizing included; shape (texts, classes)."""
        return softmax(self._model(self.tokenize(texts))[0])

    def tokenize(self, texts: list[str]) -> dict[str, np.ndarray]:
        """One batch as the model takes it."""
        return encode(self._tokenizer, texts, self._inputs)

    def length(self, text: str) -> int:
        """Tokens of `text` as the model sees it."""
        return len(self._tokenizer.encode(text).ids)


class Server(serve.Server):
    """A transformer in OpenVINO."""

    def load(self, folder: Path, precision: Precision, device: Device, threads: int, max_length: int) -> Classifier:
        """The classifier in the artefact `folder`."""
        return Classifier(folder / file_name(precision), load_tokenizer(folder, max_length), threads)
