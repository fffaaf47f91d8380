# One rule per run, one for the summary, one for the site. `snakemake models` measures what is due and goes on when a
# contender fails; `snakemake report` builds the site from the records that exist and never measures.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from compactbench.check import check
from compactbench.measure.availability import decide_weights
from compactbench.measure.conditions import default_machine
from compactbench.measure.fingerprint import fingerprint
from compactbench.settings import SettingsError, load_model, load_suite

SUITE = config.get("suite", "starter")
MACHINE = config.get("machine") or default_machine()
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
RUN = "book/runs/{suite}/{machine}/{model}"
REPORT_CODE = [*Path("compactbench/report").glob("*.py"), "compactbench/record.py", "compactbench/metrics.py"]

try:
    ONLY = str(config.get("models") or "").split()
    if not config.get("checked"):  # `make report` has checked already
        check(SUITE, ONLY)
    CONTENDERS = ONLY or load_suite(SUITE).models
except SettingsError as error:
    raise WorkflowError(str(error))


def wanted(wildcards):
    """The fingerprint that the record must carry; when it changes, the run is due again."""
    model, suite = load_model(wildcards.model), load_suite(wildcards.suite)
    return fingerprint(model, suite, decide_weights(model, suite))


def records(wildcards):
    """Every record there is, and every failure."""
    return sorted(str(path) for path in Path("book/runs").glob("*/*/*.json"))


def pages(wildcards):
    """Everything the site is made from, besides records."""
    runs = Path("book/runs").glob("*/*/*.ipynb")
    return sorted(str(path) for path in [*runs, *Path("book").glob("*.md"), *Path("book/_static").iterdir()])


rule models:
    input:
        expand(f"{RUN}.json", suite=SUITE, machine=MACHINE, model=CONTENDERS),


rule report:
    input:
        "book/_build/html/index.html",


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
        " -f params/suites/{wildcards.suite}.yaml -f {input.model} -p machine {wildcards.machine} 2>> {log}"


rule summary:
    input:
        records,
        REPORT_CODE,
        template="notebooks/summary.ipynb",
        quoted="book/data/reference-2021.csv",
    output:
        "book/summary.ipynb",
    log:
        "book/summary.log",
    shell:
        "{sys.executable} -m papermill {input.template} {output} --no-progress-bar --kernel python3 2> {log}"


rule site:
    input:
        records,
        pages,
        REPORT_CODE,
        "book/summary.ipynb",
        "_config.yml",
        "_toc.yml",
    output:
        "book/_build/html/index.html",
    log:
        "book/_build/site.log",
    shell:
        "{JUPYTER_BOOK} build book/ -W -n --keep-going > {log} 2>&1 || (cat {log} >&2; exit 1)"
