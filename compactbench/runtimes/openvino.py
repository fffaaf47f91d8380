"""OpenVINO with the tokenizers library: neither torch nor transformers is loaded to answer."""

from pathlib import Path

import numpy as np
import openvino

from compactbench.record import Precision
from compactbench.runtimes import Runtime, Setup, Trained
from compactbench.runtimes.exports.tokens import BESIDE, TokenPredictor, encode, load_tokenizer

CALIBRATION_TEXTS = 200
"""Training texts whose activations set the ranges of int8."""


def file_name(precision: Precision) -> str:
    """The converted model inside an artefact; its weights lie beside it, in a file that ends in .bin."""
    return f"openvino/model_{precision}.xml"


class OpenvinoPredictor(TokenPredictor):
    """A converted network; a `Predictor`."""

    def __init__(self, folder: Path, precision: Precision, threads: int) -> None:
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # else bf16 on processors that have it, under fp32's name
        }
        self._model = openvino.Core().compile_model(folder / file_name(precision), "CPU", options)
        super().__init__(load_tokenizer(folder), [wanted.get_any_name() for wanted in self._model.inputs])

    def logits(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Logits of one batch, shape (texts, classes)."""
        return self._model(batch)[0]


class Openvino(Runtime):
    """A converted network in fp32, and in int8 by post-training quantization."""

    name = "openvino"
    label = "OpenVINO"
    needs = ("openvino", "nncf", "onnxscript", "tokenizers")
    precisions = {"cpu": ("fp32", "int8")}

    def export(self, trained: Trained, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """Convert the graph that torch exports, in standard operators; all goes to `exported`."""
        import nncf  # loads torch, which no process that answers may

        from compactbench.runtimes.exports import onnx

        model = openvino.convert_model(onnx.export_plain(trained, exported))
        if precision == "int8":
            names = [wanted.get_any_name() for wanted in model.inputs]
            tokenizer = load_tokenizer(exported)
            texts = trained.texts[:CALIBRATION_TEXTS]
            calibration = nncf.Dataset(texts, lambda text: encode(tokenizer, [text], names))
            kind = nncf.ModelType.TRANSFORMER
            model = nncf.quantize(model, calibration, model_type=kind, subset_size=CALIBRATION_TEXTS)
        openvino.save_model(model, exported / file_name(precision), compress_to_fp16=False)
        return exported, [file_name(precision), file_name(precision).replace(".xml", ".bin"), *BESIDE]

    def load(self, folder: Path, setup: Setup, max_length: int) -> OpenvinoPredictor:
        """The network converted in `folder`, ready to answer."""
        return OpenvinoPredictor(folder, setup.precision, setup.threads)


RUNTIME = Openvino()
