"""Ten thousand fine-tunes on paper: what they ask of a scheduler, a file system, the model hub and a purse.

Every sum is made of the runs of this book, by the medians of what they took and left, and of what is assumed, which
stands in one place. None of it was measured on a cluster.
"""

import math
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from statistics import median
from typing import Any

from compactbench.record import Record
from compactbench.report.tables.results import Records, headline
from compactbench.report.text.facts import Facts
from compactbench.report.text.words import Markdown, code, markdown, markdown_table

STAGES_OF_A_POINT = ("data", "parameters", "finetune", "quality")
"""Stages of a run that a point goes through too: it learns and answers the test texts, and nothing is timed."""
FILES_OF_A_POINT = 2
"""Its record and its log."""
FILES_OF_A_RUN = 4
"""Its page, its record, its raw samples and its log; the artefact lies elsewhere."""
MB, GB, HOUR_S = 1e6, 1e9, 3600


def _assumed(value: float, what: str, why: str) -> Any:
    """A field with its default, what it is, and where the value comes from."""
    return field(default=value, metadata={"what": what, "why": why})


@dataclass(frozen=True)
class Assumed:
    """What no run of this book tells: how large the matrix is, what the cluster is like, what an hour costs."""

    models: int = _assumed(10, "models", "the matrix")
    data_sets: int = _assumed(10, "data sets", "the matrix")
    seeds: int = _assumed(10, "seeds", "the matrix")
    learning_rates: int = _assumed(10, "learning rates", "the matrix")
    start_s: float = _assumed(6, "seconds to start a job", "the imports of transformers and datasets, on two cores")
    at_once: int = _assumed(100, "jobs at once", "the profile for Slurm")
    nodes: int = _assumed(50, "nodes", "two jobs on each")
    group: int = _assumed(20, "points in a group job", "half an hour or so of work for one call")
    poll_s: float = _assumed(5, "seconds between two looks at the queue", "the profile for Slurm, while jobs end")
    read_ms: float = _assumed(5.3, "milliseconds to read a record", "a thousand records of runs, on two cores")
    price_per_hour: float = _assumed(0.10, "price of an hour of one machine", "in whatever currency")


ASSUMED = Assumed()


@dataclass(frozen=True)
class Measured:
    """Medians over the runs of a machine.

    Args:
        machine: its name.
        point_s: stages that a point has in common with a run, s.
        run_s: all stages but the further fine-tunes, which are points in a matrix, s.
        point_bytes: size of a point's record, from the parts of a run's that it has.
        page_bytes: size of a run's page.
        record_bytes: size of a run's record with its samples.
        artefact_files: files of the saved model in all its runtimes.
        artefact_bytes: their size.
        weights_bytes: size of the weights, which is about what a download of them takes.
    """

    machine: str
    point_s: float
    run_s: float
    point_bytes: float
    page_bytes: float
    record_bytes: float
    artefact_files: float
    artefact_bytes: float
    weights_bytes: float


def measured(records: Records, files: Sequence[tuple[int, int]]) -> Measured | None:
    """What the runs of the headline's machine took and left: the fine-tuned ones with known weights, where there are.

    Args:
        records: every run that the site shows in full, at least one.
        files: bytes of the page and of the record of each finished run that has both.

    Returns:
        None where no run is whole.
    """
    machine = headline(records)[0].machine
    finished = [run for run in records if isinstance(run, Record) and run.machine == machine]
    runs = [run for run in finished if run.classifier.fine_tuned and run.weights == "pretrained"] or finished
    if not runs or not files:
        return None
    artefacts = [[one.artefact.files for one in run.runtimes if one.artefact] for run in runs]
    return Measured(
        machine=machine,
        point_s=median(sum(run.stage_seconds.get(stage, 0) for stage in STAGES_OF_A_POINT) for run in runs),
        run_s=median(sum(took for stage, took in run.stage_seconds.items() if stage != "repeats") for run in runs),
        point_bytes=median(map(_point_bytes, runs)),
        page_bytes=median(page for page, _ in files),
        record_bytes=median(record for _, record in files),
        artefact_files=median(sum(map(len, saved)) for saved in artefacts),
        artefact_bytes=median(sum(sum(one.values()) for one in saved) for saved in artefacts),
        weights_bytes=median(map(_weights_bytes, runs)),
    )


