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


@pytest.mark.parametrize(("driver", "needed"), [(False, r"2\.7"), (True, r"6\.7")])
def test_a_disk_too_small_is_refused_with_both_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, driver: bool, needed: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(install, "nvidia_driver", lambda: driver)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1.2e9}))
    with pytest.raises(SystemExit, match=rf"\.venv needs {needed} GB, and 1\.2 GB are free here"):
        install.main()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "programs", "found"),
    [
        (set(), {}, False),
        ({"/proc/driver/nvidia/version"}, {}, True),
        (set(), {"nvidia-smi": "/usr/bin/nvidia-smi"}, True),
    ],
)
def test_a_driver_is_found_by_its_file_or_its_program(
    monkeypatch: pytest.MonkeyPatch, files: set[str], programs: dict[str, str], found: bool
) -> None:
    monkeypatch.setattr("os.path.exists", files.__contains__)
    monkeypatch.setattr("shutil.which", programs.get)
    assert install.nvidia_driver() is found


NONE_FOUND = (
    "ERROR: No matching distribution found for torch==2.13.0+cpu",
    "The user requested (constraint) torch<=2.14.1\nERROR: ResolutionImpossible: for help visit",
)
ANOTHER_FILE = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of requirements that pip is asked to install, in turn; on Linux, with room for all of it."""
    files: list[str] = []
    monkeypatch.setattr(install, "run", lambda *command: (files.append(command[-1]) or 0, ""))
    monkeypatch.setattr(install, "refuse_if_full", lambda torch: None)
    monkeypatch.setattr(sys, "platform", "linux")
    return files


def without_cpu_build(monkeypatch: pytest.MonkeyPatch, asked: list[str], said: str) -> None:
    """Let pip fail at the build without CUDA, with these words."""
    monkeypatch.setattr(
        install, "run", lambda *command: (asked.append(command[-1]) or command[-1] == install.CPU, said)
    )


def test_with_a_driver_torch_comes_with_cuda(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Where pip was told of an index of CPU builds, a machine with a GPU got one."""
    install.install_torch("python", driver=True)
    assert asked == [install.CUDA]
    assert "torch with CUDA, 2.7 GB to fetch: NVIDIA's driver is here" in capsys.readouterr().out


def test_without_a_driver_torch_comes_without_cuda(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    install.install_torch("python", driver=False)
    assert asked == [install.CPU]
    assert "torch without CUDA, 0.2 GB to fetch: no NVIDIA driver is here" in capsys.readouterr().out


@pytest.mark.parametrize("said", NONE_FOUND)
def test_where_it_cannot_be_had_the_other_build_is_taken_and_said_why(
    said: str, asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_cpu_build(monkeypatch, asked, said)
    install.install_torch("python", driver=False)
    assert asked == [install.CPU, install.CUDA]
    assert "torch with CUDA, 2.7 GB to fetch: pip finds no other" in capsys.readouterr().out


def test_a_build_that_is_not_the_tested_one_ends_the_install(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Any failure was taken for a build that cannot be had, and 2.7 GB were fetched in its place."""
    without_cpu_build(monkeypatch, asked, ANOTHER_FILE)
    with pytest.raises(SystemExit, match="A file is not the one that was tested"):
        install.install_torch("python", driver=False)
    assert asked == [install.CPU]


def test_it_tells_how_far_pip_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight minutes went by without a line."""
    lines = [f"  Downloading package{number}-1.0-py3-none-any.whl (1 kB)" for number in range(44)]
    lines += [
        "  Downloading package-1.0-py3-none-any.whl.metadata (1 kB)",
        "Collecting package",
        "Using cached last.whl",
    ]
    program = f"print({chr(10).join([*lines, 'Installing collected packages: package'])!r}); raise SystemExit(3)"
    failed, said = install.run(sys.executable, "-c", program)
    assert failed == 3 and "Using cached last.whl" in said
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert told == ["20 packages are here", "40 packages are here", "all 45 are here and are unpacked"]


def test_the_readme_says_how_much_is_fetched_and_kept() -> None:
    text = " ".join((ROOT / "README.md").read_text().split())
    for build, words in ((install.CPU, "downloads {:.1f} GB and fills {:.1f}"), (install.CUDA, "{:.1f} and {:.1f} GB")):
        fetched = install.FETCHED_GB[install.PACKAGES] + install.FETCHED_GB[build]
        assert words.format(fetched, install.NEEDED_GB[build]) in text


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
