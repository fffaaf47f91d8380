"""The graph of a network as ONNX: plain, in the operators that ONNX Runtime is fastest in, and in int8."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from compactbench.runtimes.exports.onnx_fusion import fuse

QUANTIZED = ["MatMul", "Gemm", "Attention", "Gather"]
"""Operators whose weights become int8; Gather is the look-up of embeddings."""
PLAIN = "plain.onnx"
"""The exported network as torch writes it, in standard operators."""
EXAMPLE = ["two texts", "of any length " * 60]
"""What the network is followed with: padding, and more tokens than an attention to neighbours alone would see."""


def export_plain(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Write the network as torch exports it, with what it is read with, into `folder`; the file."""
    if not (folder / PLAIN).is_file():
        _exported(network, tokenizer, folder)
    return folder / PLAIN


def export_fp32(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, name: str) -> None:
    """Write the network in ONNX Runtime's operators to the file `name` in `folder`, the plain one and the rest beside.

    Raises:
        ValueError: the exported network does not give the logits of `network`.
    """
    program, inputs = _exported(network, tokenizer, folder)
    fuse(program.model)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unchecked = target.with_suffix(".unchecked")
    program.save(unchecked)
    _check(network, inputs, unchecked)
    unchecked.rename(target)


def quantize(source: Path, target: Path) -> None:
    """Write the network in the file `source`, exported in fp32, to `target` in int8."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folded = source.with_name("folded.onnx")
    _fold_constants(source, folded)
    quantize_dynamic(folded, target, op_types_to_quantize=QUANTIZED, weight_type=QuantType.QInt8)


def _fold_constants(source: Path, target: Path) -> None:
    """Work out what depends on no input: weights that layers share (ALBERT) are transposed in each, and only constants
    are quantized.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _exported(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path
) -> tuple[Any, dict[str, torch.Tensor]]:
    """Follow `network` in fp32 and save it as PLAIN; texts and tokens of a batch may vary, the output is `logits`."""
    network.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    network = network.cpu().eval().float()
    network.set_attn_implementation("eager")  # the plainest graph
    example = dict(tokenizer(EXAMPLE, padding=True, return_tensors="pt"))
    taken = inspect.signature(network.forward).parameters
    inputs = {name: tensor for name, tensor in example.items() if name in taken}
    free = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        network,
        kwargs=inputs,
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_shapes={name: {0: free, 1: free} for name in inputs},
        dynamo=True,
        verbose=False,
    )
    program.save(folder / PLAIN)
    return program, inputs


def _check(network: PreTrainedModel, inputs: dict[str, torch.Tensor], file: Path) -> None:
    """Refuse an exported network whose logits are others: its graph was rewritten."""
    with torch.inference_mode():
        expected = network(**inputs).logits.numpy()  # (texts, classes)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {name: tensor.numpy() for name, tensor in inputs.items()})
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
        apart = np.abs(found - expected).max()
        raise ValueError(f"the exported model's logits are up to {apart:.2g} from those of the trained one")
