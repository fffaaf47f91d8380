"""A model that no file describes: an id on the hub or a folder, on the command line and in the notebook."""

from pathlib import Path

import pytest
import yaml
from helpers.model_folders import build
from helpers.project import Project
from helpers.spoilt_folders import REFUSED
from helpers.tiny_suite import BRIEF, SUITE
from pydantic import TypeAdapter

from compactbench.__main__ import main
from compactbench.benchmark.plan import plan
from compactbench.parameters import load_model
from compactbench.record.file import read
from compactbench.settings import Name, SettingsError, name_of
from compactbench.sources import hub

FOLDER = "größeres Modell (2)"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("intfloat/multilingual-e5-small", "intfloat-multilingual-e5-small"),
        ("BAAI/bge-small-en-v1.5", "baai-bge-small-en-v1-5"),
        ("a/model.yaml", "a-model-yaml"),
        ("a/" + "x" * 200, "a-" + "x" * 88),
        ("bert-tiny", "bert-tiny"),
    ],
)
def test_an_id_gives_a_name(source: str, name: str) -> None:
    assert name_of(source) == name
    TypeAdapter(Name).validate_python(name)


@pytest.mark.parametrize(
    ("folder", "begins"), [(FOLDER, "grosseres-modell-2-"), ("con", "con-"), ("模型", "model-"), ("x.json", "x-json-")]
)
def test_a_folder_gives_a_name_of_its_own(folder: str, begins: str, tmp_path: Path) -> None:
    """Two trainings leave a checkpoint-500 each: four characters of the path's hash tell them apart."""
    names = [name_of(f"{tmp_path}/{parent}/{folder}") for parent in ("a", "b")]
    for name in names:
        TypeAdapter(Name).validate_python(name)
        assert name.startswith(begins) and len(name) == len(begins) + 4
    assert names[0] != names[1]
    assert name_of(f"{tmp_path}/a/../a/{folder}/") == names[0]


def test_of_an_id_only_what_it_says_is_known() -> None:
    model = load_model("organization/Name")
    assert model.model_dump(exclude_defaults=True) == {
        "model": "organization-name",
        "title": "Name",
        "model_name": "organization/Name",
        "summary": "Taken from the model hub as it is.",
    }
    assert (model.where, model.has_file, model.trust_remote_code) == ("parameters", False, False)
    assert load_model("bert-tiny").has_file and load_model("tfidf").has_file


def test_of_a_folder_no_more_than_its_own_name_is_told(tmp_path: Path) -> None:
    model = load_model(f"{tmp_path}/{FOLDER}")
    assert (model.path, model.has_file, model.title) == (f"{tmp_path}/{FOLDER}", False, FOLDER)
    assert str(tmp_path) not in str(model.model_dump(mode="json"))
    assert str(model.summary) == f"The folder {FOLDER}, taken as it is."


def test_other_settings_stand_beside_it(tmp_path: Path) -> None:
    """As in the notebook, where every key can be set."""
    made = plan(str(build("bert-128", tmp_path)), machine="here", max_length=128, title="Mine", weights="pretrained")
    assert (str(made.model.title), made.weights, made.record.stem) == ("Mine", "pretrained", made.model.model)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("./nowhere", "parameters: key `path`: got './nowhere'; accepted: a folder that exists."),
        (
            "not an/id",
            "parameters: key `architecture` is missing; accepted: a mapping that describes the model, because ",
        ),
        ("a/b", "because HF_HUB_OFFLINE forbids to fetch it for a/b."),
    ],
)
def test_what_cannot_be_had_is_one_sentence(source: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.hub_reachable.cache_clear()
    with pytest.raises(SettingsError) as error:
        plan(source, machine="here")
    hub.hub_reachable.cache_clear()
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_name_that_a_file_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run would replace the other's."""
    (tmp_path / "a-b.yaml").touch()
    monkeypatch.setattr("compactbench.parameters.MODELS", tmp_path)
    with pytest.raises(SettingsError, match=r"key `model`: got 'a/b'; accepted: 'a-b', the name that this has in .*"):
        load_model("a/b")


def test_names_on_the_command_line_are_parted_as_by_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A folder's name may hold spaces. What cannot be used is refused before anything is measured."""
    folder = build("only-tokenizer-config", tmp_path, REFUSED).rename(tmp_path / FOLDER)
    monkeypatch.setattr("sys.argv", ["compactbench", "check", "--models", f"tfidf '{folder}'"])
    assert main() == 2
    said = capsys.readouterr().err
    assert said.startswith(f"parameters: key `path`: got '{FOLDER}', which cannot be used: its tokenizer has no words")
    monkeypatch.setattr("sys.argv", ["compactbench", "check", "--models", "tfidf 'open"])
    with pytest.raises(SystemExit):
        main()
    assert 'argument --models: got "tfidf \'open"; accepted: names, with each quote closed' in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_is_reported_at_once_and_once(project: Project) -> None:
    """Its page says where it came from, and a second report finds it measured."""
    build("xlm-roberta", project.folder).rename(project.folder / FOLDER)
    file = project.folder / "params" / "suites" / "tiny.yaml"
    file.write_text(yaml.safe_dump(SUITE | BRIEF | {"models": ["tfidf"], "weights": "pretrained"}))
    words = ("compactbench", "report", "--suite", "tiny", "--machine", "here", "--models", f"'./{FOLDER}'")
    first = project.run(*words)
    assert first.returncode == 0, first.stdout + first.stderr
    (path,) = (project.folder / "book" / "runs" / "tiny" / "here").glob("*.json")
    assert f"{path.stem}: ./{FOLDER}, which no file in params/models/ describes" in first.stdout
    record = read(path)
    assert (record.weights, record.title) == ("pretrained", FOLDER)
    page = (project.folder / "book" / "_build" / "html" / "runs" / "tiny" / "here" / f"{path.stem}.html").read_text()
    assert f"The folder ./{FOLDER}, taken as it is." in page
    (project.folder / "program.py").write_text(
        "import sys\nfrom compactbench.benchmark.due import due\nfrom compactbench.commands.check import check\n"
        "print(due(check('tiny', sys.argv[1:], 'here')))"
    )
    assert project.run("program", f"./{FOLDER}").stdout == "{}\n"
