# One rule for a run, one for a point of a matrix, one for the site. Which are due decides compactbench/benchmark/due.py
# alone: `snakemake models` executes what it says, because the profiles force `run` and `train`, and goes on when one
# fails. `snakemake report` builds the site from the records that exist. It never measures; Sphinx knows which pages are
# to be written anew.
import json
import os
import shlex
import sys

from snakemake.exceptions import WorkflowError

from compactbench.benchmark.sweep import join
from compactbench.report.charts.live import LIVE
from compactbench.report.site.builder import BUILDER
from compactbench.settings import DEFAULT_SUITE, SettingsError

RUN = "book/runs/{suite}/{machine}/{model}"

for variable in LIVE:  # the kernels started here are nobody's live notebook
    os.environ.pop(variable, None)

try:
    if "due" in config:  # `compactbench` has checked and decided
        join("making a report")
        PAGES, POINTS, GIVEN, PARTS, CARDS = (config[key] for key in ("due", "points", "given", "parts", "cards"))
    else:
        from compactbench.benchmark.due import due
        from compactbench.benchmark.host import choice
        from compactbench.benchmark.points import due_points
        from compactbench.commands.check import check
        from compactbench.parameters import parts

        for key, value in config.items():
            if value is not None and not isinstance(value, str):
                raise WorkflowError(f"--config {key}: got {value!r}; accepted: a name, as in {key}=\"'007'\".")
        names = shlex.split(config.get("models") or "")
        asked = parts(config.get("suite") or DEFAULT_SUITE)
        plans = [check(part, names, config.get("machine")) for part in asked]
        join("making a report")
        PAGES = [plan.page(name) for plan in plans for name in due(plan)]
        POINTS = [file for plan in plans for file in due_points(plan)]
        GIVEN = {name: keys for plan in plans for name, keys in plan.given.items()}
        PARTS, CARDS = {}, len(choice())
except SettingsError as error:
    raise WorkflowError(str(error))


def parts_of(run):
    """What the run, or the points of its model, must be made from, as options."""
    page = f"{RUN}.ipynb".format(**run)
    return ["--parts", json.dumps(PARTS[page])] if page in PARTS else []


def all_cores(run):
    """All cores of this machine; elsewhere a profile says how many."""
    return workflow.resource_settings.cores or 1


def a_share(run):
    """The cores of a point: where points have a card each, they share the machine."""
    return max(1, all_cores(run) // max(1, CARDS))


rule models:
    input:
        PAGES,
        POINTS,


rule run:
    output:
        update(f"{RUN}.ipynb"),  # an earlier page is never deleted here: an attempt replaces it when it is whole
    log:
        f"{RUN}.log",
    params:
        suite=lambda run: (
            ["-f", file]
            if os.path.isfile(file := f"params/suites/{run.suite}.yaml")
            else ["-r", "suite", run.suite]  # a part of a suite with a matrix
        ),
        model=lambda run: (
            ["-y", json.dumps(GIVEN[run.model], ensure_ascii=False)]
            if run.model in GIVEN
            else ["-f", f"params/models/{run.model}.yaml"]
        ),
        parts=parts_of,
    threads: all_cores  # a run alone on the machine, or its times say nothing
    shell:  # no shell stays between Snakemake and what must end with it
        "exec {sys.executable:q} -m compactbench.benchmark {output:q} {params.parts:q} --no-progress-bar --kernel python3"
        " {params.suite:q} {params.model:q} -r machine {wildcards.machine:q} 2>> {log:q}"


rule train:
    output:
        update(f"{RUN}/{{point}}.json"),
    log:
        f"{RUN}/{{point}}.log",
    params:
        parts=parts_of,
    threads: a_share
    shell:
        "exec {sys.executable:q} -m compactbench.benchmark.train {output:q} {params.parts:q} 2>> {log:q}"


rule report:
    log:
        "book/_build/site.log",
    shell:
        "exec {BUILDER:q} > {log:q} 2>&1"
