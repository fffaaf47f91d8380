# One rule per run, one for the summary, one for the site. `snakemake models` measures what is due and goes on when a
# contender fails; `snakemake report` builds the site from the records that exist. It never measures: the runs reach it
# as a digest among the parameters, not as input files, because an input that a rule can make is made.
import hashlib
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from compactbench.commands.check import check
from compactbench.classifiers import decide_weights
from compactbench.instruments.machine import default_machine
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.report.charts.show import LIVE
from compactbench.parameters import load_model, load_suite
from compactbench.settings import SettingsError

SUITE = config.get("suite", "starter")
MACHINE = config.get("machine") or default_machine()
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
RUN = "book/runs/{suite}/{machine}/{model}"
REPORT_CODE = [*Path("compactbench/report").rglob("*.py"), *Path("compactbench").glob("record*.py")]

for variable in LIVE:  # the kernels started here are nobody's live notebook
    os.environ.pop(variable, None)

try:
    ONLY = str(config.get("models") or "").split()
    if not config.get("checked"):  # `make report` has checked already
        check(SUITE, ONLY, MACHINE)
    CONTENDERS = ONLY or load_suite(SUITE).models
except SettingsError as error:
    raise WorkflowError(str(error))


def wanted(wildcards):
    """The fingerprint that the record must carry; when it changes, the run is due again."""
    model, suite = load_model(wildcards.model), load_suite(wildcards.suite)
    return fingerprint(model, suite, decide_weights(model, suite))


def digest(*patterns):
    """SHA-256 of the files under book/runs that match, with their paths: it changes when one comes, goes or changes."""
    found = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in Path("book/runs").glob(pattern)):
        found.update(f"{path}\0".encode() + path.read_bytes())
    return found.hexdigest()


rule models:
    input:
        expand(f"{RUN}.json", suite=SUITE, machine=MACHINE, model=CONTENDERS),


rule report:
    input:
        "book/_build/finished",


rule run:
    input:
        template=ancient("notebooks/benchmark.ipynb"),  # what of it counts is part of the fingerprint
        model="params/models/{model}.yaml",
    output:
        page=f"{RUN}.ipynb",
        record=f"{RUN}.json",
    log:
        f"{RUN}.log",
    params:
        fingerprint=wanted,
    threads: workflow.cores  # a run alone on the machine, or its times say nothing
    shell:
        "{sys.executable} -m papermill {input.template} {output.page} --no-progress-bar --kernel python3"
        " -f params/suites/{wildcards.suite}.yaml -f {input.model} -p machine {wildcards.machine:q} 2>> {log}"


rule summary:
    input:
        REPORT_CODE,
        template="notebooks/summary.ipynb",
        quoted="book/data/reference-2021.csv",
    output:
        "book/summary.ipynb",
    params:
        records=lambda wildcards: digest("*/*/*.json"),
    log:
        "book/summary.log",
    shell:
        "{sys.executable} -m papermill {input.template} {output} --no-progress-bar --kernel python3 2> {log}"
        " || (tail -n 20 {log} >&2; exit 1)"


rule site:
    input:
        REPORT_CODE,
        *Path("book").glob("*.md"),
        *Path("book/_static").iterdir(),
        "book/summary.ipynb",
        "_config.yml",
        "_toc.yml",
    output:
        touch("book/_build/finished"),  # not the site itself: one that cannot be rebuilt is better than none
    params:
        runs=lambda wildcards: digest("*/*/*.json", "*/*/*.ipynb"),
    log:
        "book/_build/site.log",
    shell:
        "{JUPYTER_BOOK} build book/ -W -n --keep-going > {log} 2>&1 || (cat {log} >&2; exit 1)"
