"""The graph of a network as ONNX: plain, in the operators that ONNX Runtime is fastest in, and in int8."""

import inspect
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from compactbench.errors import LONGEST, one_line
from compactbench.runtimes import Trained
from compactbench.runtimes.exports.onnx_fusion import fuse
from compactbench.runtimes.exports.tokens import encode, load_tokenizer, save_tokenizer

QUANTIZED = ["MatMul", "Gemm", "Attention", "Gather"]
"""Operators whose weights become int8; Gather is the look-up of embeddings."""
PLAIN = "plain.onnx"
"""The exported network as torch writes it, in standard operators."""
AXES = {0: "batch_size", 1: "sequence_length"}
"""What optimum calls the axes of each input; in two inputs of one export, torch called the texts `s18` and `s43`."""
EXAMPLE = ["two texts", "of any length " * 60]
"""What the network is followed with: padding, and more tokens than an attention to neighbours alone would see."""


def export_plain(trained: Trained, folder: Path) -> Path:
    """Write the network as torch exports it, with what it is read with, into `folder`; the file.

    Raises:
        ValueError: torch cannot export it, or the tokenizers library cannot run its tokenizer.
    """
    if not (folder / PLAIN).is_file():
        _exported(trained, folder)
    return folder / PLAIN


def export_fp32(trained: Trained, folder: Path, name: str) -> None:
    """Write the network in ONNX Runtime's operators to the file `name` in `folder`, the plain one and the rest beside.

    Raises:
        ValueError: as `export_plain`, or the exported network does not give the logits of the trained one.
    """
    program, inputs = _exported(trained, folder)
    fuse(program.model)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unchecked = target.with_suffix(".unchecked")
    program.save(unchecked)
    try:
        session = _session(unchecked)
    except Exception:  # of no public kind: what suits the kernels does not suit the graph (GPT-2), so it stays plain
        shutil.copy(folder / PLAIN, unchecked)
        session = _session(unchecked)
    _check(trained.network, inputs, session)
    unchecked.rename(target)


def export_portable(trained: Trained, exported: Path, artefact: Path) -> None:
    """Write the plain network into the artefact for any engine, in fp32 and in int8, by transformers.js' names.

    Weights of unsigned integers, as transformers.js' own exports have: those without a sign overflow on no CPU.

    Raises:
        ValueError: as `export_plain`.
    """
    plain, target = export_plain(trained, exported), artefact / "onnx"
    quantize(plain, target / "model_quantized.onnx", QuantType.QUInt8)
    shutil.copy(plain, target / "model.onnx")


def quantize(source: Path, target: Path, weights: QuantType = QuantType.QInt8) -> None:
    """Write the network in the file `source`, exported in fp32, to `target` in int8."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folded = source.with_name("folded.onnx")
    _fold_constants(source, folded)
    quantize_dynamic(folded, target, op_types_to_quantize=QUANTIZED, weight_type=weights)


def _fold_constants(source: Path, target: Path) -> None:
    """Work out what depends on no input: weights that layers share (ALBERT) are transposed in each, and only constants
    are quantized.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _exported(trained: Trained, folder: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """Follow the network in fp32 and save it as PLAIN; texts and tokens of a batch may vary, the output is `logits`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(trained.tokenizer, folder, trained.max_length)
    trained.network.config.save_pretrained(folder)
    network = trained.network.cpu().eval().float()
    network.set_attn_implementation("eager")  # the plainest graph
    taken = inspect.signature(network.forward).parameters
    limits = {"padding": True, "truncation": True, "max_length": trained.max_length}
    example = trained.tokenizer(EXAMPLE, **limits, return_tensors="pt")
    inputs = {name: tensor for name, tensor in example.items() if name in taken}
    _check_tokenizer(inputs, load_tokenizer(folder))
    try:
        program = torch.onnx.export(
            network,
            kwargs=inputs,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(inputs, dict.fromkeys(AXES, torch.export.Dim.DYNAMIC)),
            dynamo=True,
            verbose=False,
        )
    except torch.onnx.errors.OnnxExporterError as error:  # its own text tells how to report it
        raise ValueError(f"torch cannot export it: {one_line(error.__cause__ or error, LONGEST)}") from error
    program.rename_axes(
        {one.shape[axis].value: name for one in program.model.graph.inputs for axis, name in AXES.items()}
    )
    program.save(folder / PLAIN)
    _check(network, inputs, _session(folder / PLAIN))
    return program, inputs


def _check_tokenizer(inputs: dict[str, torch.Tensor], saved: Tokenizer) -> None:
    """Refuse a saved tokenizer that makes others of the example than these `inputs`."""
    found = encode(saved, EXAMPLE, list(inputs))
    if not all(np.array_equal(found[name], inputs[name].numpy()) for name in inputs):
        raise ValueError("the exported tokenizer cuts a text into other tokens than the trained model's")


def _session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


def _check(network: PreTrainedModel, inputs: dict[str, torch.Tensor], session: onnxruntime.InferenceSession) -> None:
    """Refuse an exported network whose logits are others: its graph was rewritten."""
    with torch.inference_mode():
        expected = network(**inputs).logits.numpy()  # (texts, classes)
    (found,) = session.run(["logits"], {name: tensor.numpy() for name, tensor in inputs.items()})
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
        apart = np.abs(found - expected).max()
        raise ValueError(f"the exported model's logits are up to {apart:.2g} from those of the trained one")
