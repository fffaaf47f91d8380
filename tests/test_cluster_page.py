"""The page on clusters: every fact, command, option and file that it names is there."""

import re
import sys
from typing import Any

import pytest
import yaml
from helpers.factory import make_failed, make_record

from compactbench import ROOT
from compactbench.__main__ import _given
from compactbench.report.text.cluster_sums import ASSUMED, Measured, Sums, cluster_facts

PAGE = (ROOT / "book" / "cluster.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def commands(program: str) -> list[str]:
    """What stands after `program` in each command of the page."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(rf"(?:^|\"){program} ([^\"\n]+)", "\n".join(blocks), re.MULTILINE)


@pytest.mark.parametrize("records", [[make_record()], [make_failed()]], ids=["a run", "none finished"])
def test_the_page_names_facts_that_are_there(records: list[Any]) -> None:
    """One that is missing ends the build, one that no page names is never read."""
    named = re.findall(r"\{fact\}[` ](cluster_\w+)", PAGE)
    files = [(1, 1)] * sum(run.status == "ok" for run in records)
    assert set(named) == set(cluster_facts(records, files))


def test_its_heading_counts_the_points_of_the_sums() -> None:
    none = Measured("here", *[0.0] * 8)
    assert "## Ten thousand runs, on paper" in PAGE and Sums(none, ASSUMED).points == 10_000


def test_make_knows_what_the_page_asks_of_it() -> None:
    asked = [command.split() for command in commands("make")]
    assert len(asked) > 4
    for target, *given in asked:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
        for name in (one.partition("=")[0] for one in given):
            assert f"override {name} := $(value {name})" in MAKEFILE


def test_the_profile_has_what_the_page_says_of_it() -> None:
    (profile,) = {one for command in commands("make") for one in re.findall(r"PROFILE=(\w+)", command)}
    file = f"profiles/{profile}/config.yaml"
    text = (ROOT / file).read_text()
    (plugin,) = re.findall(r"^\.venv/bin/pip install \"(.+)\"$", PAGE, re.MULTILINE)
    assert f"`{file}`" in PAGE and f'.venv/bin/pip install "{plugin}"\n' in text
    keys = yaml.safe_load(text)
    assert keys["slurm-status-command"] == "squeue" and keys["slurm-requeue"] and keys["default-resources"]
    assert (keys["jobs"], keys["slurm-init-seconds-before-status-checks"]) == (ASSUMED.at_once, ASSUMED.poll_s)
    assert "`slurm-status-command: squeue`" in PAGE and "`slurm-init-seconds-before-status-checks`" in PAGE


def test_the_image_is_given_commands_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = commands(r"apptainer run (?:--nv )?compact-transformers\.sif")
    assert asked
    for words in asked:
        monkeypatch.setattr(sys, "argv", ["compactbench", *words.split()])
        assert _given().run  # else it would have ended with what is accepted
