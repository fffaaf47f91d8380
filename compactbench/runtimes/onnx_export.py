"""The fine-tuned transformer as ONNX: in fp32, and in int8 with its embeddings quantized too."""

import inspect
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from compactbench.record import Precision
from compactbench.runtimes.onnx_fusion import fuse
from compactbench.runtimes.serve_onnx import file_name

BESIDE = ["config.json", "tokenizer.json"]
"""What the exported model is served with."""
QUANTIZED = ["MatMul", "Gemm", "Attention", "Gather"]
"""Operators whose weights become int8; Gather is the look-up of embeddings."""
PLAIN = "plain.onnx"
"""The exported model as torch writes it, in standard operators: OpenVINO starts from it."""
EXAMPLE = ["two texts", "of any length " * 60]
"""What the network is followed with: padding, and more tokens than an attention to neighbours alone would see."""


def files(precision: Precision) -> list[str]:
    """What ONNX Runtime reads of an artefact, as paths inside it."""
    return [file_name(precision), *BESIDE]


def export_fp32(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the exported model, with what it is served with, into `folder`.

    Raises:
        ValueError: the exported model does not give the logits of `network`.
    """
    target = folder / file_name("fp32")
    target.parent.mkdir(parents=True, exist_ok=True)
    network.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _to_onnx(network, tokenizer, folder / PLAIN, target)


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


def _to_onnx(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, plain: Path, fused: Path) -> None:
    """Write `network` in fp32 to the two files; texts and tokens of a batch may vary, and the output is `logits`."""
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
    program.save(plain)
    fuse(program.model)
    fresh = fused.with_suffix(".unchecked")
    program.save(fresh)
    _check(network, inputs, fresh)
    fresh.rename(fused)


def _check(network: PreTrainedModel, inputs: dict[str, torch.Tensor], file: Path) -> None:
    """Refuse an exported model whose logits are others: its graph was rewritten."""
    with torch.inference_mode():
        expected = network(**inputs).logits.numpy()  # (texts, classes)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {name: tensor.numpy() for name, tensor in inputs.items()})
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
        apart = np.abs(found - expected).max()
        raise ValueError(f"the exported model's logits are up to {apart:.2g} from those of the trained one")
