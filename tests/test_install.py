"""The install: nothing without a hash, and a sentence where this machine cannot have it."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from compactbench import ROOT, install

FILES = [ROOT / "requirements.txt", *sorted((ROOT / "requirements").iterdir())]


def blocks(file: Path) -> list[str]:
    """The requirements of a file, each with its hashes."""
    return [block for block in re.split(r"\n(?=\S)", file.read_text()) if not block.startswith("#")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_package_has_one_version_and_the_hashes_of_its_files(file: Path) -> None:
    """The installer took whatever the index served under the version's number."""
    assert blocks(file)
    for block in blocks(file):
        first, *hashes = block.rstrip().split(" \\\n    ")
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; .+)?", first), block
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), block


def test_what_is_asked_for_is_pinned_once() -> None:
    """An extra that is left out on purpose (openvino) is the one exception; two builds of torch are another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["run"], *extras["book"], *extras["test"]]
    names = {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in asked}
    pinned = [re.match(r"[a-z0-9.-]+", block)[0] for file in FILES for block in blocks(file)]
    assert names <= set(pinned)
    split_by_python = {name for name in pinned if any(f"{name}==" in b and " ; python" in b for b in blocks(FILES[0]))}
    assert {name for name in pinned if pinned.count(name) > 1} - split_by_python == {"torch"}


def test_no_requirement_names_a_mirror() -> None:
    assert not any(re.search(r"^--|@ \w+://", file.read_text(), re.MULTILINE) for file in FILES)


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_only_read_and_runs_no_action_by_its_tag(file: Path) -> None:
    """A tag can be moved to other code, and a checkout leaves a token that later steps could use."""
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    allowed = [job["permissions"] for job in workflow["jobs"].values() if "permissions" in job]
    assert allowed == ([{"pages": "write", "id-token": "write"}] if file.stem == "publish" else [])
    used = [step for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    for step in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        if "checkout" in step["uses"]:
            assert step["with"]["persist-credentials"] is False


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files that an install reads, and nothing installed."""
    for name in ("Makefile", "pyproject.toml", "compactbench/install.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "requirements").mkdir()
    for file in FILES:
        (tmp_path / file.relative_to(ROOT)).write_text("humanize==4.0.0 --hash=sha256:" + 64 * "0")
    return tmp_path


def make(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make check` there, which must install first."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_"))}
    known |= {"PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull} | environment
    return subprocess.run(["make", "check"], cwd=folder, env=known, capture_output=True, text=True)


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed, .+ is 3\.10: .*make PYTHON=python3\.12"):
        install.main()


def test_an_interpreter_without_ensurepip_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's python3 comes without."""
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(SystemExit, match="has no venv or ensurepip: apt install python3-venv"):
        install.main()


def test_a_disk_too_small_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1.2e9}))
    with pytest.raises(SystemExit, match=r"\.venv needs 2\.7 GB, and 1\.2 GB are free here"):
        install.main()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_network_one_sentence_says_what_to_do(project: Path) -> None:
    """Pip says that it found no version; the next `make` installs again: nothing passes for ready."""
    done = make(project, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    assert done.returncode == 2
    assert "Not installed. The packages cannot be reached: connect this machine" in done.stderr
    assert not (project / ".venv" / "ready").exists()


@pytest.mark.slow
def test_a_file_that_is_not_the_tested_one_is_not_installed(project: Path) -> None:
    """A mirror serves another file under the same name and version."""
    wheels = project / "wheels"
    wheels.mkdir()
    (wheels / "humanize-4.0.0-py3-none-any.whl").write_bytes(b"something else")
    done = make(project, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert "Not installed. A file is not the one that was tested" in done.stderr
    assert not (project / ".venv" / "ready").exists()
