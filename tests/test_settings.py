"""What a user may set: every wrong setting ends in one sentence with file, key, value and what is accepted."""

import contextlib
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers.project import Project

from compactbench import ROOT
from compactbench.benchmark.plan import plan
from compactbench.commands.check import check_architecture
from compactbench.data.readers import of_suite
from compactbench.parameters import load_model, load_suite
from compactbench.settings import Model, SettingsError

STARTER = {"model": "bert-tiny", "suite": "starter", "machine": "here"}
ARCHITECTURE = {"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
MODEL = {"model": "new", "title": "New", "model_name": "a/new", "summary": "New."}


@pytest.mark.parametrize("path", sorted((ROOT / "params").glob("*/*.yaml")), ids=lambda path: path.stem)
def test_every_file_in_params_is_valid(path: Path) -> None:
    (load_model if path.parent.name == "models" else load_suite)(path.stem)


def test_a_model_carries_the_learning_rate_that_suits_it_in_a_suite(tmp_path: Path) -> None:
    """It takes the place of the suite's own, however that comes; not of one that is given by hand, or of tries."""
    own = load_model("minilm-l1", {"model": "minilm-l1", "tuned": {"starter": {"learning_rate": 0.5, "record": "x"}}})

    def asked(suite: str, **given: object) -> float:
        return load_suite(suite, {"suite": suite, **given}, own).learning_rate

    handed_over = yaml.safe_load((ROOT / "params" / "suites" / "starter.yaml").read_text())  # by papermill -f
    assert asked("starter") == asked(**handed_over) == 0.5
    assert asked("starter", learning_rate=0.25) == 0.25
    assert asked("starter", learning_rates=[0.1, 0.2]) == asked("newsgroups") == load_suite("starter").learning_rate
    tuned = {"starter": {"learning_rate": 0.5, "record": "x"}}
    assert plan("minilm-l1", machine="here", record=tmp_path / "x.json", tuned=tuned).suite.learning_rate == 0.5


def test_suites_and_models_have_no_key_in_common() -> None:
    """Their files are handed to papermill together: a common key would silently win over the other's."""
    keys = {kind: set() for kind in ("models", "suites")}
    for kind, found in keys.items():
        for path in (ROOT / "params" / kind).glob("*.yaml"):
            found |= yaml.safe_load(path.read_text()).keys()
    assert keys["models"] & keys["suites"] == set()


def test_starter_holds_what_a_suite_leaves_out() -> None:
    assert load_suite("ag-news").sentence == load_suite("starter").sentence
    assert load_suite("ag-news").max_steps == 2500
    assert load_suite("starter").max_steps is None


def test_override_beside_a_file_wins() -> None:
    assert plan(**STARTER, max_steps=20).suite.max_steps == 20


def test_a_renamed_key_is_still_read() -> None:
    """Of models and of data sets, in a file and by hand."""
    assert plan(**STARTER, licence="MIT").model.license == "MIT"
    dataset = {"hub_id": "a/b", "licence": "free"}
    assert of_suite(plan(**STARTER, dataset=dataset).suite).license == "free"


def test_record_goes_beside_the_page_unless_told_otherwise() -> None:
    assert plan(**STARTER).record == ROOT / "book/runs/starter/here/bert-tiny.json"
    assert plan(**STARTER, record="/tmp/x.json").record == Path("/tmp/x.json")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_stepz": 3}, ["parameters", "`max_stepz`", "did you mean `max_steps`", "accepted"]),
        ({"max_steps": "three"}, ["parameters", "`max_steps`", "'three'", "a whole number above 0"]),
        ({"max_steps": 0}, ["`max_steps`", "got 0", "above 0"]),
        ({"learning_rate": -1}, ["`learning_rate`", "got -1", "a number above 0"]),
        ({"weights": "some"}, ["`weights`", "'some'", "pretrained, random or available"]),
        ({"model": "bert-tinny"}, ["params/models/bert-tinny.yaml", "no such file", "did you mean `bert-tiny`"]),
        ({"suite": "stater"}, ["params/suites/stater.yaml", "no such file", "did you mean `starter`"]),
        ({"machine": "my machine"}, ["`machine`", "'my machine'", "a name in a-z"]),
        ({"dataset": {"pakage": 1}}, ["`dataset.pakage`", "did you mean `package`"]),
        ({"dataset": {"hub_id": "a/b", "name": "b", "cite": "c", "license": 3}}, ["`dataset.license`", "got 3"]),
        ({"dataset": 3}, ["`dataset`", "got 3"]),
        ({"models": []}, ["`models`", "got []", "a list of names"]),
        ({"keep_layers": [2, 1]}, ["`keep_layers`", "[2, 1]", "rising"]),
        ({"paper": "2020"}, ["`paper`", "'2020'", "arXiv"]),
        ({"package": {"name": "x", "folder": "y"}}, ["`sha256` is missing"]),
        ({"epochs": float("inf")}, ["`epochs`", "got inf"]),
        ({"epochs": True}, ["`epochs`", "got True"]),
        ({"seed": 2**32}, ["`seed`", "got 4294967296", "to 4294967295"]),
        ({"models": ["tfidf", "tfidf"]}, ["`models`", "each once"]),
        ({"procedure": 2022}, ["`procedure`", "got 2022", "fast or 2021"]),
        ({"seeds": []}, ["`seeds`", "got []"]),
        ({"dataset": {"hub_id": "a/b", "txt": "x"}}, ["`dataset.txt`", "did you mean `text`", "hub_id"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_parameter_is_one_sentence(given: dict, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        plan(**(STARTER | given))
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": {**ARCHITECTURE, "hiden_size": 1}}, ["`architecture.hiden_size`", "`hidden_size`"]),
        ({"architecture": {**ARCHITECTURE, "hidden_size": "wide"}}, ["`architecture`", "hidden_size", "int"]),
        ({"architecture": {**ARCHITECTURE, "hidden_size": 33}}, ["`architecture.hidden_size`", "33", "multiple of"]),
        ({"architecture": {**ARCHITECTURE, "num_hidden_layers": 0}}, ["num_hidden_layers", "got 0", "above 0"]),
        ({"architecture": {**ARCHITECTURE, "num_attention_heads": 0}}, ["num_attention_heads", "got 0", "above 0"]),
        ({"architecture": {**ARCHITECTURE, "intermediate_size": -5}}, ["intermediate_size", "got -5", "above 0"]),
        ({"architecture": {**ARCHITECTURE, "intermediate_size": 10**12}}, ["fits into memory", "GB"]),
        ({"architecture": {**ARCHITECTURE, "hidden_act": "gelluu"}}, ["`architecture`", "gelluu", "built"]),
        ({"architecture": {**ARCHITECTURE, "hidden_dropout_prob": 7.0}}, ["`architecture`", "probability"]),
        ({"architecture": {**ARCHITECTURE, "pad_token_id": 10**8}}, ["`architecture`", "built"]),
        ({"architecture": {**ARCHITECTURE, "max_position_embeddings": 16}}, ["got 16", "`max_length`, 512"]),
        ({"architecture": {**ARCHITECTURE, "vocab_size": 100}}, ["vocab_size", "got 100", "104 or more"]),
        ({"architecture": {**ARCHITECTURE, "model_type": "vit"}}, ["`architecture.model_type`", "classifies texts"]),
        ({"architecture": {"model_type": "brt"}}, ["`architecture.model_type`", "'brt'", "did you mean"]),
        ({"architecture": ARCHITECTURE, "keep_layers": [0, 2]}, ["`keep_layers`", "[0, 2]", "layers from 0 to 1"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_impossible_architecture_is_one_sentence(changes: dict, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        check_architecture(Model.model_validate(MODEL | changes), max_length=512)
    message = str(caught.value)
    assert message.startswith("params/models/new.yaml: ") and len(message) < 500
    for word in words:
        assert word in message


def test_every_type_that_classifies_texts_can_be_checked() -> None:
    """Bloom has no `max_position_embeddings`, FNet no heads, T5 neither: each was a traceback."""
    for name in ("bloom", "fnet", "funnel", "canine", "t5"):
        model = Model.model_validate(MODEL | {"architecture": {"model_type": name}})
        with contextlib.suppress(SettingsError):
            check_architecture(model, max_length=64)


def _files(folder: Path) -> set[Path]:
    """What lies in the copy, but for the caches of Python and Snakemake."""
    return {path for path in folder.rglob("*") if not {"__pycache__", ".snakemake"} & set(path.parts)}


def _refused(project: Project, before: set[Path], *words: str) -> subprocess.CompletedProcess[str]:
    done = project.run(*words)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert _files(project.folder) == before, "something was written"
    return done


def _broken_suite(project: Project, **changes: object) -> set[Path]:
    content = {"suite": "bad", "models": ["bert-tiny"], **changes}
    (project.folder / "params" / "suites" / "bad.yaml").write_text(yaml.safe_dump(content))
    return _files(project.folder)


@pytest.mark.slow
def test_report_and_snakemake_refuse_with_the_same_sentence(project: Project) -> None:
    before = _broken_suite(project, epochs="two")
    sentence = "params/suites/bad.yaml: key `epochs`: got 'two'; accepted: a number above 0."
    assert sentence in _refused(project, before, "compactbench", "report", "--suite", "bad").stderr
    snakemake = ("snakemake", "models", "--profile", "profiles/local", "--config", "suite=bad")
    assert sentence in _refused(project, before, *snakemake).stderr


@pytest.mark.slow
def test_unreachable_hub_with_pretrained_weights(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: nothing listens
    before = _broken_suite(project, weights="pretrained")
    said = _refused(project, before, "compactbench", "report", "--suite", "bad").stderr
    assert "params/suites/bad.yaml: key `weights`: got 'pretrained', but http://127.0.0.1:9 cannot be reached" in said
    assert "accepted here: random or available" in said


@pytest.mark.slow
def test_data_set_with_one_class(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    packages = tmp_path_factory.mktemp("packages")
    (packages / "one_class-1.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: one-class\nVersion: 1.0\n"
    (packages / "one_class-1.0.dist-info" / "METADATA").write_text(metadata)
    (packages / "one_class" / "only").mkdir(parents=True)
    for number in range(4):
        (packages / "one_class" / "only" / f"{number}.txt").write_text(f"Headline {number}\n\nA sentence. Another.")
    dataset = {
        "package": {"name": "one-class", "folder": "one_class"},
        "name": "One",
        "cite": "nobody",
        "licence": "free",
        "text": "headline and first sentence",
        "test_size": 0.5,
    }
    before = _broken_suite(project, dataset=dataset)
    done = project.run("compactbench", "report", "--suite", "bad", path=packages)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "params/suites/bad.yaml: key `dataset`: got a data set with 1 class; accepted: two classes or more."
    )
    assert _files(project.folder) == before


@pytest.mark.slow
def test_a_hub_data_set_out_of_reach(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a model that needs nothing else from the hub; its library would try for half a minute."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    dataset = {"hub_id": "a/b", "name": "b", "cite": "nobody", "licence": "free"}
    before = _broken_suite(project, dataset=dataset, models=["tfidf"], weights="available")
    said = _refused(project, before, "compactbench", "report", "--suite", "bad").stderr
    assert "params/suites/bad.yaml: key `dataset.hub_id`: got 'a/b', but http://127.0.0.1:9 cannot be reached" in said


@pytest.mark.slow
def test_a_split_without_a_test_text(project: Project) -> None:
    starter = yaml.safe_load((project.folder / "params" / "suites" / "starter.yaml").read_text())
    before = _broken_suite(project, dataset=starter["dataset"] | {"test_size": 0.0001})
    said = _refused(project, before, "compactbench", "report", "--suite", "bad").stderr
    assert "params/suites/bad.yaml: key `dataset.test_size`: got 0.0001" in said


@pytest.mark.slow
def test_a_package_that_is_not_there_is_named_with_its_file(project: Project) -> None:
    starter = yaml.safe_load((project.folder / "params" / "suites" / "starter.yaml").read_text())
    package = {"name": "no-such-package", "folder": "x"}
    before = _broken_suite(project, dataset=starter["dataset"] | {"package": package})
    said = _refused(project, before, "compactbench", "report", "--suite", "bad").stderr
    assert "params/suites/bad.yaml: key `dataset.package.name`: got 'no-such-package'" in said


@pytest.mark.slow
def test_a_machine_that_cannot_be_a_folder(project: Project) -> None:
    before = _files(project.folder)
    sentence = "key `machine`: got 'My Laptop'; accepted: a name in a-z"
    assert sentence in _refused(project, before, "compactbench", "report", "--machine", "My Laptop").stderr
    snakemake = ("snakemake", "models", "--profile", "profiles/local", "--config")
    assert sentence in _refused(project, before, *snakemake, "machine=My Laptop").stderr
    number = "--config machine: got 7; accepted: a name, as in machine=\"'007'\"."
    assert number in _refused(project, before, *snakemake, "machine=007").stderr


@pytest.mark.slow
def test_unknown_model(project: Project) -> None:
    said = _refused(project, _files(project.folder), "compactbench", "report", "--models", "bert-tiny berd-mini").stderr
    assert "params/models/berd-mini.yaml: there is no such file (did you mean `bert-mini`?)" in said


@pytest.mark.slow
def test_package_with_other_weights_than_the_file_names(project: Project) -> None:
    path = project.folder / "params" / "models" / "minilm-l3.yaml"
    path.write_text(path.read_text().replace("sha256: 53aa", "sha256: 0000"))
    said = _refused(project, _files(project.folder), "compactbench", "report", "--models", "minilm-l3").stderr
    assert "params/models/minilm-l3.yaml: key `sha256`" in said
    assert "accepted: 0000" in said


@pytest.mark.slow
def test_bare_papermill_ends_with_the_same_sentence_and_leaves_no_record(project: Project) -> None:
    page = project.folder / "page.ipynb"
    model = "params/models/bert-tiny.yaml"
    done = project.run("papermill", "notebooks/benchmark.ipynb", str(page), "-f", model, "-p", "max_stepz", "3")
    assert done.returncode != 0
    assert "SettingsError: parameters: key `max_stepz` is not known (did you mean `max_steps`?)" in done.stderr
    assert not (project.folder / "book" / "runs").exists()
