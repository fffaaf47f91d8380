"""Jobs of a scheduler: each is a sweep of its own, and those that outlive their command are told by the next."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.project import Project

from compactbench import ROOT
from compactbench.__main__ import main
from compactbench.benchmark import sweep
from compactbench.benchmark.queue import refuse_queued
from compactbench.settings import SettingsError

JOINED = (
    "import json, os; from pathlib import Path; from compactbench.benchmark import sweep;"
    "sweep.LOCK, sweep.SCRATCH = (Path({0!r}) / sweep._folder / one for one in ('lock', 'scratch'));"
    "sweep.join('measuring a model');"
    "print(json.dumps([sweep._folder, json.loads(sweep.LOCK.read_text()), os.environ['TMPDIR'], sweep._usual]))"
)
NOTHING = {"due": [], "points": [], "given": {}, "parts": {}, "cards": 0}
"""What a command hands to the Snakefile when there is nothing to do."""


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Slurm's program of that name answers, as a file."""
    answer, program = tmp_path / "answer", tmp_path / "bin" / "squeue"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sweep, "FOLDER", tmp_path / ".sweep")
    (tmp_path / ".sweep" / "job-7-0-0").mkdir(parents=True)
    return answer


def test_jobs_that_outlived_their_command_are_named(squeue: Path) -> None:
    """They would have been submitted a second time. Others' jobs, and a shell of the user's in a job, are none."""
    rows = [
        f"7|RUNNING|rule_run_wildcards_starter_here_tfidf|{ROOT}",
        f"8|PENDING|rule_run_wildcards_starter_here_albert|{ROOT}",
        "9|RUNNING|rule_run_wildcards_starter_here_tfidf|/another|folder",
        f"10|RUNNING|(null)|{ROOT}",
    ]
    squeue.write_text("\n".join(rows) + "\n")
    sentence = (
        r"^Slurm still has jobs of this project: 7 \(running\), 8 \(pending\); wait for their end, or end them by "
    )
    with pytest.raises(SettingsError, match=sentence):
        refuse_queued()
    assert (sweep.FOLDER / "job-7-0-0").is_dir()
    squeue.write_text("\n".join(rows[2:]) + "\n")
    refuse_queued()
    assert list(sweep.FOLDER.iterdir()) == []


def test_of_many_jobs_a_few_are_named(squeue: Path) -> None:
    squeue.write_text("".join(f"{number}|PENDING|rule_run|{ROOT}\n" for number in range(100)))
    with pytest.raises(SettingsError, match=r"0 \(pending\), .*4 \(pending\) and 95 more;"):
        refuse_queued()


def test_no_scheduler_is_no_job_unless_one_left_its_traces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its folders were removed, while it ran."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sweep, "FOLDER", tmp_path)
    refuse_queued()
    (tmp_path / "squeue").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "squeue").chmod(0o755)
    refuse_queued()
    (tmp_path / "job-7-0-0").mkdir()
    with pytest.raises(
        SettingsError, match=r"may still run, .* does not answer here; if none does, remove .sweep/job-"
    ):
        refuse_queued()
    assert (tmp_path / "job-7-0-0").is_dir()


def joined(folder: Path, **variables: str) -> tuple[str, dict, str, str]:
    """What a process joins that is started with these variables."""
    slurm = {name for name in os.environ if name.startswith("SLURM")}
    environment = {name: value for name, value in os.environ.items() if name not in slurm} | variables
    command = [sys.executable, "-c", JOINED.format(str(folder))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


def test_a_job_begins_a_sweep_of_its_own(tmp_path: Path) -> None:
    """By `sbatch` it has the variables of the command's host: it took itself for a member, and ended."""
    own = tmp_path / "own"
    own.mkdir()
    command = sweep.Holder("login", 7, "2026-01-01 10:00:00.1", "making a report", f"{own}/compactbench-00000000")
    handed = {sweep.TOKEN: json.dumps(vars(command)), sweep.PARENT: "7", "TMPDIR": str(tmp_path / "scratch")}
    folder, holder, scratch, usual = joined(tmp_path, **handed, SLURM_JOB_ID="12", SLURM_RESTART_COUNT="1")
    assert folder == holder["folder"] == "job-12-1-batch" and holder["place"] == "12-1-batch"
    assert (scratch, usual) == (str(tmp_path / folder / "scratch"), str(own))
    assert not (tmp_path / folder).exists(), "a good end leaves nothing"
    step, *_ = joined(tmp_path, **handed, SLURM_JOB_ID="12", SLURM_STEP_ID="0")
    assert step == "job-12-0-0"


def test_a_command_given_in_a_job_is_one_like_any_other(tmp_path: Path) -> None:
    """Two shells in jobs, one folder: it still holds one sweep at a time."""
    folder, holder, *_ = joined(tmp_path, SLURM_JOB_ID="12", SLURM_STEP_ID="0")
    assert (folder, holder["place"], holder["folder"]) == ("", "12-0-0", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--profile", "slum"), "parameters: key `profile`: got 'slum'; accepted: kubernetes, local, slurm."),
        (
            ("--profile", "slurm"),
            "parameters: key `machine`: not given; accepted: a name, as the profile slurm measures on other hosts than "
            "this one.",
        ),
        (
            ("--profile", "slurm", "--machine", "toy"),
            "profiles/slurm/config.yaml: key `executor`: got 'slurm'; accepted: one whose package is installed, and "
            "snakemake-executor-plugin-slurm is not.",
        ),
    ],
)
def test_a_profile_is_known_and_can_be_used_and_its_machine_is_named(
    words: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("compactbench.commands.report.find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["compactbench", "report", *words])
    assert main() == 2
    assert capsys.readouterr().err == sentence + "\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "plugins"),
    [
        ("local", []),
        ("slurm", ["snakemake_executor_plugin_slurm"]),
        ("kubernetes", ["snakemake_executor_plugin_kubernetes", "snakemake_storage_plugin_fs"]),
    ],
)
def test_snakemake_accepts_the_profiles(profile: str, plugins: list[str], project: Project) -> None:
    """Without a number of cores the rules failed under a cluster's profile."""
    for plugin in plugins:
        pytest.importorskip(plugin)
    plan = project.folder / "plan.json"
    plan.write_text(json.dumps(NOTHING | {"due": ["book/runs/tiny/toy/tfidf.ipynb"]}))
    words = ("snakemake", "models", "--dry-run", "--profile", f"profiles/{profile}", "--configfile", str(plan))
    done = project.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr


MEETS = """import sys, time
from pathlib import Path
from compactbench.benchmark.sweep import join
join("making a report")
record = Path(sys.argv[1])
record.parent.joinpath(record.name + ".log").touch()
ends = time.monotonic() + 60
while len(list(record.parent.glob("*.json.log"))) < 2:
    assert time.monotonic() < ends, "the other point waits for this one"
record.write_text("{}")
"""
"""In the place of what a point learns: it ends when another has begun."""


@pytest.mark.slow
def test_points_share_a_box_of_several_cards(project: Project) -> None:
    """They took every card of it one after the other."""
    (project.folder / "compactbench" / "benchmark" / "train.py").write_text(MEETS)
    points = [f"book/runs/tiny/toy/tfidf/seed-{seed}.json" for seed in (1, 2)]
    plan = project.folder / ".sweep" / "plan.json"
    plan.parent.mkdir()
    plan.write_text(json.dumps(NOTHING | {"points": points, "cards": 2}))
    words = ("snakemake", "models", "--profile", "profiles/local", "--cores", "4", "--configfile", str(plan))
    done = project.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
