"""Frozen embeddings: the encoder stays as it is, the mean leaves padding out, and exports give the same answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from compactbench.benchmark.training import of_template
from compactbench.classifiers import Task
from compactbench.classifiers.frozen import Frozen
from compactbench.data.load import load
from compactbench.parameters import load_model, load_suite
from compactbench.runtimes import Setup, installed

pytestmark = pytest.mark.slow
TEXTS = ["Shares rose.", "The cup final was decided in extra time by a goal that should not have stood."]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frozen, Path]:
    """Fitted on a hundred texts, and its artefact."""
    folder, suite = tmp_path_factory.mktemp("frozen"), load_suite("starter")
    splits, facts = load(suite)
    splits.save_to_disk(folder / "splits")
    where = (folder / "splits", "cpu", 1)
    classifier = Frozen(Task(load_model("frozen-minilm"), "pretrained", suite, facts, *where, seed=1, labels=100))
    classifier.finetune(folder / "artefact", None, of_template())
    return classifier, folder / "artefact"


def test_the_encoder_stays_as_it_is(fitted: tuple[Frozen, Path]) -> None:
    from compactbench.sources.availability import local_folder

    published = load_file(local_folder(load_model("frozen-minilm")) / "model.safetensors")
    saved = load_file(fitted[1] / "model.safetensors")
    for name, weight in saved.items():
        if name.startswith("encoder.") and "pooler" not in name:
            assert torch.equal(weight, published[name.removeprefix("encoder.")]), name
    assert saved["classifier.weight"].shape == (5, 384)


def test_padding_changes_nothing(fitted: tuple[Frozen, Path]) -> None:
    """A mean over padding too would make a text's embedding depend on its neighbours."""
    predict = fitted[0].predictor()
    assert predict(TEXTS)[0] == pytest.approx(predict(TEXTS[:1])[0], abs=1e-6)


def test_it_answers_as_the_regression_does(fitted: tuple[Frozen, Path]) -> None:
    """A hundred texts of five classes teach well more than chance."""
    quality, _ = fitted[0].quality()
    assert quality.accuracy > 0.7


@pytest.mark.parametrize(("runtime", "precision", "near"), [("torch", "fp32", 1e-6), ("onnxruntime", "fp32", 1e-4)])
def test_it_is_saved_exported_and_loaded_like_the_others(
    fitted: tuple[Frozen, Path], tmp_path: Path, runtime: str, precision: str, near: float
) -> None:
    classifier, artefact = fitted
    folder, files = classifier.export(runtime, precision, tmp_path, artefact)
    assert all((folder / name).is_file() for name in files)
    loaded = installed(runtime).load(folder, Setup(runtime, precision, "cpu", 2, Frozen.network), 512)
    expected = classifier.predictor()(TEXTS)
    assert np.allclose(loaded(TEXTS), expected, atol=near)


def test_the_files_of_the_artefact_have_one_mode(fitted: tuple[Frozen, Path]) -> None:
    """The weights were the owner's alone, which a server under another name cannot read."""
    assert len({file.stat().st_mode for file in fitted[1].iterdir()}) == 1
