"""A project whose suite needs the hub, and a hub on this machine that serves what it needs."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from datasets import ClassLabel, Dataset, Features, Value
from transformers import BertConfig, BertForPreTraining

from compactbench.record.file import read
from compactbench.sources.local import package_folder
from compactbench.sources.tokenizer import WORDPIECE
from helpers.hub_server import Hub, Repository, Request
from helpers.project import Project
from helpers.tiny_suite import ARCHITECTURE, BRIEF

MACHINE, TOKEN = "here", "hf_test"

SUITE = {
    **BRIEF,
    "suite": "hub",
    "dataset": {"hub_id": "tests/news", "name": "News of the tests"},
    "models": ["gone", "old", "safe"],
    "weights": "pretrained",
}
LARGER = 128
"""Width that makes a file larger than what the hub's library takes at once (10 MB), so that it can resume it."""
VOCABULARY = package_folder(WORDPIECE, "package") / "vocab.txt"


def published(folder: Path, old: bool) -> Path:
    """A small BERT with random weights: one file of safetensors, or a pickle with pre-training heads as in 2019."""
    shape = ARCHITECTURE | ({"hidden_size": LARGER} if old else {})
    network = BertForPreTraining(BertConfig(**{key: value for key, value in shape.items() if key != "model_type"}))
    network.save_pretrained(folder)
    (folder / "vocab.txt").write_bytes(VOCABULARY.read_bytes())
    if old:
        (folder / "model.safetensors").unlink()
        torch.save(network.state_dict(), folder / "pytorch_model.bin")
        (folder / "config.json").write_text(json.dumps(shape | {"vocab_size": 30522}))
    return folder


def news(folder: Path) -> Path:
    """A data set in two Parquet files whose labels have names; one test row has none."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["体育", "أعمال"])})
    for split, count in (("train", 60), ("test", 20)):
        texts = [f"{split} {'球赛 🚀' if n % 2 == 0 else 'سوق المال'} number {n}" for n in range(count)]
        labels = [n % 2 for n in range(count - 1)] + [-1 if split == "test" else 1]
        rows = Dataset.from_dict({"text": texts, "label": labels}, features=features)
        (folder / "data").mkdir(parents=True, exist_ok=True)
        rows.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


class Connected:
    """A project with a suite that needs the hub, and the hub."""

    def __init__(self, folder: Path, hub: Hub) -> None:
        self.hub, self.home = hub, folder / "home"
        (folder / "project").mkdir()
        self.project = Project(folder / "project")
        self.runs = self.project.folder / "book" / "runs" / "hub" / MACHINE
        (self.project.folder / "params" / "suites" / "hub.yaml").write_text(yaml.safe_dump(SUITE))
        for name in ("safe", "old", "gone"):
            hub.repositories[f"tests/{name}"] = Repository(published(folder / name, old=name == "old"))
            self.describe(name, f"tests/{name}", **({"trust_remote_code": True} if name == "safe" else {}))
        hub.repositories["datasets/tests/news"] = Repository(news(folder / "news"))

    def describe(self, name: str, hub_id: str, **more: object) -> None:
        """Write the file of a model."""
        content = {"model": name, "title": name.title(), "model_name": hub_id, "summary": "A test's.", **more}
        (self.project.folder / "params" / "models" / f"{name}.yaml").write_text(yaml.safe_dump(content))

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ...` with this hub as the only one."""
        hub = {"HF_ENDPOINT": self.hub.address, "HF_HOME": str(self.home), "HF_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}
        return self.project.run(*words, environment=hub | environment)

    def refusals(self, *commands: tuple[str, ...]) -> list[str]:
        """What `compactbench` says of each command, a line each; one process loads the libraries for all."""
        program = (
            "import json, sys\n"
            "from compactbench.__main__ import main\n"
            "for words in json.loads(sys.argv[1]):\n"
            "    sys.argv[1:] = words\n"
            "    assert main() == 2\n"
        )
        return python(self, program, json.dumps(commands)).stderr.splitlines()

    def report(self, **environment: str) -> "Report":
        """`make report SUITE=hub MACHINE=here`, without the installation."""
        self.hub.log = []
        done = self.run("compactbench", "report", "--suite", "hub", "--machine", MACHINE, **environment)
        summary = (self.project.folder / "book" / "_build" / "html" / "summary.html").read_text()
        return Report(done, self.hub.log, {path.name for path in self.runs.glob("*.json")}, summary)

    def record(self, model: str) -> dict:
        """The record of `model`."""
        return read(self.runs / f"{model}.json").model_dump(mode="json")


@dataclass(frozen=True)
class Report:
    """What a report left: what it said, what it asked of the hub, the names of all records, and the summary's page."""

    done: subprocess.CompletedProcess[str]
    log: list[Request]
    records: set[str]
    summary: str

    def asked(self, method: str, part: str) -> list[Request]:
        """The requests of this method whose path has that part."""
        return [one for one in self.log if one.method == method and part in one.path]


def python(connected: Connected, program: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the hub at hand."""
    (connected.project.folder / "program.py").write_text(program)
    return connected.run("program", *words, **environment)
