"""Model folders as people have them: each is read rightly, or refused in one sentence by `make check`."""

import json
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sentencepiece
import yaml
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from helpers.model_folders import FOLDERS, TEXTS, build
from helpers.spoilt_folders import REFUSED
from transformers import AutoTokenizer

from compactbench.benchmark.training import of_template
from compactbench.classifiers import Classifier, Task, decide_weights, of_model
from compactbench.commands import new_model
from compactbench.commands.check import try_out
from compactbench.parameters import load_model, load_suite
from compactbench.runtimes import Setup
from compactbench.runtimes.onnxruntime import RUNTIME
from compactbench.runtimes.torch import TorchPredictor, load_network
from compactbench.settings import Model, SettingsError, Suite
from compactbench.sources.weights import load_classifier

SENTENCE = "Shares rose."
WORDS = "[CLS] shares rose . [SEP]"
PIECES = "▁ S h a r es ▁ ro s e ."
TOKENS = {
    "characters": "[CLS] s ##h ##a ##r ##e ##s r ##o ##s ##e . [SEP]",
    "gpt2": "Sh ar es Ġ ro s e .",
    "roberta": "<s> Sh ar es Ġ ro s e . </s>",
    "xlm-roberta": f"<s> {PIECES} </s>",
    "multilingual-minilm": f"<s> {PIECES} </s>",
    "albert": f"[CLS] {PIECES.lower()} [SEP]",
    "deberta-v3": f"[CLS] {PIECES} [SEP]",
    "xlnet": f"{PIECES} <sep> <cls>",
    "mpnet": "<s> shares rose . </s>",
    "llama": "▁ Sh ar es ▁ ro s e .",
    "canine": f"\ue000 {' '.join(SENTENCE)} \ue001",
}
"""What the sentence is cut into; where it is not said, into `WORDS`."""
POSITIONS = {"bert-128": 128}
LONGEST = 200
"""Tokens at which the other models cut."""
LONG = "the word " * LONGEST


def model_of(folder: Path, **more: object) -> Model:
    """The model in a folder, as `make check MODELS=folder` has it."""
    return load_model(str(folder), more)


