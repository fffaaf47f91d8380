"""The fine-tuned transformer as ONNX: in fp32, and in int8 with its embeddings quantized too."""

import inspect
from pathlib import Path

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from compactbench.measure.serve_onnx import file_name
from compactbench.record import Precision

BESIDE = ["config.json", "tokenizer.json"]
"""What the exported model is served with."""
QUANTIZED = ["MatMul", "Gemm", "Gather"]
"""Operators whose weights become int8; Gather is the look-up of embeddings."""


def files(precision: Precision) -> list[str]:
    """What ONNX Runtime reads of an artefact, as paths inside it."""
    return [file_name(precision), *BESIDE]


def export_fp32(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the exported model, with what it is served with, into `folder`."""
    target = folder / file_name("fp32")
    target.parent.mkdir(parents=True, exist_ok=True)
    network.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _to_onnx(network, tokenizer, target)


def quantize(exported: Path, folder: Path) -> None:
    """Write the model that was `exported` in fp32 to a folder into the artefact `folder` in int8."""
    target = folder / file_name("int8")
    target.parent.mkdir(parents=True, exist_ok=True)
    folded = exported / "folded.onnx"
    _fold_constants(exported / file_name("fp32"), folded)
    quantize_dynamic(folded, target, op_types_to_quantize=QUANTIZED, weight_type=QuantType.QInt8)


def _fold_constants(source: Path, target: Path) -> None:
    """Work out what depends on no input: weights that layers share (ALBERT) are transposed in each, and only constants
    are quantized.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _to_onnx(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """Write `network` in fp32 to `file`; texts and tokens of a batch may vary, and its output is called `logits`."""
    network = network.eval().float()
    network.set_attn_implementation("eager")  # a graph with a quarter fewer nodes, which answers sooner
    example = dict(tokenizer(["two texts", "of any length"], padding=True, return_tensors="pt"))
    taken = inspect.signature(network.forward).parameters
    inputs = {name: tensor for name, tensor in example.items() if name in taken}
    free = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        network,
        kwargs=inputs,
        f=file,
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_shapes={name: {0: free, 1: free} for name in inputs},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
