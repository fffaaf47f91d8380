"""The exported model: it computes what the trained one does, at any length, and is served without torch."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from helpers.probes_onnx import Loaded
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from compactbench.benchmark.process import FreshProcess, ProcessError
from compactbench.parameters import load_model
from compactbench.runtimes import Setup, Trained, open_session
from compactbench.runtimes.exports.tokens import encode, load_tokenizer, softmax
from compactbench.runtimes.onnxruntime import RUNTIME, OnnxPredictor, file_name
from compactbench.runtimes.torch import TorchPredictor
from compactbench.sources.weights import load_classifier

pytestmark = pytest.mark.slow

TEXTS = ["Shares rose.", "The cup final was decided in extra time by a goal that should not have stood.", "word " * 80]


@pytest.fixture(scope="module")
def trained() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    classifier, tokenizer, _ = load_classifier(load_model("bert-tiny"), False, ["a", "b", "c"], seed=0)
    with torch.no_grad():
        classifier.classifier.weight.mul_(20)  # so that the classes differ by more than rounding
    return classifier, tokenizer


@pytest.fixture(scope="module")
def folder(trained: tuple, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("artefact")
    for precision, files in export(*trained, found).items():
        assert files == [f"onnxruntime/model_{precision}.onnx", "config.json", "tokenizer.json"]
        assert all((found / name).is_file() for name in files)
    return found


def export(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> dict[str, list[str]]:
    """Export to `folder` in both precisions, and the files of each."""
    given = Trained(network, tokenizer, TEXTS, max_length=64)
    return {precision: RUNTIME.export(given, precision, folder, folder)[1] for precision in RUNTIME.precisions["cpu"]}


def portable(folder: Path, name: str) -> OnnxPredictor:
    """The artefact's file for any engine, in the place of ONNX Runtime's own."""
    (folder / name / "onnxruntime").mkdir(parents=True)
    shutil.copy(folder / "onnx" / name, folder / name / file_name("int8"))
    shutil.copy(folder / "tokenizer.json", folder / name)
    return loaded(folder / name, "int8")


def loaded(folder: Path, precision: str) -> OnnxPredictor:
    return RUNTIME.load(folder, Setup("onnxruntime", precision, "cpu", 1), 64)


def enlarge(network: PreTrainedModel) -> None:
    """Make fresh weights so large that attention is not even, and classes differ by more than rounding."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(10)


def test_export_gives_the_same_probabilities_at_any_length_and_batch(folder: Path, trained: tuple) -> None:
    """Without dynamic shapes the export succeeds, and then fails at every other length."""
    expected = TorchPredictor(*trained, "cpu", 64)
    for batch in (TEXTS, TEXTS[:1], TEXTS[1:2]):
        assert loaded(folder, "fp32")(batch) == pytest.approx(expected(batch), abs=1e-5)
    assert [loaded(folder, "fp32").length(text) for text in TEXTS] == [expected.length(text) for text in TEXTS]
    assert expected.length(TEXTS[2]) == 64  # cut


def test_other_engines_have_the_network_in_standard_operators(folder: Path, trained: tuple) -> None:
    """transformers.js asks for these names; OpenVINO has no rule for com.microsoft.QAttention."""
    expected = TorchPredictor(*trained, "cpu", 64)(TEXTS)
    for name, apart in (("model.onnx", 1e-5), ("model_quantized.onnx", 0.05)):
        graph = onnx.load(folder / "onnx" / name).graph
        assert {node.domain for node in graph.node} == {""}
        assert portable(folder, name)(TEXTS) == pytest.approx(expected, abs=apart)
    sizes = [(folder / "onnx" / name).stat().st_size for name in ("model.onnx", "model_quantized.onnx")]
    assert sizes[1] < 0.27 * sizes[0]


@pytest.mark.parametrize("name", ["onnx/model.onnx", "onnx/model_quantized.onnx", "onnxruntime/model_int8.onnx"])
def test_all_inputs_have_the_same_axes(folder: Path, name: str) -> None:
    """Torch called the texts `s18` in input_ids and `s43` in attention_mask: who binds an axis by name bound one."""
    graph = onnx.load(folder / name).graph
    axes = {tuple(axis.dim_param for axis in one.type.tensor_type.shape.dim) for one in graph.input}
    assert axes == {("batch_size", "sequence_length")}
    assert graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch_size"


def test_openvino_reads_the_quantized_file_and_gives_its_answers(folder: Path, trained: tuple) -> None:
    openvino = pytest.importorskip("openvino")
    model = openvino.Core().compile_model(folder / "onnx/model_quantized.onnx", "CPU")
    batch = encode(load_tokenizer(folder), TEXTS, [one.get_any_name() for one in model.inputs])
    assert softmax(model(batch)[0]) == pytest.approx(TorchPredictor(*trained, "cpu", 64)(TEXTS), abs=0.05)