def suite_for(name: str) -> Suite:
    changes = {"weights": "pretrained", "max_length": POSITIONS.get(name, LONGEST), "max_steps": 2, "warmup_steps": 0}
    return load_suite("starter").model_copy(update=changes)


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two batches of texts in two classes, one text longer than any model takes."""
    texts, labels = [LONG], [0]
    for number, of_class in enumerate(TEXTS.values()):
        texts += of_class * 8
        labels += [number] * 16
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(TEXTS))})
    rows = Dataset.from_dict({"text": texts, "label": labels}, features=features)
    folder = tmp_path_factory.mktemp("splits")
    DatasetDict(train=rows, test=rows).save_to_disk(str(folder))
    return folder


def learned(model: Model, name: str, splits: Path, artefact: Path) -> Classifier:
    """A model that learned for two steps, and was saved."""
    data = SimpleNamespace(classes=list(TEXTS))
    classifier = of_model(model)(Task(model, "pretrained", suite_for(name), data, splits, "cpu", 1, 42))
    classifier.finetune(artefact, 0.001, of_template())
    return classifier


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_read_rightly(name: str, splits: Path, tmp_path: Path) -> None:
    folder = build(name, tmp_path)
    model, suite = model_of(folder), suite_for(name)
    assert decide_weights(model, suite) == "pretrained"
    try_out(model, suite)
    classifier = learned(model, name, splits, tmp_path / "artefact")
    texts = [SENTENCE, LONG]
    found = classifier.probabilities(texts)
    assert found.shape == (2, 2) and np.isfinite(found).all()
    network, tokenizer = load_network(classifier.network, tmp_path / "artefact"), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(SENTENCE)["input_ids"]
    assert " ".join(tokenizer.convert_ids_to_tokens(ids)) == TOKENS.get(name, WORDS)
    saved = AutoTokenizer.from_pretrained(tmp_path / "artefact")
    again = TorchPredictor(network, saved, "cpu", suite.max_length)
    assert again(texts) == pytest.approx(found, abs=1e-6)
    assert again.length(LONG) == suite.max_length
    config = json.loads((tmp_path / "artefact" / "config.json").read_text())
    assert config["problem_type"] == "single_label_classification"
    assert config["id2label"] == {"0": "sport", "1": "business"}
    assert config["dtype"] == "float32"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["characters", "gpt2", "roberta", "deberta-v3", "llama"])
def test_a_folder_is_exported(name: str, splits: Path, tmp_path: Path) -> None:
    """The example text must be cut, and a batch be padded on the side and with the token that the model knows."""
    model, suite = model_of(build(name, tmp_path)), suite_for(name)
    classifier = learned(model, name, splits, tmp_path / "artefact")
    for precision, apart in {"fp32": 1e-5, "int8": 0.05}.items():
        folder, files = classifier.export("onnxruntime", precision, tmp_path / "exported", tmp_path / "artefact")
        assert all((folder / file).is_file() for file in files)
        exported = RUNTIME.load(folder, Setup("onnxruntime", precision, "cpu", 1), suite.max_length)
        assert exported([SENTENCE, LONG]) == pytest.approx(classifier.probabilities([SENTENCE, LONG]), abs=apart)


@pytest.mark.slow
def test_what_cannot_be_exported_is_one_sentence(splits: Path, tmp_path: Path) -> None:
    """The run goes on without that runtime."""
    classifier = learned(model_of(build("canine", tmp_path)), "canine", splits, tmp_path / "artefact")
    with pytest.raises(ValueError, match="CanineTokenizer is none of the tokenizers library, which answers here"):
        classifier.export("onnxruntime", "fp32", tmp_path / "exported", tmp_path / "artefact")


@pytest.mark.parametrize(
    ("name", "file", "offset"),
    [
        ("xlm-roberta", "sentencepiece.bpe.model", 1),  # before its words stand four tokens, in the file three
        ("multilingual-minilm", "sentencepiece.bpe.model", 1),
        ("deberta-v3", "spm.model", 0),
        ("llama", "tokenizer.model", 0),
    ],
)
def test_a_sentencepiece_file_alone_gives_the_ids_of_its_own_library(
    name: str, file: str, offset: int, tmp_path: Path
) -> None:
    folder = build(name, tmp_path)
    own = sentencepiece.SentencePieceProcessor(model_file=str(folder / file))
    tokenizer = load_classifier(model_of(folder), True, ["a", "b"], seed=0)[1]
    for text in (SENTENCE, "A goal in extra time won the cup."):
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == [one + offset for one in own.encode(text)]
    if name != "llama":  # which must know bytes, and leaves others out
        assert tokenizer.unk_token_id in tokenizer("snow ☃")["input_ids"]


@pytest.mark.parametrize("name", ["roberta", "mpnet"])
def test_the_mean_of_an_encoder_without_a_pooler_is_taken(name: str, tmp_path: Path) -> None:
    """The classifiers of these types leave it out, and loading the encoder alone failed for want of it."""
    try_out(model_of(build(name, tmp_path), kind="frozen"), suite_for(name))


UNFIT = "key `path`: got '{name}', which cannot be used: "
FIT = "; accepted: configuration, weights and tokenizer of one model of transformers."
SENTENCES = {
    "no-tokenizer": "without tokenizer.json or vocab.txt or .*",
    "no-config": "without config.json.",
    "no-weights": "without model.safetensors or .*",
    "only-tokenizer-config": "its tokenizer has no words: there is no vocabulary that fits its kind" + FIT,
    "no-class": "its tokenizer has no words: there is no vocabulary that fits its kind" + FIT,
    "config-no-json": "config.json cannot be read as JSON: .*",
    "vit": "key `model_type` of its config.json: got 'vit'; accepted: a type of transformers that classifies texts.",
    "unknown-type": r"got 'brt'; accepted: a type of transformers that classifies texts \(did you mean `bert`\?\).",
    "corrupt": "SafetensorError: .*" + FIT,
    "not-a-number": "it answers with no numbers" + FIT,
    "lfs-pointer": "whose model.safetensors is a pointer; accepted: the file itself, which `git lfs pull` fetches.",
    "lfs-pointer-spm": "whose spm.model is a pointer; accepted: .*",
    "lfs-pointer-vocab": "whose vocab.txt is a pointer; accepted: .*",
    "spm-of-nothing": "its tokenizer's file is none that sentencepiece can read" + FIT,
    "larger-vocabulary": "its tokenizer has tokens up to 108, its embeddings end at 106" + FIT,
    "gpt2-without-end": "names neither `pad_token` nor `eos_token`, to pad texts with" + FIT,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_cannot_be_used_is_one_sentence(name: str, tmp_path: Path) -> None:
    model, suite = model_of(build(name, tmp_path, REFUSED)), suite_for(name)
    with pytest.raises(SettingsError, match=SENTENCES[name]) as error:
        decide_weights(model, suite)
        try_out(model, suite)
    said = str(error.value)
    assert said.startswith("parameters: key `path`: got ") and said.endswith(".")
    assert name in said and "\n" not in said and said.count("accepted: ") <= 1 and len(said) < 500


@pytest.mark.parametrize(("name", "longest"), [("bert-128", 128), ("roberta", 512), ("xlm-roberta", 512)])
def test_more_tokens_than_positions_are_refused(name: str, longest: int, tmp_path: Path) -> None:
    """RoBERTa's kind has 514 positions for texts of 512 tokens: at 513 it failed in the midst of the fine-tune."""
    model = model_of(build(name, tmp_path))
    try_out(model, suite_for(name).model_copy(update={"max_length": longest}))
    sentence = (
        f"params/suites/starter.yaml: key `max_length`: got {longest + 1}; accepted for {name}: {longest} at most."
    )
    with pytest.raises(SettingsError) as error:
        try_out(model, suite_for(name).model_copy(update={"max_length": longest + 1}))
    assert str(error.value) == sentence


@pytest.mark.slow
def test_a_model_of_characters_is_described_and_built_without_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no vocabulary, so nothing but its own tokenizer can be taken for it."""
    (tmp_path / "params" / "models").mkdir(parents=True)
    for module in ("commands.new_model", "sources.availability"):
        monkeypatch.setattr(f"compactbench.{module}.ROOT", tmp_path)
    new_model.run(Namespace(name="letters", id=str(build("canine", tmp_path))))
    written = yaml.safe_load((tmp_path / "params" / "models" / "letters.yaml").read_text())
    assert written["architecture"].items() >= {"model_type": "canine", "hidden_size": 32}.items()
    network, tokenizer, _ = load_classifier(Model.model_validate(written), False, ["a", "b", "c"], seed=0)
    batch = tokenizer(["a", "a longer text"], padding=True, return_tensors="pt")
    assert network(**batch).logits.shape == (2, 3)
