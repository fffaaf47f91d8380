# One rule per run, one for the site. Which runs are due decides compactbench/benchmark/due.py alone: `snakemake models`
# executes what it says, because the profiles force the rule `run`, and goes on when a model fails. `snakemake report`
# builds the site from the records that exist. It never measures; Sphinx knows which pages are to be written anew.
import json
import os
import shlex
import sys

from snakemake.exceptions import WorkflowError

from compactbench.benchmark.sweep import join
from compactbench.report.charts.show import LIVE
from compactbench.settings import DEFAULT_SUITE, SettingsError

RUN = "book/runs/{suite}/{machine}/{model}"
MEMBER = "from compactbench.benchmark.sweep import join; join('making a report')"
JUPYTER_BOOK = f"{MEMBER}; from jupyter_book.cli.main import main; main()"  # its script names an interpreter by its path

for variable in LIVE:  # the kernels started here are nobody's live notebook
    os.environ.pop(variable, None)

try:
    if "due" in config:  # `compactbench` has checked and decided
        join("making a report")
        PAGES, GIVEN, PARTS = (config["due"] or "").split(), config.get("given") or {}, config.get("parts") or {}
    else:
        from compactbench.benchmark.due import due
        from compactbench.commands.check import check

        for key, value in config.items():
            if value is not None and not isinstance(value, str):
                raise WorkflowError(f"--config {key}: got {value!r}; accepted: a name, as in {key}=\"'007'\".")
        names = shlex.split(config.get("models") or "")
        plan = check(config.get("suite") or DEFAULT_SUITE, names, config.get("machine"))
        join("making a report")
        PAGES, GIVEN, PARTS = [plan.page(name) for name in due(plan)], plan.given, {}
except SettingsError as error:
    raise WorkflowError(str(error))


rule models:
    input:
        PAGES,


rule run:
    output:
        update(f"{RUN}.ipynb"),  # an earlier page is never deleted here: an attempt replaces it when it is whole
    log:
        f"{RUN}.log",
    params:
        model=lambda run: (
            ["-y", json.dumps(GIVEN[run.model], ensure_ascii=False)]
            if run.model in GIVEN
            else ["-f", f"params/models/{run.model}.yaml"]
        ),
        parts=lambda run: ["--parts", json.dumps(PARTS[run.model])] if run.model in PARTS else [],
    threads: lambda run: workflow.resource_settings.cores or 1  # all of this machine's; elsewhere a profile says it
    shell:  # no shell stays between Snakemake and what must end with it
        "exec {sys.executable:q} -m compactbench.benchmark {output:q} {params.parts:q}"
        " --no-progress-bar --kernel python3 -f params/suites/{wildcards.suite:q}.yaml {params.model:q}"
        " -r machine {wildcards.machine:q} 2>> {log:q}"


rule report:
    log:
        "book/_build/site.log",
    shell:
        "exec {sys.executable:q} -c {JUPYTER_BOOK:q} build book/ -W -n --keep-going > {log:q} 2>&1"
