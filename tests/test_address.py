"""The repository's address: `repository.url` of _config.yml, and what says the same where that file cannot be read."""

import re
import subprocess

import yaml

from compactbench import ROOT

COLAB = "colab.research.google.com/github"
OPENED_IN_COLAB = rf"\((https://{COLAB}/\S+?)/blob/"
CLONED = r'"clone\\", \\"-q\\", \\"(\S+?)\\"'
"""What a notebook's cell fetches in Colab, as the notebook's JSON has it."""
PLACES = {
    "CITATION.cff": [r"^repository-code: (\S+)$"],
    "README.md": [r"^git clone (\S+)$", OPENED_IN_COLAB],
    "notebooks/benchmark.ipynb": [CLONED, OPENED_IN_COLAB],
    "notebooks/summary.ipynb": [CLONED, OPENED_IN_COLAB],
    "pyproject.toml": [r'^Homepage = "(\S+)"$'],
}
"""Every place outside _config.yml, as the pattern that finds it: a fork changes these lines too."""
NO_PLACES = ("_config.yml", "book/_config.yml", "book/runs/", "tests/")
"""Where the address is kept, pages that were executed, and made-up ones."""


def address() -> str:
    """The address that _config.yml has."""
    return yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]


def test_each_place_has_the_address_of_the_configuration() -> None:
    for file, patterns in PLACES.items():
        text = (ROOT / file).read_text()
        for pattern in patterns:
            found = re.findall(pattern, text, re.MULTILINE)
            assert len(found) == 1, (file, pattern)
            assert found[0].replace(COLAB, "github.com") == address(), file


def test_the_address_stands_nowhere_else() -> None:
    """It stood in 27 lines of 15 files."""
    owner_and_name = address().partition("//")[2].partition("/")[2]
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in tracked.split("\0") if name and not name.startswith(NO_PLACES)]
    lines = {
        name: sum(f"/{owner_and_name}" in line for line in (ROOT / name).read_text("utf-8", "replace").splitlines())
        for name in files
        if (ROOT / name).is_file()
    }
    assert {name: count for name, count in lines.items() if count} == {name: len(PLACES[name]) for name in PLACES}
