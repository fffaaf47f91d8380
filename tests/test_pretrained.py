"""A model with pre-trained weights through the whole path: what is tried, measured in every runtime, and deployed."""

import runpy
import shutil

import pytest
from helpers.reported import MACHINE, Reported

from compactbench.data.load import load
from compactbench.parameters import load_suite
from compactbench.report.text.serving import PROGRAMS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Reported once, for all tests; the one that takes its artefact away makes it again."""
    made = Reported(tmp_path_factory.mktemp("pretrained"), models=["minilm-l3"], seeds=[42])
    assert made.first.returncode == 0, made.first.stdout + made.first.stderr
    return made


def test_the_learning_rate_is_chosen_on_training_texts(reported: Reported) -> None:
    """A tenth of them; the fine-tune then learns from all."""
    record = reported.record("minilm-l3")
    tries, everything = record["tuning"], sum(record["data"]["train_counts"])
    assert [(one["learning_rate"], one["steps"]) for one in tries] == [(0.000001, 6), (0.0001, 6)]
    assert {one["texts"] for one in tries} == {-(-everything // 10)}
    best = max(tries, key=lambda one: (one["accuracy"], -one["loss"]))
    assert record["finetune"]["learning_rate"] == best["learning_rate"] == 0.0001
    assert "0.0001 (taken)" in (reported.runs / "minilm-l3.ipynb").read_text()


def test_fewer_labels_are_a_repeat_of_the_fine_tune(reported: Reported) -> None:
    assert [(one["seed"], one["labels"]) for one in reported.record("minilm-l3")["repeats"]] == [(42, 50)]


def test_every_runtime_is_in_the_record(reported: Reported) -> None:
    reported.assert_runtimes("minilm-l3", texts=631)
    assert reported.record("minilm-l3")["runtimes"][1]["agreement"] == 1.0  # fp32 only changes the runtime


def test_the_artefact_gives_the_records_accuracy_by_the_programs_of_the_page(
    reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ONNX Runtime and the tokenizers alone, one by one, and with the transformers pipeline."""
    monkeypatch.chdir(reported.artefact("minilm-l3"))
    record = reported.record("minilm-l3")
    test = load(load_suite("starter"))[0]["test"]  # the tiny suite has the starter's texts
    texts, true = test["text"][:], [record["data"]["classes"][label] for label in test["label"]]
    answers = {
        name: runpy.run_path(str(PROGRAMS / name))["classify"] for name in ("classify.py", "with_transformers.py")
    }
    alone = [answers["classify.py"]([text])[0] for text in texts]
    fp32 = [answers["with_transformers.py"]([text])[0]["label"] for text in texts]
    for result, labels in ((2, alone), (0, fp32)):
        accuracy = sum(map(str.__eq__, labels, true)) / len(true)
        assert accuracy == pytest.approx(record["runtimes"][result]["quality"]["accuracy"], abs=1e-9)
    batches = [texts[start : start + 64] for start in range(0, len(texts), 64)]
    batched = [label for batch in batches for label in answers["classify.py"](batch)]
    told = [result["batched_otherwise"] for result in record["runtimes"]]
    assert told == [None, None, sum(map(str.__ne__, batched, alone))]


def test_export_makes_the_artefact_again(reported: Reported) -> None:
    """From nothing, as in a fresh clone: the run's settings and seed give the same model."""
    folder, accuracy = (
        reported.artefact("minilm-l3"),
        reported.record("minilm-l3")["runtimes"][0]["quality"]["accuracy"],
    )
    before = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert {"README.md", "model.safetensors", "onnxruntime/model_int8.onnx", "onnx/model_quantized.onnx"} <= before
    shutil.rmtree(folder)
    words = ("compactbench", "export", "--suite", "tiny", "--model", "minilm-l3", "--machine", MACHINE)
    again = reported.project.run(*words, path=reported.packages)
    assert again.returncode == 0, again.stderr
    assert f"accuracy {accuracy:.1%}, in the run {accuracy:.1%}" in again.stdout
    assert {str(path.relative_to(folder)) for path in folder.rglob("*")} == before
    assert "model-index:" in (folder / "README.md").read_text()
    (reported.runs / "other.json").touch()
    wrong = reported.project.run(*words[:5], "minilm-l9", path=reported.packages)
    assert wrong.returncode == 2
    assert "no finished run 'tiny/minilm-l9'; accepted: tiny/here/minilm-l3, tiny/here/other." in wrong.stderr
    (reported.runs / "other.json").unlink()
