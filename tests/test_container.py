"""The container and the development container: what they name is there, as far as can be told without an engine."""

import json
import re

from compactbench import ROOT

CONTAINERFILE = (ROOT / "Containerfile").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
RECIPE = (ROOT / "compact-transformers.def").read_text()
CLUSTER = (ROOT / "book" / "cluster.md").read_text()


def instructions(name: str) -> list[str]:
    """What stands after each instruction of this name."""
    return re.findall(rf"^{name} (.+)$", CONTAINERFILE, re.MULTILINE)


def section(name: str) -> list[str]:
    """The lines of a section of Apptainer's recipe, without comments."""
    lines = re.search(rf"^%{name}\n((?: .*\n)+)", RECIPE, re.MULTILINE)[1].splitlines()
    return [line.strip() for line in lines if not line.lstrip().startswith("#")]


def is_made(target: str) -> bool:
    """Whether the Makefile has a rule of this name; the one that installs is named by a variable."""
    return bool(re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE)) or f"READY := {target}\n" in MAKEFILE


def test_the_image_is_a_slim_debian_by_its_tag_whose_user_is_not_root() -> None:
    base, second = instructions("FROM")
    assert re.fullmatch(r"python:3\.1[123]-slim-bookworm AS tools", base) and second == "tools"
    user = re.search(r"useradd --create-home (\w+)", CONTAINERFILE)[1]
    assert instructions("USER") == [user]
    assert instructions("WORKDIR") == [f"/home/{user}/compact-transformers"]
    assert all(line.startswith(f"--chown={user} ") for line in instructions("COPY"))


def test_the_image_runs_what_the_makefile_has() -> None:
    install = [line.removeprefix("make ") for line in instructions("RUN") if line.startswith("make ")]
    assert install == [".venv/ready"] and is_made(install[0])
    (command,) = map(json.loads, instructions("CMD"))
    assert command == ["make", "site", "serve"] and all(map(is_made, command[1:]))
    assert not is_made("nothing")


def test_what_this_machine_made_for_itself_stays_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".venv", "book/_build", "models"} <= set(ignored) and ".git" not in ignored  # a run records its commit


def test_the_readme_builds_runs_and_measures() -> None:
    lines = [line for line in README.splitlines() if line.startswith("podman ")]
    assert lines[0] == "podman build --tag compact-transformers ."
    asked = re.search(r"^make report MODELS=.+$", README, re.MULTILINE)[0]
    assert [line.partition(" compact-transformers")[2].strip() for line in lines[1:]] == [
        "",
        asked.replace("make report", "make report serve"),
    ]


def test_the_development_container_is_built_of_the_same_file() -> None:
    folder = ROOT / ".devcontainer"
    given = json.loads((folder / "devcontainer.json").read_text())
    assert (folder / given["build"]["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert (folder / given["build"]["context"]).resolve() == ROOT
    assert f"AS {given['build']['target']}\n" in CONTAINERFILE and instructions("USER") == [given["remoteUser"]]
    assert is_made(given["postCreateCommand"].removeprefix("make "))
    assert [f"PORT ?= {port}" in MAKEFILE for port in given["forwardPorts"]] == [True]


def test_apptainer_s_image_is_made_of_the_other_and_installs_nothing() -> None:
    head = dict(re.findall(r"^(\w+): (.+)$", RECIPE, re.MULTILINE))
    assert head == {"Bootstrap": "docker-archive", "From": "compact-transformers.tar"}
    made = ["podman build --tag compact-transformers .", f"podman save --output {head['From']} compact-transformers"]
    made.append("apptainer build compact-transformers.sif compact-transformers.def")
    assert "```bash\n" + "\n".join(made) + "\n" in CLUSTER
    (source, target), *others = (line.split()[1:] for line in section("post") if line.startswith("mv "))
    assert source == instructions("WORKDIR")[0] + "/.venv" and not others
    assert {line.split()[0] for line in section("post")} == {"mv", "rm", "chmod"}
    assert section("runscript") == ['export PYTHONPATH="$PWD"', f'exec {target}/bin/python -m compactbench "$@"']
    assert all(line.startswith(f"{target}/bin/python ") for line in section("test"))


def test_images_stay_out_of_the_repository_and_of_one_another() -> None:
    for file in (".gitignore", ".dockerignore"):
        assert {"compact-transformers.tar", "compact-transformers.sif"} <= {
            line.removeprefix("/") for line in (ROOT / file).read_text().splitlines()
        }
