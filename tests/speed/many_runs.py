"""How long the index, the tables and a recommendation take of many runs, and how much memory: at first, and once more.

    python tests/speed/many_runs.py [--runs 10000]

The runs are copies of a committed one: other names and times, and some other answers. They make groups of a hundred
models, in five suites on as many machines as that takes (about 0.9 GB on the disk for 10,000). Each time is that of a
fresh process, without its start; its memory is that of all processes that it starts. Goals for 10,000 runs: at most
60 s and 2,000 MB at first, and 10 s after that.
"""

import argparse
import copy
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from compactbench import ROOT
from compactbench.record import ANY_RECORD, signs
from compactbench.record.file import read, write
from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.index import index, processes
from compactbench.report.tables.metrics import ACCURACY, LATENCY
from compactbench.report.tables.results import default_group, results
from compactbench.report.tables.runtimes import ANY, in_runtime

COPIED = ROOT / "book" / "runs" / "starter" / "reference-cpu" / "minilm-l3.json"
SUITES, MODELS = 5, 100
Json = dict[str, Any]


def main() -> None:
    """Make the runs, and have a fresh process read them twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        template, chance = copied(), random.Random(0)
        for number in range(given.runs):
            write_run(made_up(template, number, chance), Path(folder, "runs"))
        written = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        print(f"{given.runs:,} records, {written / 1e6:,.0f} MB")
        for turn in ("first", "second"):
            print(f"{turn}: ", end="", flush=True)
            reading = [sys.executable, "-c", f"from {Path(__file__).stem} import measure; measure()", folder]
            subprocess.run(reading, cwd=Path(__file__).parent, check=True)


def copied() -> Json:
    """What the record that is copied tells, with its samples."""
    return read(COPIED).model_dump(mode="json")


def made_up(template: Json, number: int, chance: random.Random) -> Json:
    """The record of one run: as fast as one machine or another, and of up to sixty wrong answers more."""
    group, model = divmod(number, MODELS)
    machine, suite = divmod(group, SUITES)
    began = datetime.fromisoformat(template["started_at"]) + timedelta(minutes=number)
    names = {"suite": f"suite-{suite}", "machine": f"machine-{machine}", "model": f"model-{model}"}
    run = template | names | {"title": f"Model {model}", "started_at": began.isoformat()}
    run["runtimes"] = [timed(result, chance.lognormvariate(0, 0.5), chance) for result in template["runtimes"]]
    texts = chance.sample(range(sum(template["data"]["test_counts"])), chance.randrange(60))
    for result in run["runtimes"]:
        result["quality"] = mistaken(template["data"], result["quality"], texts)
    return run


def timed(result: Json, factor: float, chance: random.Random) -> Json:
    """A runtime in which every call takes so many times as long, and a process a little more or less."""
    found = result | {"latency": []}
    for process in result["latency"]:
        slower = factor * chance.lognormvariate(0, 0.05)
        found["latency"].append(process | {"samples_ms": [sample * slower for sample in process["samples_ms"]]})
    return found


def mistaken(data: Json, quality: Json, texts: list[int]) -> Json:
    """The quality of answers of which those to some texts are the next class."""
    quality = copy.deepcopy(quality)
    classes, given = len(data["classes"]), quality["predicted"].split()
    for text in texts:
        given[text] = str((int(given[text]) + 1) % classes)
    quality["predicted"] = " ".join(given)
    quality["right"] = signs(data["test_labels"], quality["predicted"])
    quality["accuracy"] = quality["right"].count("1") / len(given)
    quality["confusion"] = [[0] * classes for _ in range(classes)]
    for true, answer in zip(data["test_labels"].split(), given, strict=True):
        quality["confusion"][int(true)][int(answer)] += 1
    return quality


def write_run(run: Json, runs: Path) -> None:
    """Write a record to where it belongs."""
    write(ANY_RECORD.validate_python(run), runs / run["suite"] / run["machine"] / f"{run['model']}.json")


def measure() -> None:
    """Read the runs in the folder that the command line names, and print how long each part took."""
    folder, clock = Path(sys.argv[1]), [time.perf_counter()]

    def passed() -> float:
        clock.append(time.perf_counter())
        return clock[-1] - clock[-2]

    found = index(folder / "runs", folder / "_build" / "index.json")
    indexed = passed()
    rows = len(found.results) + len(found.runtimes)
    tables = passed()
    suite, machine = default_group(found.runs)
    here = in_runtime(found.records(machine, suite), ANY)
    frame, known = results(here), pairs(here)
    choice, on_front = recommend(frame, {}, known), front(frame, LATENCY, ACCURACY, known)
    recommended = passed()
    assert choice.chosen and on_front.any() and not found.problems
    own, largest = (resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        f"index {indexed:.1f} s, {rows:,} rows of tables {tables:.1f} s, recommendation {recommended:.1f} s, "
        f"together {indexed + tables + recommended:.1f} s, peak {own + processes(len(found.runs)) * largest:,.0f} MB"
    )


if __name__ == "__main__":
    main()
