"""An exported graph in the operators for which ONNX Runtime has its fastest kernels on a CPU."""

from onnxscript import ir
from onnxscript.ir.passes.common import RemoveUnusedNodesPass
from onnxscript.rewriter.ort_fusions import optimize_for_ort

MASK = "attention_mask"
"""The input that is 1 at tokens and 0 at padding, int64 of shape (texts, longest)."""


def fuse(model: ir.Model) -> None:
    """Rewrite the graph of an encoder, in place.

    The attention of a layer becomes one node, which quantization takes as a whole; then what else suits the kernels.

    Args:
        model: as torch exports it.
    """
    optimize_for_ort(model)
    _mask_by_tokens(model.graph)
    _part_residuals(model.graph)
    RemoveUnusedNodesPass()(model)


def _mask_by_tokens(graph: ir.Graph) -> None:
    """Give the attention the mask itself: in int8 it takes no matrix (texts, heads, longest, longest) in its place."""
    attention = [node for node in graph if node.op_type == "Attention"]
    given = next((value for value in graph.inputs if value.name == MASK), None)
    if given is None or not attention:
        return
    cast = ir.node("Cast", [given], {"to": ir.DataType.INT32})
    graph.insert_before(graph[0], cast)
    for node in attention:
        node.attributes.pop("qkv_hidden_sizes")  # all alike, as without it; quantization wants it away
        node.resize_inputs(4)
        node.replace_input_with(3, cast.outputs[0])


def _part_residuals(graph: ir.Graph) -> None:
    """Part each SkipLayerNormalization into sum and normalization, whose kernels together are faster than its own.

    The sum is a Sum: an Add would be fused with the normalization again when the model is loaded.
    """
    for node in [node for node in graph if node.op_type == "SkipLayerNormalization"]:
        first, second, scale, bias, *further = node.inputs
        total = ir.node("Sum", [first, second, *further])
        epsilon = node.attributes["epsilon"]
        normed = ir.node("LayerNormalization", [total.outputs[0], scale, bias], {"epsilon": epsilon.as_float()})
        outputs = {node.outputs[0]: normed.outputs[0]}
        if len(node.outputs) > 3:  # the sum too is used further on where a model normalizes before each part
            outputs[node.outputs[3]] = total.outputs[0]
        ir.convenience.replace_nodes_and_values(graph, node, [node], [total, normed], [*outputs], [*outputs.values()])
