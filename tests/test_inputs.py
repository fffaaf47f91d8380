"""What a run reads: a changed file is another input, and the file that was hashed is the file that was loaded."""

import json
import os
import subprocess
from pathlib import Path

import datasets
import pytest
from test_data import ROWS, lines, suite, write
from test_weights import config, folder_of, model
from transformers import BertForSequenceClassification

from compactbench.benchmark.fingerprint import fingerprint, refuse_changed
from compactbench.data.load import load, version
from compactbench.parameters import load_suite
from compactbench.settings import SettingsError
from compactbench.sources.availability import local_folder, origin
from compactbench.sources.weights import weights_sha256


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache of rows."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def rewrite(path: Path, content: bytes) -> None:
    """Other content of the same size, with the same time."""
    before = path.stat()
    assert len(content) == before.st_size and content != path.read_bytes()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_data_file_rewritten_with_its_size_and_time_gives_its_new_rows(tmp_path: Path) -> None:
    """The library's cache gave the old rows, and the record the new SHA-256."""
    path = write(tmp_path / "a.csv", lines())
    _, before = load(suite(path))
    rewrite(path, lines().replace("title", "other", 60).replace("other", "title", 1).encode())
    splits, after = load(suite(path))
    assert {text.split()[0] for split in splits.values() for text in split["text"]} == {"other"}
    assert after.source != before.source and after.source == version(suite(path))


def test_a_name_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    """`data [1].csv` read `data 1.csv`."""
    write(tmp_path / "data 1.csv", lines().replace("title ", "wrong "))
    path = write(tmp_path / "data [1].csv", lines())
    splits, _ = load(suite(path))
    assert {text.split()[0] for split in splits.values() for text in split["text"]} == {"title"}


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csv", lines())

    def late(self: Path) -> bytes:
        if self == path:
            monkeypatch.undo()
            rewrite(path, lines().replace("longer", "larger").encode())
        return self.read_bytes()

    monkeypatch.setattr(Path, "read_bytes", late)
    with pytest.raises(SettingsError, match=r"my-data.yaml: key `dataset.path`: got .* changed while it was read"):
        load(suite(path))
    texts = {text for split in load(suite(path))[0].values() for text in split["text"]}
    assert texts == {f"{title} {text.replace('longer', 'larger')}" for _, title, text in ROWS}


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """A small model whose weights are in several files."""
    folder = folder_of(tmp_path / "model", BertForSequenceClassification(config(num_labels=3)))
    (folder / "model.safetensors").unlink()
    BertForSequenceClassification(config(num_labels=3)).save_pretrained(folder, max_shard_size="2MB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    return folder


def last_byte(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model-00001-of-*", "model-00002-of-*", "*.index.json"])
def test_another_file_of_a_models_folder_is_another_model(sharded: Path, name: str) -> None:
    """Only the index of sharded weights counted: old accuracies stood under a new model."""
    before = origin(model(sharded))
    path = next(sharded.glob(name))
    content = path.read_bytes()
    rewrite(path, last_byte(content) if path.suffix != ".json" else content.replace(b"\n", b" ", 1))
    assert origin(model(sharded)) != before
    path.write_bytes(content)
    assert origin(model(sharded)) == before


def test_a_new_tokenizer_file_counts_and_what_is_never_loaded_does_not(sharded: Path) -> None:
    before = origin(model(sharded))
    (sharded / ".git").mkdir()
    for name in ("README.md", ".git/HEAD", ".gitattributes", "pytorch_model.bin", "model.onnx"):
        (sharded / name).write_text("x")
    assert origin(model(sharded)) == before
    (sharded / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert origin(model(sharded)) != before


def test_a_link_counts_by_what_it_leads_to(sharded: Path, tmp_path: Path) -> None:
    path = sharded / "vocab.txt"
    path.rename(tmp_path / "words")
    path.symlink_to(tmp_path / "words")
    before = origin(model(sharded))
    rewrite(tmp_path / "words", last_byte((tmp_path / "words").read_bytes()))
    assert origin(model(sharded)) != before


def test_the_sha256_of_several_files_covers_each(sharded: Path) -> None:
    """And is what the command in book/add-a-model.md prints."""
    command = "sha256sum *.index.json model-*.safetensors | LC_ALL=C sort | sha256sum"
    told = subprocess.run(command, shell=True, cwd=sharded, capture_output=True, text=True).stdout.split()[0]
    assert weights_sha256(model(sharded)) == told
    assert local_folder(model(sharded, sha256=told)) == sharded
    path = next(sharded.glob("model-00002-of-*"))
    rewrite(path, last_byte(path.read_bytes()))
    with pytest.raises(SettingsError, match=f"key `sha256`: the model.safetensors.index.json of .*; accepted: {told}"):
        local_folder(model(sharded, sha256=told))


def test_weights_that_the_configuration_names_are_those_that_are_hashed(sharded: Path) -> None:
    """The library takes them before model.safetensors."""
    index = sharded / "model.safetensors.index.json"
    index.rename(sharded / "own.safetensors.index.json")
    (sharded / "model.safetensors").write_bytes(b"not loaded")
    path = sharded / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"transformers_weights": "own.safetensors.index.json"}))
    before = weights_sha256(model(sharded))
    (sharded / "model.safetensors").write_bytes(b"not loaded either")
    assert weights_sha256(model(sharded)) == before
    path = next(sharded.glob("model-00002-of-*"))
    rewrite(path, last_byte(path.read_bytes()))
    assert weights_sha256(model(sharded)) != before


def test_a_model_that_changes_while_it_runs_fails_its_run(sharded: Path) -> None:
    """The record would name the weights that were there when the run began."""
    own = model(sharded)
    then = fingerprint(own, load_suite("starter"), "pretrained", "as it was")
    refuse_changed(own, then)
    rewrite(sharded / "vocab.txt", last_byte((sharded / "vocab.txt").read_bytes()))
    with pytest.raises(ValueError, match="the files of own changed while they were used: run it again"):
        refuse_changed(own, then)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"weight_map": {"a": "../model-1.safetensors"}}', "names ../model-1.safetensors; accepted: files beside it"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "names gone.safetensors; accepted: files beside it"),
        ('{"weight_map": {"a": {"b": 1}}}', "accepted: files beside it"),
        ('{"weight_map": []}', "names no file; accepted: files beside it"),
        ("[]", "holds no mapping"),
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
    ids=lambda value: value[:30],
)
def test_an_index_that_cannot_work_is_one_sentence(sharded: Path, content: str, words: str) -> None:
    (sharded / "model.safetensors.index.json").write_text(content)
    with pytest.raises(SettingsError, match=r"^params/models/own.yaml: key `path`: got ") as caught:
        local_folder(model(sharded))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read_is_one_sentence(sharded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("compactbench.sources.local._sha256", denied)
    with pytest.raises(SettingsError, match=r"^params/models/own.yaml: .*Permission denied"):
        origin(model(sharded))
    write(sharded / "a.csv", lines())
    with pytest.raises(SettingsError, match=r"^params/suites/my-data.yaml: key `dataset.path`: .*Permission denied"):
        load(suite(sharded / "a.csv"))
