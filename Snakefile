# One rule per run, one for the site. Which runs are due decides compactbench/benchmark/due.py alone: `snakemake models`
# executes what it says, because the profiles force the rule `run`, and goes on when a model fails. `snakemake report`
# builds the site from the records that exist. It never measures; Sphinx knows which pages are to be written anew.
import os
import sys

from snakemake.exceptions import WorkflowError

from compactbench.benchmark.due import due
from compactbench.commands.check import check
from compactbench.report.charts.show import LIVE
from compactbench.settings import DEFAULT_SUITE, SettingsError

RUN = "book/runs/{suite}/{machine}/{model}"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # its script would name an interpreter in its first line

for variable in LIVE:  # the kernels started here are nobody's live notebook
    os.environ.pop(variable, None)

if "due" in config:  # `compactbench` has checked and decided
    PAGES = (config["due"] or "").split()
else:
    for key, value in config.items():
        if value is not None and not isinstance(value, str):
            raise WorkflowError(f"--config {key}: got {value!r}; accepted: a name, as in {key}=\"'007'\".")
    try:
        names = (config.get("models") or "").split()
        plan = check(config.get("suite") or DEFAULT_SUITE, names, config.get("machine"))
        PAGES = [plan.page(name) for name in due(plan)]
    except SettingsError as error:
        raise WorkflowError(str(error))


rule models:
    input:
        PAGES,


rule run:
    output:
        f"{RUN}.ipynb",  # not the record: when a run fails, its outputs are deleted, and what was measured is to stay
    log:
        f"{RUN}.log",
    threads: workflow.cores  # a run alone on the machine, or its times say nothing
    shell:
        "{sys.executable:q} -m papermill notebooks/benchmark.ipynb {output:q} --no-progress-bar --kernel python3"
        " -f params/suites/{wildcards.suite:q}.yaml -f params/models/{wildcards.model:q}.yaml"
        " -r machine {wildcards.machine:q} 2>> {log:q}"


rule report:
    log:
        "book/_build/site.log",
    shell:
        "{sys.executable:q} -c {JUPYTER_BOOK:q} build book/ -W -n --keep-going > {log:q} 2>&1"
        " || (cat {log:q} >&2; exit 1)"
