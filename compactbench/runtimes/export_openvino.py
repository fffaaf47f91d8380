"""The exported transformer for OpenVINO: in fp32, and in int8 by post-training quantization."""

from pathlib import Path

import nncf
import openvino

from compactbench.record import Precision
from compactbench.runtimes.onnx_export import BESIDE, PLAIN
from compactbench.runtimes.serve_onnx import encode, load_tokenizer
from compactbench.runtimes.serve_openvino import file_name

CALIBRATION_TEXTS = 200
"""Training texts whose activations set the ranges of int8."""


def convert(exported: Path, precision: Precision, texts: list[str], max_length: int) -> list[str]:
    """Write the model that was `exported` to ONNX into the same folder as OpenVINO reads it.

    Args:
        exported: the folder.
        precision: fp32, or int8, for which `texts` are run through the model.
        texts: training texts.
        max_length: tokens; longer texts are cut.

    Returns:
        The files that serve it, as paths inside the folder.
    """
    model = openvino.convert_model(exported / PLAIN)
    if precision == "int8":
        names = [wanted.get_any_name() for wanted in model.inputs]
        tokenizer = load_tokenizer(exported, max_length)
        calibration = nncf.Dataset(texts[:CALIBRATION_TEXTS], lambda text: encode(tokenizer, [text], names))
        model = nncf.quantize(model, calibration, model_type=nncf.ModelType.TRANSFORMER, subset_size=CALIBRATION_TEXTS)
    target = exported / file_name(precision)
    openvino.save_model(model, target, compress_to_fp16=False)
    return [file_name(precision), file_name(precision).replace(".xml", ".bin"), *BESIDE]
