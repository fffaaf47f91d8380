"""Whose weights a contender starts from: local folders, old pickles, code of strangers, and the catalogue's files."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.tiny_suite import ARCHITECTURE
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForPreTraining, BertForSequenceClassification

from compactbench.commands.check import check_architecture
from compactbench.parameters import load_model
from compactbench.settings import Model, SettingsError
from compactbench.sources.availability import local_folder
from compactbench.sources.local import package_folder
from compactbench.sources.tokenizer import WORDPIECE
from compactbench.sources.weights import count_parameters, load_classifier

CATALOGUE = {
    "minilm-l12": 33_360_000 + 4 * 384 + 4,
    "bge-small": 33_360_000 + 4 * 384 + 4,
    "xtremedistil": 12_750_080 + 4 * 256 + 4,
    "electra-small": 13_483_008 + (256 * 256 + 256) + (4 * 256 + 4),
    "ettin-17m": 16_797_440 + 256 * 256 + 256 + (4 * 256 + 4),
    "ettin-32m": 31_883_136 + 384 * 384 + 384 + (4 * 384 + 4),
    "ettin-68m": 68_144_640 + 512 * 512 + 512 + (4 * 512 + 4),
    "multilingual-minilm": 117_653_760 + 4 * 384 + 4,
    "multilingual-e5-small": 117_653_760 + 4 * 384 + 4,
    "distilbert-multilingual": 134_734_080 + (768 * 768 + 768) + (4 * 768 + 4),
}
"""Parameters of the published encoder, and of the head for four classes, by hand: ELECTRA and Ettin have a further
dense layer in it, Ettin's without bias and with a norm, and DistilBERT too."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), CATALOGUE.items())
def test_the_catalogues_architectures_are_the_published_ones(name: str, count: int) -> None:
    model = load_model(name)
    check_architecture(model, max_length=512)
    classifier, tokenizer, _ = load_classifier(model, False, ["a", "b", "c", "d"], seed=0)
    assert count_parameters(classifier).total == count
    batch = tokenizer(["a text", "a longer text of more words"], padding=True, return_tensors="pt")
    taken = {name: batch[name] for name in ("input_ids", "attention_mask")}
    assert classifier(**taken).logits.shape == (2, 4)
    assert model.license and model.paper


def folder_of(folder: Path, network: Any) -> Path:
    network.save_pretrained(folder)
    (folder / "vocab.txt").write_bytes((package_folder(WORDPIECE, "package") / "vocab.txt").read_bytes())
    return folder


def config(**changes: Any) -> BertConfig:
    return BertConfig(**{key: value for key, value in ARCHITECTURE.items() if key != "model_type"}, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small published model."""
    return folder_of(tmp_path / "model", BertForPreTraining(config()))


def model(folder: Path, **more: Any) -> Model:
    fields = {"model": "own", "title": "Own", "model_name": "own", "summary": "A user's own."}
    return Model.model_validate({**fields, "path": str(folder), **more})


def test_a_folder_is_a_contender(folder: Path) -> None:
    classifier, tokenizer, revision = load_classifier(model(folder), True, ["a", "b", "c"], seed=0)
    served = load_file(folder / "model.safetensors")
    assert torch.equal(
        classifier.bert.embeddings.word_embeddings.weight, served["bert.embeddings.word_embeddings.weight"]
    )
    assert classifier.config.id2label == {0: "a", 1: "b", 2: "c"}
    assert tokenizer("Upper case").tokens() == ["[CLS]", "upper", "case", "[SEP]"]
    assert revision is None


def test_safetensors_are_taken_before_a_pickle(folder: Path) -> None:
    torch.save({"bert.embeddings.word_embeddings.weight": torch.zeros(30522, 32)}, folder / "pytorch_model.bin")
    classifier, _, _ = load_classifier(model(folder), True, ["a", "b"], seed=0)
    assert classifier.bert.embeddings.word_embeddings.weight.abs().sum() > 0


class Payload:
    """What a pickle may hold: an order to run something."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple:
        return Path.touch, (self._marker,)


def test_a_pickle_that_would_run_code_is_refused(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Payload(marker)}, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"own cannot be loaded: .*") as error:
        load_classifier(model(folder), True, ["a", "b"], seed=0)
    assert "\n" not in str(error.value)
    assert not marker.exists()
    pickle.loads(pickle.dumps(Payload(marker)))
    assert marker.exists(), "the payload does nothing: the test above cannot fail"


def test_weights_that_lack_a_part_of_the_encoder_are_refused(folder: Path) -> None:
    """The library would fill the hole with random numbers, and the record would say `pretrained`."""
    weights = load_file(folder / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"1 weights of the encoder are missing .* bert.encoder.layer.1.output.dense"):
        load_classifier(model(folder), True, ["a", "b"], seed=0)


def test_a_head_for_other_classes_is_replaced(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "model", BertForSequenceClassification(config(num_labels=3)))
    classifier, _, _ = load_classifier(model(folder), True, ["a", "b", "c", "d", "e"], seed=0)
    assert classifier.classifier.weight.shape == (5, 32)


def test_code_of_strangers_runs_only_where_the_models_file_says_so(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = f"from pathlib import Path\nfrom transformers import BertConfig\nPath({str(marker)!r}).touch()\n"
    (folder / "coded.py").write_text(code + "class Coded(BertConfig):\n    model_type = 'coded'\n")
    (folder / "config.json").write_text(json.dumps({"model_type": "coded", "auto_map": {"AutoConfig": "coded.Coded"}}))
    with pytest.raises(ValueError, match="key `trust_remote_code`: got false; accepted: true, once"):
        load_classifier(model(folder), True, ["a", "b"], seed=0)
    assert not marker.exists()
    with pytest.raises(ValueError, match="own cannot be loaded"):  # the test's code brings no classifier
        load_classifier(model(folder, trust_remote_code=True), True, ["a", "b"], seed=0)
    assert marker.exists()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (["config.json"], "without config.json"),
        (["model.safetensors"], "without model.safetensors or model.safetensors.index.json or pytorch_model.bin"),
        (["vocab.txt"], "without tokenizer.json or vocab.txt"),
    ],
)
def test_a_folder_that_lacks_something_is_one_sentence(folder: Path, missing: list[str], sentence: str) -> None:
    for name in missing:
        (folder / name).unlink()
    with pytest.raises(SettingsError, match=r"^params/models/own.yaml: key `path`: got .*" + sentence):
        local_folder(model(folder))


def test_other_weights_than_the_file_names_are_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"key `sha256`: the model.safetensors of .* accepted: 0000"):
        local_folder(model(folder, sha256="0" * 64))
    with pytest.raises(SettingsError, match="a folder that exists"):
        local_folder(model(folder / "nowhere"))
