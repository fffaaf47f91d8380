"""The command line and `make`: each subcommand has its own options, and a mistake is one sentence."""

import http.server
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from compactbench import ROOT
from compactbench.__main__ import main
from compactbench.commands import site

COMMANDS = ["check", "export", "merge", "new-model", "report", "serve", "site"]
OPTIONS = {
    "check": {"suite", "models", "machine"},
    "export": {"suite", "model", "machine"},
    "merge": {"folder"},
    "new-model": {"name", "id"},
    "report": {"suite", "models", "machine", "profile"},
    "serve": {"port"},
    "site": set(),
}


def called(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    """The exit code of `compactbench` with these words."""
    monkeypatch.setattr(sys, "argv", ["compactbench", *words])
    try:
        return main()
    except SystemExit as end:
        return end.code


def test_help_lists_every_command_with_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert called(monkeypatch, "--help") == 0
    shown = re.findall(r"^    ([a-z-]+)\s+[A-Z]", capsys.readouterr().out, re.MULTILINE)
    assert shown == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_own_options(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert called(monkeypatch, command, "--help") == 0
    assert set(re.findall(r"^  --([a-z]+)", capsys.readouterr().out, re.MULTILINE)) == OPTIONS[command]


def test_a_command_loads_only_its_own_libraries() -> None:
    """`make site` and `make serve` waited seconds for what reads data and measures."""
    code = "import sys; from compactbench.__main__ import main\ntry: main()\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, "site", "--help"], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "compactbench.commands.site" in loaded and not {"datasets", "torch", "sklearn"} & loaded


def test_a_site_of_no_run_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """It was a traceback of the builder's."""
    monkeypatch.setattr(site, "BOOK", tmp_path)
    assert site.build() == 1
    said = "book/runs: no run to report; accepted: at least one, which `make report` makes.\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["report", "--model", "tfidf"], "'--model' is not known (did you mean `--models`?)"),  # it measured everything
        (["report", "--model=tfidf"], "'--model=tfidf' is not known (did you mean `--models`?)"),
        (["export", "--model", "tfidf", "--models", "tfidf"], "'--models' is not known (did you mean `--model`?)"),
        (["check", "--sui", "starter"], "'--sui' is not known (did you mean `--suite`?)"),
        (["check", "tfidf"], "'tfidf' is not known; accepted: --suite, --models, --machine."),
        (["site", "--suite", "starter"], "'--suite' is not known; accepted: no option."),
        (["export"], "the following arguments are required: --model"),
        (["reprot"], "invalid choice: 'reprot'"),
        ([], "the following arguments are required: COMMAND"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_unknown_or_abbreviated_option_is_refused(
    words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert called(monkeypatch, *words) == 2
    told = capsys.readouterr()
    assert sentence in told.err and told.out == ""


def test_serve_says_that_there_is_no_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("compactbench.commands.serve.ROOT", tmp_path)
    assert called(monkeypatch, "serve") == 2
    sentence = "There is no site yet in book/_build/html: `make site` builds it from the runs that exist.\n"
    assert capsys.readouterr() == ("", sentence)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A project with a site, of which only the start is needed."""
    (tmp_path / site.SITE).mkdir(parents=True)
    (tmp_path / site.SITE / "index.html").write_text("The answer.")
    return tmp_path


def test_serve_says_that_a_port_is_in_use(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("compactbench.commands.serve.ROOT", built)
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        assert called(monkeypatch, "serve", "--port", str(other.server_port)) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"Port {other.server_port} cannot be had (") and told.err.count("\n") == 1
    assert called(monkeypatch, "serve", "--port", "70000") == 2
    assert capsys.readouterr().err.startswith("Port 70000 cannot be had (")


def test_serve_shows_the_site_until_it_is_stopped(built: Path) -> None:
    program = (
        "import argparse, pathlib, compactbench.commands.serve as serve;"
        f"serve.ROOT = pathlib.Path({str(built)!r}); raise SystemExit(serve.run(argparse.Namespace(port=0)))"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
        address = serving.stdout.readline().strip()
        assert urllib.request.urlopen(address).read() == b"The answer."
        serving.send_signal(signal.SIGINT)
    assert serving.returncode == 0


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The Makefile in a folder whose interpreter only says what it was called with."""
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n')
    python.chmod(0o755)
    for name in ("requirements.txt", "pyproject.toml", ".venv/ready"):  # the installation is newer than what it is of
        (tmp_path / name).touch()
    return tmp_path


def make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `make` there, away from the variables of a `make` that runs these tests."""
    known = {"SUITE", "MODELS", "MACHINE", "PROFILE", "MODEL", "NAME", "ID", "PORT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    environment = {name: value for name, value in os.environ.items() if name not in known} | variables
    return subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("words", [(), ("help",)])
def test_make_alone_says_what_there_is(words: tuple, made: Path) -> None:
    lines = make(made, *words).stdout.splitlines()
    assert 4 <= len(lines) <= 10 and all(line.startswith("make ") for line in lines)
    assert {"report", "site", "serve", "check", "export", "merge", "new-model", "quick", "test"} == {
        line.split()[1] for line in lines
    }


def test_make_hands_its_variables_to_the_command(made: Path) -> None:
    given = make(made, "report", "MODELS=albert tfidf", "MACHINE=here").stdout
    assert (
        given
        == "[-m][compactbench][report][--suite][starter][--models][albert tfidf][--machine][here][--profile][local]"
    )
    given = make(made, "new-model", "NAME=mine", "ID=a/b").stdout
    assert given == "[-m][compactbench][new-model][--name][mine][--id][a/b]"


ATTACK = '"; touch x; echo "`touch y`$(shell touch x)${shell touch y}$(eval x:=$(shell touch x)) $$ # \'%'
GOALS = [
    ("report", "SUITE"),
    ("report", "MODELS"),
    ("report", "PROFILE"),
    ("check", "MACHINE"),
    ("export", "MODEL"),
    ("new-model", "NAME"),
    ("new-model", "ID"),
    ("serve", "PORT"),
]


@pytest.mark.parametrize("given", ["argument", "environment"])
@pytest.mark.parametrize(("goal", "variable"), GOALS)
def test_nobody_reads_what_a_variable_holds(goal: str, variable: str, given: str, made: Path) -> None:
    """The shell ran `make report MODELS='"; touch x; "'`, and make itself `MODELS='$(shell touch x)'`."""
    words = (f"{variable}={ATTACK}",) if given == "argument" else ()
    assert f"[{ATTACK}]" in make(made, goal, *words, **({} if words else {variable: ATTACK})).stdout
    assert not {"x", "y"} & {path.name for path in made.iterdir()}


def test_a_hint_reads_no_variable_either(made: Path) -> None:
    done = make(made, "report", f"MODEL={ATTACK}")
    assert done.returncode == 2 and f'MODEL is not known: write MODELS="{ATTACK}"' in done.stderr
    assert not {"x", "y"} & {path.name for path in made.iterdir()}


def test_make_report_with_model_asks_for_models(made: Path) -> None:
    done = make(made, "report", "MODEL=albert")
    assert done.returncode == 2 and 'MODEL is not known: write MODELS="albert"' in done.stderr


def test_the_readme_names_five_commands_and_the_book_all(made: Path) -> None:
    """They stood in three lists, of which two were out of date."""
    commands = {line.split()[1] for line in make(made, "help").stdout.splitlines()}
    rows = re.findall(r"^\| `make", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = set(re.findall(r"^\| `make ([a-z-]+)", (ROOT / "book" / "run-it-yourself.md").read_text(), re.MULTILINE))
    assert len(rows) == 5 and told == commands