def _point_bytes(run: Record) -> int:
    """Size of what a point's record holds: fingerprint, conditions and one repeat."""
    return sum(len(part.model_dump_json(indent=1)) for part in (run.fingerprint, run.conditions, *run.repeats[:1]))


def _weights_bytes(run: Record) -> int:
    artefact = run.trained.artefact
    return sum(artefact.files[name] for name in artefact.weights_files) if artefact else 0


@dataclass(frozen=True)
class Sums:
    """The sums, each from what was `found` and what is `assumed`."""

    found: Measured
    assumed: Assumed

    @property
    def points(self) -> int:
        """Fine-tunes of the matrix: every combination."""
        return self.runs * self.assumed.seeds * self.assumed.learning_rates

    @property
    def runs(self) -> int:
        """Runs that are timed: one of each model on each data set."""
        return self.assumed.models * self.assumed.data_sets

    @property
    def jobs(self) -> int:
        """Jobs, where each point and each run is one."""
        return self.points + self.runs

    @property
    def calls(self) -> int:
        """Calls of sbatch with the points in groups; a run stays alone, because it is alone on its host."""
        return math.ceil(self.points / self.assumed.group) + self.runs

    @property
    def work_h(self) -> float:
        """Machine hours of the stages."""
        return (self.points * self.found.point_s + self.runs * self.found.run_s) / HOUR_S

    @property
    def starts_h(self) -> float:
        """Machine hours until the libraries are loaded. Groups save none: each point is a process of its own."""
        return self.jobs * self.assumed.start_s / HOUR_S

    @property
    def machine_h(self) -> float:
        """Machine hours in all."""
        return self.work_h + self.starts_h

    @property
    def elapsed_h(self) -> float:
        """Hours from first to last, where nothing waits in the queue."""
        return self.machine_h / self.assumed.at_once

    @property
    def polls(self) -> int:
        """Looks at the queue; each asks for all jobs in one call."""
        return math.ceil(self.elapsed_h * HOUR_S / self.assumed.poll_s)

    @property
    def files(self) -> float:
        """Files under book/runs."""
        return self.points * FILES_OF_A_POINT + self.runs * FILES_OF_A_RUN

    @property
    def files_gb(self) -> float:
        """Size of pages and records, GB."""
        of_runs = self.runs * (self.found.page_bytes + self.found.record_bytes)
        return (self.points * self.found.point_bytes + of_runs) / GB

    @property
    def artefacts_gb(self) -> float:
        """Size of the saved models, GB: points leave none."""
        return self.runs * self.found.artefact_bytes / GB

    @property
    def reading_s(self) -> float:
        """Time to read every record once, s; those of points are smaller, so it is less."""
        return self.jobs * self.assumed.read_ms / 1e3

    def download_gb(self, caches: int = 1) -> float:
        """What comes from the hub where so many caches fetch the weights of every model, GB."""
        return caches * self.assumed.models * self.found.weights_bytes / GB

    @property
    def download_each_gb(self) -> float:
        """What comes from the hub where each job has a cache of its own, GB."""
        return self.jobs * self.found.weights_bytes / GB

    @property
    def cost(self) -> float:
        """Of all machine hours, at the price of one."""
        return self.machine_h * self.assumed.price_per_hour


def cluster_facts(records: Records, files: Sequence[tuple[int, int]], assumed: Assumed = ASSUMED) -> Facts:
    """The facts of the page on clusters.

    Args:
        records: as in `measured`.
        files: as in `measured`.
        assumed: what is assumed.
    """
    found = measured(records, files)
    named = {"cluster_assumed": assumed_table(assumed), "cluster_group": _plain(assumed.group)}
    if found is None:
        none = Markdown("not known before a run is finished")
        return named | dict.fromkeys(("cluster_sums", "cluster_calls", "cluster_starts", "cluster_of"), none)
    sums = Sums(found, assumed)
    return named | {
        "cluster_sums": sums_table(sums),
        "cluster_calls": _plain(sums.calls),
        "cluster_starts": markdown(f"{sums.starts_h / sums.machine_h:.0%}".replace("%", "\N{NO-BREAK SPACE}%")),
        "cluster_of": code(found.machine),
    }


