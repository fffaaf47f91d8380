"""The model hub as users meet it, over HTTP: a server on this machine that serves, and fails as the real one does."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from helpers.hub_project import MACHINE, TOKEN, Connected, Report, published, python
from helpers.hub_server import COMMIT, Fault, Hub, Repository, serving
from helpers.tiny_suite import ARCHITECTURE
from safetensors.torch import load_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """One hub and one project for all tests of this file."""
    with serving(Hub()) as hub:
        yield Connected(tmp_path_factory.mktemp("hub"), hub)


@pytest.fixture(autouse=True)
def healthy(connected: Connected) -> Iterator[None]:
    """After each test the hub answers as it should."""
    yield
    connected.hub.faults = []


@pytest.fixture(scope="module")
def first(connected: Connected) -> Report:
    """The first report: a file cut off half-way, two answers that limit the rate, and one file that is never served."""
    faults = [
        Fault(f"old/resolve/{COMMIT}/pytorch_model.bin", cut_at=12_000_000),
        Fault(f"safe/resolve/{COMMIT}/model.safetensors", status=429, headers={"Retry-After": "0"}),
        Fault("news/resolve", status=429, headers={"Retry-After": "0"}),
        Fault(f"gone/resolve/{COMMIT}/model.safetensors", status=503, times=1000, headers={"Retry-After": "0"}),
    ]
    connected.hub.faults = faults
    report = connected.report()
    connected.hub.faults = []
    assert all(fault.times == 0 for fault in faults[:3])  # each of them happened
    return report


@pytest.fixture(scope="module")
def again(connected: Connected, first: Report) -> Report:
    """A second report, of a hub that answers as it should."""
    return connected.report()


def test_one_model_fails_with_one_clear_error_and_the_others_go_on(first: Report) -> None:
    done = first.done
    assert done.returncode == 1, done.stderr
    said = r"FAILED gone: parameters: ProcessError: ValueError: tests/gone cannot be loaded: .*503"
    assert re.search(said, done.stdout)
    assert "Traceback" not in done.stdout + done.stderr
    assert first.records == {"old.json", "safe.json", "gone.failed.json"}
    assert "Gone" in first.summary and "503" in first.summary


def test_a_run_that_may_execute_its_publishers_code_says_so(connected: Connected, first: Report) -> None:
    assert "safe: its file sets trust_remote_code, so code of its publisher will run here" in first.done.stdout
    assert "It runs code of its publisher" in (connected.runs / "safe.ipynb").read_text()
    assert "It runs code of its publisher" not in (connected.runs / "old.ipynb").read_text()


def test_a_file_cut_off_half_way_is_resumed_not_begun_again(first: Report) -> None:
    asked = first.asked("GET", f"tests/old/resolve/{COMMIT}/pytorch_model.bin")
    assert len(asked) == 2 and asked[0].range is None
    assert 0 < int(asked[1].range.removeprefix("bytes=").removesuffix("-")) <= 12_000_000


def test_the_weights_that_were_served_are_the_weights_that_learned(connected: Connected, first: Report) -> None:
    files = {"safe": "model.safetensors", "old": "pytorch_model.bin"}
    program = (
        "import sys\n"
        "from safetensors.torch import save_file\n"
        "from compactbench.parameters import load_model\n"
        "from compactbench.sources.weights import load_classifier\n"
        "for name in sys.argv[1:]:\n"
        "    network, _, _ = load_classifier(load_model(name), True, ['a', 'b'], 0)\n"
        "    save_file({k: v.clone() for k, v in network.bert.state_dict().items()}, f'{name}.loaded')\n"
    )
    done = python(connected, program, *files, HF_HUB_OFFLINE="1")  # the cache holds what the run fetched
    assert done.returncode == 0, done.stderr
    for name, file in files.items():
        record, served = connected.record(name), connected.hub.repositories[f"tests/{name}"].folder / file
        assert record["weights_sha256"] == hashlib.sha256(served.read_bytes()).hexdigest()
        assert (record["weights"], record["revision"]) == ("pretrained", COMMIT)
        expected = load_file(served) if file.endswith("safetensors") else torch.load(served, weights_only=True)
        for key, tensor in load_file(connected.project.folder / f"{name}.loaded").items():
            assert torch.equal(tensor, expected[f"bert.{key}"]), key


def test_token_and_cache_are_the_users_own(connected: Connected, first: Report) -> None:
    assert all(one.token == f"Bearer {TOKEN}" for one in first.asked("GET", "/resolve/"))
    assert (connected.home / "hub" / "models--tests--safe").is_dir()


def test_names_in_any_script_and_rows_without_a_label(connected: Connected, first: Report) -> None:
    data = connected.record("safe")["data"]
    assert data["classes"] == ["体育", "أعمال"]
    assert (data["unlabelled_dropped"], sum(data["test_counts"])) == (1, 19)  # the hub writes -1 for no label
    assert data["source"] == f"tests/news at {COMMIT}"
    page = (connected.project.folder / "book" / "_build" / "html" / "runs" / "hub" / MACHINE / "safe.html").read_text()
    assert "体育" in page and "أعمال" in page


def test_a_rerun_fetches_only_what_is_missing(again: Report) -> None:
    assert "1 of 3 models to measure" in again.done.stdout
    assert again.done.returncode == 0, again.done.stdout
    fetched = {one.path.rpartition("/")[2] for one in again.asked("GET", "/resolve/") if one.status == 200}
    assert fetched == {"model.safetensors"}  # not what the first try had fetched, and nothing of others


def test_offline_nothing_is_asked_and_all_is_there(connected: Connected, again: Report) -> None:
    offline = connected.report(HF_HUB_OFFLINE="1")
    said = offline.done.stdout
    assert said.startswith("hub on here: 0 of 3 models to measure"), said + offline.done.stderr
    assert offline.done.returncode == 0
    assert offline.log == []


REFUSED = {
    "absent": ("tests/absent", {}, "key `model_name`: got 'tests/absent', which is missing there; accepted: the id of"),
    "gated": ("tests/gated", {}, "which is gated; accepted: a model you may read: ask for access at http"),
    "before": ("tests/before", {}, "which was renamed; accepted: 'tests/safe'."),
    "tag": ("tests/safe", {"revision": "v9"}, "key `revision`: got 'v9'; accepted: a branch, tag or commit of tests"),
    "bare": ("tests/bare", {}, "key `model_name`: got 'tests/bare', which has no config.json"),
    "odd": ("not an id", {}, "key `model_name`: got 'not an id'; accepted: an id such as"),
}
"""Models by their name: the id and further keys of the file, and the sentence that refuses it."""


def test_what_the_hub_refuses_is_one_sentence_with_the_fix(connected: Connected, tmp_path: Path) -> None:
    answers = {"gated": {"gated": True}, "before": {"renamed": "tests/safe"}, "bare": {}}
    for name, answer in answers.items():
        connected.hub.repositories[f"tests/{name}"] = Repository(tmp_path, **answer)
    for name, (hub_id, more, _) in REFUSED.items():
        connected.describe(name, hub_id, **more)
    program = (
        "import sys\n"
        "from compactbench.commands.check import check\n"
        "from compactbench.settings import SettingsError\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        print(check('hub', [name]))\n"
        "    except SettingsError as error:\n"
        "        print(error)\n"
    )
    said = python(connected, program, *REFUSED).stdout.splitlines()
    for (name, (_, _, sentence)), line in zip(REFUSED.items(), said, strict=True):
        assert line.startswith(f"params/models/{name}.yaml: key ") and sentence in line
    command = ("compactbench", "report", "--suite", "hub", "--models", "absent", "--machine", "nowhere")
    done = connected.run(*command)
    assert (done.returncode, done.stderr) == (2, f"{said[0]}\n")
    assert not (connected.runs.parent / "nowhere").exists()


def test_an_id_is_checked_without_a_file_and_without_its_weights(connected: Connected, tmp_path: Path) -> None:
    """What `make check` calls fine has a tokenizer that is there and a head that can be built."""
    broken = published(tmp_path / "wordless", old=False)
    (broken / "vocab.txt").unlink()
    (broken / "tokenizer_config.json").write_text("{}")
    connected.hub.repositories |= {"tests/New": Repository(published(tmp_path / "new", old=False))}
    connected.hub.repositories |= {"tests/wordless": Repository(broken)}
    words = ("check", "--suite", "hub", "--models")
    connected.hub.log = []
    done = connected.run("compactbench", *words, "tests/New")
    assert done.returncode == 0 and "hub: tests-new can run.\n" in done.stdout, done.stderr
    fetched = {one.path.rpartition("/")[2] for one in connected.hub.log if one.method == "GET" and one.status == 200}
    assert {"config.json", "vocab.txt"} <= fetched and not any("model." in name for name in fetched)
    bare = published(tmp_path / "bare", old=False)
    (bare / "model.safetensors").rename(bare / "model.gguf")
    connected.hub.repositories |= {"tests/gguf": Repository(bare)}
    expected = {
        "wordless": "which cannot be used: its tokenizer has no words",
        "gguf": "which cannot be used: it has no model.safetensors or ",
        "absent": "which is missing there",
    }
    said = connected.refusals(*((*words, f"tests/{name}") for name in expected))
    for (name, reason), line in zip(expected.items(), said, strict=True):
        assert line.startswith(f"parameters: key `model_name`: got 'tests/{name}', {reason}"), line


def test_a_slow_hub_is_not_waited_for_where_random_weights_do(connected: Connected) -> None:
    connected.hub.faults = [Fault("/", delay_s=30.0)]
    connected.describe("slow", "tests/slow", architecture=ARCHITECTURE)
    program = (
        "from compactbench.parameters import load_model, load_suite;"
        "from compactbench.classifiers import decide_weights;"
        "print(decide_weights(load_model('slow'), load_suite('starter')))"
    )
    assert python(connected, program).stdout == "random\n"


def test_a_new_model_is_described_from_the_hub(connected: Connected) -> None:
    repository = connected.hub.repositories["tests/safe"]
    repository.card, repository.tags = {"license": "apache-2.0"}, ["arxiv:1810.04805", "en"]
    done = connected.run("compactbench", "new-model", "--name", "fresh", "--id", "tests/safe")
    assert done.returncode == 0, done.stderr
    file = connected.project.folder / "params" / "models" / "fresh.yaml"
    written = yaml.safe_load(file.read_text())
    assert written == {
        "model": "fresh",
        "title": "safe",
        "model_name": "tests/safe",
        "summary": "Bert with 2 layers of width 32.",
        "paper": "1810.04805",
        "license": "Apache-2.0",
        "revision": COMMIT,
        "architecture": ARCHITECTURE,
    }
    wrong = {
        ("fresh", "tests/safe"): "accepted: a new name",
        ("other", "tests/absent"): "which is missing there",
        ("further", "params"): "a folder without config.json",
    }
    said = connected.refusals(*(("new-model", "--name", name, "--id", source) for name, source in wrong))
    for (name, source), line in zip(wrong, said, strict=True):
        key = "NAME" if name == "fresh" else "ID"
        assert line.startswith(f"parameters: key `{key}`: got ") and wrong[name, source] in line, line
    assert not any(file.with_stem(name).exists() for name in ("other", "further"))
    file.unlink()
