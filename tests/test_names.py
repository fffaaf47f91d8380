"""Names: texts whatever they look like, good for a file on any system, and refused in one sentence before work begins.

Also what else a file of settings may hold that is none of ours.
"""

import sys
from pathlib import Path

import pytest
import yaml
from helpers.factory import make_record

from compactbench import ROOT
from compactbench.__main__ import main
from compactbench.benchmark.plan import plan
from compactbench.parameters import load_model, load_suite, read_yaml
from compactbench.record.file import write
from compactbench.settings import SettingsError

RUN = {"model": "bert-tiny", "suite": "starter", "machine": "here"}
LIKE_NUMBERS = ["2024", "007", "1e3", "nan", "true", "null", "0x10", "1_000", "1.5", "no"]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for files of settings, with the starter in it."""
    monkeypatch.setattr("compactbench.parameters.ROOT", tmp_path)
    for kind in ("models", "suites"):
        (tmp_path / "params" / kind).mkdir(parents=True)
    starter = tmp_path / "params" / "suites" / "starter.yaml"
    starter.write_text((ROOT / "params" / "suites" / "starter.yaml").read_text())
    return tmp_path / "params"


def refused(**given: object) -> str:
    """The one sentence by which a run is refused."""
    with pytest.raises(SettingsError) as caught:
        plan(**(RUN | given))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", LIKE_NUMBERS)
def test_a_name_that_looks_like_a_number_is_a_name(name: str, params: Path) -> None:
    model = {"model": name, "title": "X", "model_name": "x", "summary": "X.", "kind": "tfidf"}
    (params / "models" / f"{name}.yaml").write_text(yaml.safe_dump(model))
    (params / "suites" / f"{name}.yaml").write_text(yaml.safe_dump({"suite": name, "models": [name]}))
    assert load_model(name).model == name
    assert load_suite(name).models == [name]
    made = plan(name, name, name)
    assert (made.machine, made.record.name) == (name, f"{name}.json")


@pytest.mark.parametrize("name", ["2024", "007", "true", "null"])
def test_a_number_in_place_of_a_name_is_told_to_stand_in_quotes(name: str, params: Path) -> None:
    """Where YAML makes a number of it, what was written is lost: 007 is 7."""
    (params / "models" / f"{name}.yaml").write_text(
        f"model: {name}\ntitle: X\nmodel_name: x\nsummary: X.\nkind: tfidf\n"
    )
    with pytest.raises(SettingsError) as caught:
        load_model(name)
    assert str(caught.value).startswith(f"params/models/{name}.yaml: key `model`: got ")
    assert f"accepted: {name!r}, the file's name; a text that looks like a number stands in quotes" in str(caught.value)


@pytest.mark.parametrize("key", ["machine", "model", "suite"])
@pytest.mark.parametrize(
    "name",
    [
        *(
            ".",
            "..",
            "con",
            "aux.x",
            "x.",
            "x" * 101,
            "x" * 300,
            "x.failed",
            "x.json",
            "*",
            "~",
            "12:30",
            "x\n",
            "",
        ),
        *(7, 1e3, float("nan"), True, {}, [], ["x"]),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_name_that_cannot_be_is_one_sentence(key: str, name: object) -> None:
    said = refused(**{key: name})
    assert said.startswith(f"parameters: key `{key}`: got {name!r}"[:200])
    assert "; accepted: a name in a-z, 0-9, '.', '_' and '-'" in said and len(said) < 500
    assert ("-r in papermill" in said) == isinstance(name, int | float)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"like": 5}, "parameters: key `like`: got 5; accepted: a name"),
        ({"like": "../x"}, "parameters: key `like`: got '../x'; accepted: a name"),
        ({"": 3}, "parameters: key `` is not known; accepted: "),
        ({"Max_steps": 3}, "parameters: key `Max_steps` is not known (did you mean `max_steps`?)"),
        ({"x" * 5000: 3}, f"parameters: key `{'x' * 200}` is not known"),
        ({"seed": 10**4000}, "parameters: key `seed`: got 1000"),
        ({"seed": 1 << 90_000}, "parameters: key `seed`: got a number of thousands of digits; accepted: a whole"),
        ({"title": 7}, "parameters: key `title`: got 7; accepted: name of the model as readers know it; a text that"),
        ({"dataset": {1: 2}}, "parameters: key `dataset.1`: got 1; accepted: words for keys"),
        ({"dataset": {"": 2}}, "parameters: key `dataset.` is not known"),
        (
            {"dataset": {"path": "~nobody-at-all/x", "text": "a", "label": "b"}},
            "key `dataset.path`: got '~nobody-at-all",
        ),
        ({"path": "a" * 300}, "parameters: key `path`: got 'aaaa"),
        ({"path": "\0"}, "parameters: key `path`: got '\\x00'; accepted: a path"),
        ({"package": {"name": "", "folder": "x"}}, "parameters: key `package.name`: got ''"),
        ({"architecture": {1: 2}}, "parameters: key `architecture.1`: got 1; accepted: words for keys"),
        ({"record": {}}, "parameters: key `record`: got {}; accepted: a file that ends in .json"),
        ({"record": "x.failed.json"}, "parameters: key `record`: got 'x.failed.json'; accepted: a file"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else None,
)
def test_a_value_of_an_odd_kind_is_one_sentence(given: dict, words: str) -> None:
    """Each was a traceback."""
    said = refused(**given)
    assert words in said and len(said) < 1000


BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" if n else "a0: &a0 [x]\n" for n in range(12))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1: 2", "key `1` is not known; accepted: words; a text that looks like a number stands in quotes"),
        (b"no: 2", "key `False` is not known; accepted: words; a text that looks like a number stands in quotes"),
        (b"a: 1\nb: 2\na: 3", "not readable as YAML: 'a' stands twice in line 3."),
        (b"x:\n  a: 1\n  a: 3", "not readable as YAML: 'a' stands twice in line 3."),
        (b"[x]: 1", "not readable as YAML: a list or mapping is no key in line 1."),
        (BOMB.encode(), "not readable as YAML: an alias (*) is not accepted in line 2."),
        (b"a: !!binary aGk=", "not readable as YAML: the tag tag:yaml.org,2002:binary is not accepted in line 1."),
        (b"a: !!python/object/apply:os.system [ls]", "the tag tag:yaml.org,2002:python/object/apply:os.system is not"),
        (b"a: " + b"9" * 5000, "not readable as YAML: a number of 5,000 digits is not accepted in line 1."),
        (b"a: 0x" + b"f" * 5000, "not readable as YAML: a number of 5,002 digits is not accepted in line 1."),
        (b"a: " + b"[" * 3000 + b"]" * 3000, "its lists and mappings stand too deep in one another."),
        (b"a: b\0c", "not readable as YAML: unacceptable character #x0000"),
        (b'a: "\\ud800"', "not readable as YAML: 'utf-8' codec can't encode"),
        (b"a: \xff", "not readable as YAML: 'utf-8' codec can't decode"),
        (b"a: " + b"x" * 1_000_000, "not readable as YAML: it has more than 1,000,000 bytes."),
        (b"a: 1\n---\nb: 2", "not readable as YAML: but found another document in line 2."),
        (b"- a", "got ['a']; accepted: a mapping of keys to values."),
        (b"", "got None; accepted: a mapping of keys to values."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_holds_something_else_is_one_sentence(params: Path, content: bytes, words: str) -> None:
    path = params / "models" / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_model("odd")
    said = str(caught.value)
    assert said.startswith("params/models/odd.yaml: ") and words in said and "\n" not in said and len(said) < 500


def test_a_byte_order_mark_and_a_date_are_read(params: Path) -> None:
    """As papermill reads them."""
    path = params / "models" / "odd.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: 2020-01-01\n")
    assert read_yaml(path) == {"title": "2020-01-01"}


def test_a_suite_is_like_one_that_is_like_another(params: Path) -> None:
    """Only the first of them was read: the keys of the second were those of the starter."""
    for name, content in {
        "a": {"like": "b", "epochs": 3.0},
        "b": {"like": "c", "epochs": 4.0, "batch_size": 5},
        "c": {"batch_size": 6, "seed": 7, "suite_title": "C"},
    }.items():
        (params / "suites" / f"{name}.yaml").write_text(yaml.safe_dump({"suite": name, "models": ["x"]} | content))
    found = load_suite("a")
    assert (found.epochs, found.batch_size, found.seed, found.like) == (3.0, 5, 7, "b")
    starter = yaml.safe_load((params / "suites" / "starter.yaml").read_text())
    assert found.learning_rate == starter["learning_rate"]


@pytest.mark.parametrize(("chain", "said"), [("a", "a is like a"), ("bca", "a is like b is like c is like a")])
def test_a_circle_of_suites_is_one_sentence(params: Path, chain: str, said: str) -> None:
    for name, like in zip("a" + chain, chain, strict=False):
        content = {"suite": name, "models": ["x"], "like": like}
        (params / "suites" / f"{name}.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(SettingsError) as caught:
        load_suite("a")
    assert str(caught.value) == f"params/suites/a.yaml: key `like`: {said}; accepted: no circle."


def test_a_record_replaces_no_other_file(tmp_path: Path) -> None:
    """`-p record params/models/tfidf.yaml` deleted that file."""
    accepted = (
        "accepted: a file that ends in .json, new and beside no .log of that name, or the record of an earlier run."
    )
    notes = tmp_path / "notes.json"
    notes.write_text('{"mine": 1}')
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "diary.log").write_text("a run would empty it")
    others = ("notes.json", "folder.json", "diary.json", ".")
    for path in ("params/models/tfidf.yaml", *(str(tmp_path / name) for name in others), "", "."):
        assert refused(record=path) == f"parameters: key `record`: got {path!r}; {accepted}"
    assert plan(**RUN, record=str(tmp_path / "new.json")).record == tmp_path / "new.json"
    write(make_record("tfidf"), notes)
    notes.with_suffix(".log").write_text("its own")
    assert plan(**RUN, record=str(notes)).record == notes
    (tmp_path / "notes.failed.json").write_text("mine too")
    assert accepted in refused(record=str(notes))


@pytest.mark.parametrize("words", [("--suite", "*"), ("--model", "*"), ("--machine", "../*"), ("--model", "")])
def test_export_takes_no_pattern(
    words: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """`make export SUITE='*'` took the first that it found, and fine-tuned it."""
    monkeypatch.setattr(sys, "argv", ["compactbench", "export", "--model", "tfidf", *words])
    assert main() == 2
    assert capsys.readouterr().err.startswith(
        f"parameters: key `{words[0][2:]}`: got {words[1]!r}; accepted: a name in"
    )
