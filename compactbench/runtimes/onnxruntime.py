"""ONNX Runtime with the tokenizers library: neither torch nor transformers is loaded to answer."""

from pathlib import Path

import numpy as np
import onnxruntime

from compactbench.record import Precision
from compactbench.runtimes import Runtime, Setup, Trained
from compactbench.runtimes.exports.tokens import BESIDE, TokenPredictor, load_tokenizer, save_tokenizer


def file_name(precision: Precision) -> str:
    """The exported model inside an artefact, in operators of ONNX Runtime's own; other engines find theirs in onnx/."""
    return f"onnxruntime/model_{precision}.onnx"


class OnnxPredictor(TokenPredictor):
    """An exported network in a session of ONNX Runtime; a `Predictor`."""

    def __init__(self, folder: Path, precision: Precision, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = folder / file_name(precision)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        inputs = [wanted.name for wanted in self._session.get_inputs()]
        super().__init__(load_tokenizer(folder), inputs)

    def logits(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Logits of one batch, shape (texts, classes)."""
        return self._session.run(["logits"], batch)[0]


class OnnxRuntime(Runtime):
    """An exported network in fp32, and in int8 with its embeddings quantized too."""

    name = "onnxruntime"
    label = "ONNX"
    needs = ("onnxruntime", "onnxscript", "tokenizers")
    precisions = {"cpu": ("fp32", "int8")}

    def export(self, trained: Trained, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """fp32 goes to `exported`; int8 into the artefact, with what other engines read."""
        from compactbench.runtimes.exports import onnx  # loads torch, which no process that answers may

        if not (exported / file_name("fp32")).is_file():
            onnx.export_fp32(trained, exported, file_name("fp32"))
        if precision == "int8":
            onnx.quantize(exported / file_name("fp32"), artefact / file_name("int8"))
            onnx.export_portable(trained, exported, artefact)
            save_tokenizer(trained.tokenizer, artefact, trained.max_length)
        return (artefact if precision == "int8" else exported), [file_name(precision), *BESIDE]

    def load(self, folder: Path, setup: Setup, max_length: int) -> OnnxPredictor:
        """The network exported to `folder`, ready to answer."""
        return OnnxPredictor(folder, setup.precision, setup.threads)


RUNTIME = OnnxRuntime()
