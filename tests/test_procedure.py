"""How the fine-tune is carried out: what the two procedures stand for, and that the trainer does it."""

from pathlib import Path

import numpy as np
import pytest

from compactbench.classifiers import procedure as module
from compactbench.classifiers.finetune import Trainee
from compactbench.classifiers.procedure import procedure
from compactbench.classifiers.weights import load_classifier
from compactbench.data.load import load, to_classify
from compactbench.parameters import load_model, load_suite
from compactbench.runtimes.serve_torch import Server


@pytest.fixture(params=[True, False], ids=["native-bf16", "no-bf16"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(module, "bf16_is_native", lambda device: request.param)
    return request.param


def suite(**given: object):
    return load_suite("starter", {"suite": "starter"} | given)


def test_fast_takes_what_the_hardware_has(native: bool) -> None:
    found = procedure(suite(), "cpu")
    assert found.precision == ("bf16" if native else "fp32")
    assert (found.padding, found.group_by_length, found.optimizer) == ("batch", True, "adamw_torch_fused")
    assert (found.tf32, found.pin_memory) == (False, False)
    assert (procedure(suite(), "cuda").tf32, procedure(suite(), "cuda").pin_memory) == (True, True)


def test_2021_is_the_old_way_on_any_hardware(native: bool) -> None:
    found = procedure(suite(procedure=2021), "cuda")
    assert found.precision == "fp32"
    assert (found.padding, found.group_by_length, found.optimizer) == ("longest", False, "adamw_torch")
    assert (found.attention, found.tf32) == ("eager", False)


def test_every_part_can_be_overridden(native: bool) -> None:
    """Also by false, which must not read as "not given"."""
    given = {"padding": "longest", "group_by_length": False, "optimizer": "adamw_torch", "precision": "fp32"}
    found = procedure(suite(**given, attention="eager", tf32=False), "cuda")
    assert found.model_dump(include=set(given)) == given
    assert (found.attention, found.tf32) == ("eager", False)


@pytest.mark.parametrize("old", [True, False], ids=["2021", "fast"])
def test_the_trainer_is_told(old: bool, tmp_path: Path) -> None:
    """2021 pads every text to the longest of the split; the fast way leaves each at its own length."""
    asked = suite(procedure=2021 if old else "fast", precision="fp32", max_steps=1, random_weights_steps=1)
    splits, facts = load(asked)
    splits.save_to_disk(tmp_path / "splits")
    trainee = Trainee(load_model("bert-tiny"), "random", asked, facts, tmp_path / "splits", "cpu", 2, seed=1)
    rows = trainee.tokenized()
    lengths = {len(ids) for ids in rows["input_ids"]}
    assert (len(lengths) == 1) is old
    assert max(lengths) < 200  # of the split, not of the model
    found = trainee.finetune(tmp_path / "artefact", asked.learning_rate).procedure
    assert found == procedure(asked, "cpu")
    assert trainee.attention == found.attention


def test_after_a_bf16_fine_tune_the_model_answers_in_fp32(tmp_path: Path) -> None:
    """The trainer wraps the forward pass in bf16 and leaves it so: quality and exports were once of that arithmetic."""
    asked = suite(precision="bf16", random_weights_steps=1)
    splits, facts = load(asked)
    splits.save_to_disk(tmp_path / "splits")
    trainee = Trainee(load_model("bert-tiny"), "random", asked, facts, tmp_path / "splits", "cpu", 2, seed=1)
    trainee.finetune(tmp_path / "artefact", asked.learning_rate)
    test = to_classify(splits["test"], "random", asked.eval_batch_size)
    server = Server(tmp_path / "artefact", "fp32", "cpu", 2, asked.max_length)
    found = server.probabilities(list(test["text"]), asked.eval_batch_size)
    loss = -np.log(found[np.arange(len(test)), test["label"]]).mean()
    assert trainee.quality()[0].loss == pytest.approx(loss, abs=1e-6)


def test_texts_that_are_cut_are_counted(tmp_path: Path) -> None:
    """A text of just the full length is whole."""
    asked = suite(max_length=16, random_weights_steps=1)
    splits, facts = load(asked)
    splits.save_to_disk(tmp_path / "splits")
    trainee = Trainee(load_model("bert-tiny"), "random", asked, facts, tmp_path / "splits", "cpu", 2, seed=1)
    whole = load_classifier(load_model("bert-tiny"), False, facts.classes, seed=1)[1](list(splits["train"]["text"]))
    lengths = [len(ids) for ids in whole["input_ids"]]
    assert 16 in lengths
    found = trainee.finetune(tmp_path / "artefact", asked.learning_rate)
    assert found.cut == sum(length > 16 for length in lengths)
