"""How the fine-tune is carried out: what the two procedures stand for, and that the trainer does it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from transformers import TrainerCallback

from compactbench.benchmark.training import of_code, of_template
from compactbench.classifiers import Task
from compactbench.classifiers import transformer as module
from compactbench.classifiers.transformer import Transformer, procedure
from compactbench.data.load import load, to_classify
from compactbench.instruments.session import in_batches
from compactbench.parameters import load_model, load_suite
from compactbench.runtimes import Setup
from compactbench.runtimes.torch import RUNTIME
from compactbench.settings import Suite
from compactbench.sources.weights import load_classifier


@pytest.fixture(params=[True, False], ids=["new-hardware", "old-hardware"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    for name in ("bf16_is_native", "tf32_is_native"):
        monkeypatch.setattr(module, name, lambda device: request.param)
    return request.param


def suite(**given: object):
    return load_suite("starter", {"suite": "starter"} | given)


def learner(asked: Suite, folder: Path) -> Transformer:
    """bert-tiny with random weights, about to learn as `asked`."""
    splits, facts = load(asked)
    splits.save_to_disk(folder / "splits")
    return Transformer(Task(load_model("bert-tiny"), "random", asked, facts, folder / "splits", "cpu", 2, seed=1))


def test_fast_takes_what_the_hardware_has(native: bool) -> None:
    found = procedure(suite(), "cpu")
    assert found["precision"] == ("bf16" if native else "fp32")
    assert (found["padding"], found["group_by_length"], found["optimizer"]) == ("batch", True, "adamw_torch_fused")
    assert (found["tf32"], procedure(suite(), "cuda")["tf32"]) == (None, native)


def test_2021_is_the_old_way_on_any_hardware(native: bool) -> None:
    found = procedure(suite(procedure=2021), "cuda")
    assert found["precision"] == "fp32"
    assert (found["padding"], found["group_by_length"], found["optimizer"]) == ("longest", False, "adamw_torch")
    assert (found["attention"], found["tf32"]) == ("eager", False)


def test_every_part_can_be_overridden(native: bool) -> None:
    """Also by false, which must not read as "not given"."""
    given = {"padding": "longest", "group_by_length": False, "optimizer": "adamw_torch", "precision": "fp32"}
    given |= {"attention": "eager", "tf32": False}
    assert given.items() <= procedure(suite(**given), "cuda").items()


class Batches(TrainerCallback):
    """Writes the lengths that the texts of each batch are padded to into a file: itself it is copied."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def on_train_begin(self, *_: object, **given: Any) -> None:
        lengths = sorted({len(ids) for batch in given["train_dataloader"] for ids in batch["input_ids"]})
        self._file.write_text(json.dumps(lengths))


@pytest.mark.parametrize("old", [True, False], ids=["2021", "fast"])
def test_the_trainer_is_told(old: bool, tmp_path: Path) -> None:
    """2021 pads every text to the longest of the split; the fast way each batch to its own longest."""
    asked = suite(procedure=2021 if old else "fast", precision="fp32", max_steps=1, random_weights_steps=1)
    classifier, train = learner(asked, tmp_path), cloudpickle.loads(of_template().pickled)
    batches = Batches(tmp_path / "lengths.json")

    def watched(*given: Any) -> None:
        train(*given[:-1], [*given[-1], batches])

    function = replace(of_template(), pickled=cloudpickle.dumps(watched))
    found = classifier.finetune(tmp_path / "artefact", asked.learning_rate, function)
    longest = max(map(len, classifier.tokenized(classifier.train)["input_ids"]))
    lengths = json.loads((tmp_path / "lengths.json").read_text())
    assert (lengths == [longest]) is old
    assert lengths[-1] == longest < 200  # of the split, not of the model
    told = found.procedure.model_dump() | {"compile": found.procedure.compiled}
    expected = procedure(asked, "cpu") | {"tf32": False, "pin_memory": False}
    assert {key: told[key] for key in expected} == expected


def test_the_record_holds_what_an_edited_function_set(tmp_path: Path) -> None:
    """Not what the suite asked for: the arguments are read off the trainer."""
    code = of_template().code.replace("learning_rate=settings.learning_rate", "learning_rate=0.5")
    code = code.replace("optim=settings.optimizer", 'optim="sgd"')
    code = code.replace("train_batch_size=settings.batch_size", "train_batch_size=3")
    code = code.replace("data_collator=collator", "data_collator=lambda rows: collator(rows)")
    found = learner(suite(random_weights_steps=2), tmp_path).finetune(tmp_path / "artefact", 1e-4, of_code(code))
    assert (found.learning_rate, found.procedure.optimizer, found.batch_size, found.samples) == (0.5, "sgd", 3, 6)
    assert found.procedure.padding == "other" and found.arguments["optim"] == "sgd"
    assert (found.edited, found.code) == (True, code)


def test_a_function_that_hides_its_steps_is_refused(tmp_path: Path) -> None:
    code = of_template().code.replace(", callbacks=callbacks)", ")")
    with pytest.raises(ValueError, match="must hand `callbacks` to its Trainer"):
        learner(suite(random_weights_steps=1), tmp_path).finetune(tmp_path / "artefact", 1e-4, of_code(code))


@pytest.mark.parametrize(
    ("old", "new", "edited"),
    [
        ("# texts per step", "# other words", False),
        ("Fine-tune `model`", "Train `model`", False),
        ('lr_scheduler_type="linear"', 'lr_scheduler_type="cosine"', True),
    ],
)
def test_comments_and_docstrings_are_no_edit(old: str, new: str, edited: bool) -> None:
    code = of_template().code
    assert old in code and not of_template().edited
    assert of_code(code.replace(old, new)).edited is edited


@pytest.mark.slow
def test_after_a_bf16_fine_tune_the_model_answers_in_fp32(tmp_path: Path) -> None:
    """The trainer wraps the forward pass in bf16 and leaves it so: quality and exports were once of that arithmetic."""
    asked = suite(precision="bf16", random_weights_steps=1)
    classifier = learner(asked, tmp_path)
    classifier.finetune(tmp_path / "artefact", asked.learning_rate, of_template())
    test = to_classify(load(asked)[0]["test"], "random", asked.eval_batch_size)
    saved = RUNTIME.load(tmp_path / "artefact", Setup("torch", "fp32", "cpu", 2, Transformer.network), asked.max_length)
    found = in_batches(saved, list(test["text"]), asked.eval_batch_size)
    assert classifier.quality()[1] == pytest.approx(found, abs=1e-6)


def test_texts_that_are_cut_are_counted(tmp_path: Path) -> None:
    """A text of just the full length is whole."""
    asked = suite(max_length=16, random_weights_steps=1)
    classifier = learner(asked, tmp_path)
    splits, facts = load(asked)
    whole = load_classifier(load_model("bert-tiny"), False, facts.classes, seed=1)[1](list(splits["train"]["text"]))
    lengths = [len(ids) for ids in whole["input_ids"]]
    assert 16 in lengths
    found = classifier.finetune(tmp_path / "artefact", asked.learning_rate, of_template())
    assert found.cut == sum(length > 16 for length in lengths)
