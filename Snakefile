# One rule per run, one for the site. Which runs are due decides compactbench/benchmark/due.py alone: `snakemake models`
# executes what it says, because the profiles force the rule `run`, and goes on when a model fails. `snakemake report`
# builds the site from the records that exist. It never measures; Sphinx knows which pages are to be written anew.
import json
import os
import shlex
import sys

from snakemake.exceptions import WorkflowError

from compactbench.benchmark.sweep import join
from compactbench.commands.site import BUILDER
from compactbench.report.charts.show import LIVE
from compactbench.settings import DEFAULT_SUITE, SettingsError

RUN = "book/runs/{suite}/{machine}/{model}"

for variable in LIVE:  # the kernels started here are nobody's live notebook
    os.environ.pop(variable, None)

try:
    if "due" in config:  # `compactbench` has checked and decided
        join("making a report")
        PAGES, GIVEN = (config["due"] or "").split(), config.get("given") or {}
    else:
        from compactbench.benchmark.due import due
        from compactbench.commands.check import check

        for key, value in config.items():
            if value is not None and not isinstance(value, str):
                raise WorkflowError(f"--config {key}: got {value!r}; accepted: a name, as in {key}=\"'007'\".")
        names = shlex.split(config.get("models") or "")
        plan = check(config.get("suite") or DEFAULT_SUITE, names, config.get("machine"))
        join("making a report")
        PAGES, GIVEN = [plan.page(name) for name in due(plan)], plan.given
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
    params:
        model=lambda run: (
            ["-y", json.dumps(GIVEN[run.model], ensure_ascii=False)]
            if run.model in GIVEN
            else ["-f", f"params/models/{run.model}.yaml"]
        ),
    threads: workflow.cores  # a run alone on the machine, or its times say nothing
    shell:  # no shell stays between Snakemake and what must end with it
        "exec {sys.executable:q} -m compactbench.benchmark {output:q} --no-progress-bar --kernel python3"
        " -f params/suites/{wildcards.suite:q}.yaml {params.model:q}"
        " -r machine {wildcards.machine:q} 2>> {log:q}"


rule report:
    log:
        "book/_build/site.log",
    shell:
        "exec {BUILDER:q} > {log:q} 2>&1"