def assumed_table(assumed: Assumed) -> Markdown:
    """What is assumed, a row each, with where it comes from."""
    every: tuple[Field[Any], ...] = fields(assumed)
    rows = [[one.metadata["what"], _plain(getattr(assumed, one.name)), one.metadata["why"]] for one in every]
    return markdown_table(["Assumed", "Value", "Where it comes from"], rows, "lrl")


def sums_table(sums: Sums) -> Markdown:
    """Every sum with its factors, a row each."""
    found, given = sums.found, sums.assumed
    points, runs, jobs = map(_plain, (sums.points, sums.runs, sums.jobs))
    axes = " × ".join(map(_plain, (given.models, given.data_sets, given.seeds, given.learning_rates)))
    timed = f"{given.models} × {given.data_sets}"
    weights = f"{_plain(given.models)} × {_size(found.weights_bytes)}"
    hours = f"{_plain(sums.work_h)} h + {_plain(sums.starts_h)} h"
    small = f"{points} × {_size(found.point_bytes)}"
    large = f"{runs} × ({_size(found.page_bytes)} + {_size(found.record_bytes)})"
    rows = [
        ["jobs, a call of `sbatch` each", f"{axes} points + {timed} runs", jobs],
        [f"calls with points in groups of {given.group}", f"{points} / {given.group} + {runs}", _plain(sums.calls)],
        [
            "machine hours of work",
            f"{points} × {_plain(found.point_s)} s + {runs} × {_plain(found.run_s)} s",
            f"{_plain(sums.work_h)} h",
        ],
        ["machine hours of starting", f"{jobs} × {_plain(given.start_s)} s", f"{_plain(sums.starts_h)} h"],
        ["from first to last", f"({hours}) / {_plain(given.at_once)} at once", f"{_plain(sums.elapsed_h)} h"],
        ["looks at the queue", f"{_plain(sums.elapsed_h)} h / {_plain(given.poll_s)} s", _plain(sums.polls)],
        ["files in `book/runs`", f"{points} × {FILES_OF_A_POINT} + {runs} × {FILES_OF_A_RUN}", _plain(sums.files)],
        ["their size, without logs", f"{small} + {large}", f"{_plain(sums.files_gb)} GB"],
        ["files of artefacts", f"{runs} × {_plain(found.artefact_files)}", _plain(sums.runs * found.artefact_files)],
        ["their size", f"{runs} × {_size(found.artefact_bytes)}", f"{_plain(sums.artefacts_gb)} GB"],
        ["reading all records", f"{jobs} × {_plain(given.read_ms)} ms", f"{_plain(sums.reading_s)} s"],
        ["from the hub, one cache for all", weights, f"{_plain(sums.download_gb())} GB"],
        [
            "the same, a cache a node",
            f"{_plain(given.nodes)} × {weights}",
            f"{_plain(sums.download_gb(given.nodes))} GB",
        ],
        ["the same, a cache a job", f"{jobs} × {_size(found.weights_bytes)}", f"{_plain(sums.download_each_gb)} GB"],
        ["cost", f"({hours}) × {given.price_per_hour:.2f}", _plain(sums.cost)],
    ]
    return markdown_table(["What", "Sum", "Result"], [[Markdown(what), *sum_] for what, *sum_ in rows], "lrr")


def _plain(number: float) -> Markdown:
    """A number as people write it: whole from ten on, else with a decimal or two where it has any."""
    return Markdown(f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}")


def _size(count: float) -> str:
    """A number of bytes in the unit that people would take."""
    return f"{_plain(count / MB)} MB" if count >= MB else f"{_plain(count / 1e3)} kB"