def test_int8_is_near_and_a_quarter_of_the_size_embeddings_included(folder: Path, trained: tuple) -> None:
    """Quantizing the matrices alone would leave the largest table, the embeddings, in fp32."""
    sizes = {precision: (folder / file_name(precision)).stat().st_size for precision in ("fp32", "int8")}
    assert sizes["int8"] < 0.27 * sizes["fp32"]
    assert loaded(folder, "int8")(TEXTS) == pytest.approx(TorchPredictor(*trained, "cpu", 64)(TEXTS), abs=0.05)


def test_weights_that_layers_share_are_quantized_too(tmp_path: Path) -> None:
    """ALBERT's layers each transpose the one shared matrix, and what is not constant stays in fp32."""
    sizes = {"model_type": "albert", "hidden_size": 256, "num_attention_heads": 4, "intermediate_size": 1024}
    few = {"vocab_size": 1000, "num_hidden_layers": 3}
    small = load_model("albert").model_copy(update={"architecture": sizes | few})
    classifier, tokenizer, _ = load_classifier(small, False, ["a", "b"], seed=0)
    export(classifier, tokenizer, tmp_path)
    whole, small_one = ((tmp_path / file_name(precision)).stat().st_size for precision in ("fp32", "int8"))
    assert small_one < 0.4 * whole


def test_each_layer_has_one_attention_and_no_slow_kernel(folder: Path) -> None:
    """bert-tiny has two layers; padding is told by the mask, which the int8 attention takes as whole numbers."""
    operators = Counter(node.op_type for node in onnx.load(folder / file_name("int8")).graph.node)
    assert (operators["QAttention"], operators["Attention"], operators["SkipLayerNormalization"]) == (2, 0, 0)
    alone, padded = (loaded(folder, "fp32")(batch)[0] for batch in (TEXTS[:1], TEXTS))
    assert alone == pytest.approx(padded, abs=1e-6)


@pytest.mark.parametrize(
    "architecture",
    [
        {"model_type": "electra", "embedding_size": 16},
        {"model_type": "roberta-prelayernorm"},  # normalizes before each part
        {"model_type": "modernbert"},  # rotates positions, and looks at neighbours alone in most layers
        {"model_type": "mpnet"},  # adds to the attention by distance
        {"model_type": "fnet"},  # has no attention, and no mask
    ],
    ids=lambda architecture: architecture["model_type"],
)
def test_other_architectures_export(architecture: dict, tmp_path: Path) -> None:
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "num_hidden_layers": 2}
    if architecture["model_type"] == "fnet":
        del sizes["num_attention_heads"]
    other = load_model("bert-tiny").model_copy(update={"architecture": architecture | sizes | {"vocab_size": 1000}})
    trained = load_classifier(other, False, ["a", "b", "c"], seed=0)[:2]
    enlarge(trained[0])
    export(*trained, tmp_path)
    assert loaded(tmp_path, "fp32")(TEXTS) == pytest.approx(TorchPredictor(*trained, "cpu", 64)(TEXTS), abs=1e-5)
    assert loaded(tmp_path, "int8")(TEXTS).shape == (3, 3)


def test_an_export_that_computes_something_else_is_refused(tmp_path: Path) -> None:
    """Attention that also looks at the order of the tokens would lose that with the mask of padding in its place."""
    sizes = {"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    causal = sizes | {"num_hidden_layers": 2, "vocab_size": 1000, "is_decoder": True}
    model = load_model("bert-tiny").model_copy(update={"architecture": causal})
    classifier, tokenizer, _ = load_classifier(model, False, ["a", "b"], seed=0)
    enlarge(classifier)
    with pytest.raises(ValueError, match=r"logits are up to .* from those of the trained one"):
        export(classifier, tokenizer, tmp_path)
    assert not (tmp_path / file_name("fp32")).exists()


def test_the_answering_process_loads_neither_torch_nor_transformers(folder: Path, tmp_path: Path) -> None:
    with FreshProcess(Loaded, tmp_path / "log", libraries="compactbench.runtimes.onnxruntime") as process:
        process.create(folder)
        assert process.call(Loaded.shape, TEXTS) == (3, 3)
        loaded = process.call(Loaded.modules)
    assert {"onnxruntime", "tokenizers"} <= loaded
    assert not {"torch", "transformers", "datasets", "sklearn", "pandas"} & loaded


def test_a_missing_export_is_one_line_and_names_the_file(folder: Path, tmp_path: Path) -> None:
    with (
        FreshProcess(open_session, tmp_path / "log") as process,
        pytest.raises(ProcessError, match=r"model_bf16\.onnx"),
    ):
        process.create(Setup("onnxruntime", "bf16", "cpu", 1), folder, 64)


def test_softmax_by_hand() -> None:
    """Logits that differ by ln 3 share one as 3 : 1; large ones must not overflow."""
    logits = np.array([[np.log(3), 0.0], [1000.0, 1000.0]])
    assert softmax(logits) == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5]]))
