"""Do the published tables follow from the records?

    python tests/agreement/recompute.py [--tables FOLDER] RECORDS...

Recomputes each cell of results.csv and runtimes.csv (in FOLDER; else in the built site) from RECORDS, files or folders
of them, with numpy, scipy and pyarrow alone and nothing of the package. What a record holds as one measured number,
such as a time of training or a peak of memory, is read; all else is worked out from what lies below it: accuracy from
predicted classes, loss from probabilities, a median from calls.

Names each cell that differs by more than 1e-9, each row without its record, each column that nothing here works out,
and what records of earlier versions did not keep. Exits with 1 unless all that was kept agrees.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from recomputed import NOT_KEPT, Run, files, quality, speed
from scipy.stats import norm, t

SITE = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
WITHIN = 1e-9
ENDS = ("", "_low", "_high")
"""What the columns of an estimate end in."""
Columns = dict[str, Callable[[Run], Any]]


def of_record(*keys: str) -> Callable[[Run], Any]:
    """Reads what stands there in the record."""

    def read(run: Run) -> Any:
        value: Any = run.record
        for key in keys:
            value = value[key]
        return value

    return read


def of_runtime(key: str) -> Callable[[Run], Any]:
    return lambda run: run.one[key]


def digest(run: Run) -> str:
    return hashlib.sha256(json.dumps(run.record["fingerprint"], sort_keys=True).encode()).hexdigest()


def majority(run: Run) -> float:
    """The accuracy of always answering the class that most training texts are of."""
    return run.data["test_counts"][int(np.argmax(run.data["train_counts"]))] / sum(run.data["test_counts"])


WHO: Columns = {name: of_record(name) for name in ("suite", "machine", "model")}
SHARED: Columns = {
    "cpu_s_per_million_texts": lambda run: speed.times(speed.cores(run.one), speed.seconds(run)),
    "cost_per_million_texts": lambda run: speed.cost(run, speed.seconds(run)),
    "energy_wh_per_million_texts": speed.energy,
    "throughput_sentences_per_s": speed.throughput,
    "load_time_s": of_runtime("load_time_s"),
}
RESULTS: Columns = {
    **WHO,
    **SHARED,
    **{name: of_record(name) for name in ("title", "model_name", "revision", "weights", "status")},
    "kind": of_record("classifier", "kind"),
    "classifier": of_record("classifier", "label"),
    "fine_tuned": of_record("classifier", "fine_tuned"),
    "baseline": of_record("classifier", "baseline"),
    "edited": of_record("finetune", "edited"),
    "undertrained": quality.undertrained,
    "seed": of_record("conditions", "seed"),
    "device": of_record("conditions", "device"),
    "precision": of_runtime("precision"),
    "runtime": lambda run: None if run.one["error"] else run.one["runtime"],
    "fingerprint": digest,
    "noisy": lambda run: run.noisy,
    "parameters": of_record("parameters", "total"),
    "active_parameters": of_record("parameters", "active"),
    **{
        f"finetune_{name}": of_record("finetune", name)
        for name in ("time_s", "steps", "samples_per_s", "epoch_time_s", "epoch_derived", "peak_ram_mb")
    },
    "finetune_cpu_s": lambda run: speed.times(speed.cores(run.record["conditions"]), speed.training(run)),
    "finetune_cost": lambda run: speed.cost(run, speed.training(run)),
    "finetune_energy_wh": speed.training_energy,
    "finetune_peak_gpu_mb": lambda run: speed.gpu(run.record["finetune"]),
    "inference_peak_gpu_mb": lambda run: speed.gpu(run.one["memory"]),
    "inference_peak_ram_mb": lambda run: speed.memory(run, "peak_ram_mb"),
    "artefact_size_mb": lambda run: speed.size(run, "files"),
    "weights_size_mb": lambda run: speed.size(run, "weights_files"),
    **{f"cpu_latency_p{q}_ms": lambda run, q=q: speed.latency(run, q, "cpu") for q in (50, 90, 95, 99)},
    "cpu_latency_1core_p50_ms": lambda run: speed.latency(run, 50, "cpu", cores=1),
    **{f"gpu_latency_p{q}_ms": lambda run, q=q: speed.latency(run, q, "cuda") for q in (50, 95)},
    "tokenizer_p50_ms": speed.tokenizing,
    "latency_by_length_ms": speed.by_length,
    "throughput_device": lambda run: run.one["device"] if run.one["throughput"] else None,
    "throughput_batch_size": speed.searched(lambda found: speed.best(found)["batch_size"]),
    "max_batch_size": speed.searched(lambda found: found["points"][-1]["batch_size"]),
    "throughput_stopped_by": speed.searched(lambda found: found["stopped_by"]),
    "eval_accuracy": quality.accuracy,
    "eval_macro_f1": quality.macro_f1,
    "eval_loss": quality.loss,
    "eval_ece": quality.calibration,
    "unbalanced": lambda run: max(run.data["test_counts"]) > 2 * min(run.data["test_counts"]),
    "majority_accuracy": majority,
    "majority_macro_f1": lambda run: 2 * majority(run) / (1 + majority(run)) / len(run.data["classes"]),
    "seeds": lambda run: quality.seeds(run, len, least=1),
    "eval_accuracy_mean": lambda run: quality.seeds(run, np.mean),
    "eval_accuracy_std": lambda run: quality.seeds(run, lambda found: np.std(found, ddof=1)),
    "error": lambda _: None,
}
RUNTIMES: Columns = {
    **WHO,
    **SHARED,
    **{name: of_runtime(name) for name in ("runtime", "label", "device", "precision", "error")},
    "latency_p50_ms": lambda run: speed.latency(run, 50),
    "latency_p95_ms": lambda run: speed.latency(run, 95),
    "size_mb": lambda run: speed.size(run, "files"),
    "peak_ram_mb": lambda run: speed.memory(run, "peak_ram_mb", "baseline_ram_mb"),
    "eval_accuracy": quality.own_accuracy,
    "agreement": quality.agreement,
    "status": lambda run: "failed" if run.one["error"] else "ok",
}


TABLES: dict[str, tuple[Columns, tuple[str, ...]]] = {
    "results.csv": (RESULTS, tuple(WHO)),
    "runtimes.csv": (RUNTIMES, (*WHO, "runtime", "device", "precision")),
}
"""The columns of each, and those that tell its rows apart."""


def main() -> None:
    """Print what differs and what was not kept, then how much agrees."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=Path, default=SITE, help="folder with results.csv and runtimes.csv")
    parser.add_argument("records", type=Path, nargs="+")
    given = parser.parse_args()
    paths = [file for path in given.records for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    records = [files.read(path) for path in paths]
    agree, faults, old = 0, [], Counter[str]()
    for name, (columns, by) in TABLES.items():
        expected = {tuple(row[key] for key in by): row for row in rows(records, name, columns)}
        with (given.tables / name).open(encoding="utf-8", newline="") as file:
            published = list(csv.DictReader(file))
        for row in published:
            who = tuple(row[key] for key in by)
            wanted = expected.pop(who, None)
            if wanted is None:
                faults.append(f"{name}: no record of {who}")
                continue
            for column, text in row.items():
                if column not in wanted:
                    faults.append(f"{name}: nothing here works out {column}")
                elif wanted[column] is NOT_KEPT:
                    old[f"{name}: {column}"] += 1
                elif same(text, wanted[column]):
                    agree += 1
                else:
                    faults.append(f"{name}: {who} {column}: published {text!r}, recomputed {wanted[column]!r}")
        faults += [f"{name}: no row of {who}" for who in expected]
    faults = list(dict.fromkeys(faults))
    for fault in faults:
        print(fault)
    for column, count in old.items():
        print(f"not kept, so not recomputed: {column}, {count} rows")
    print(f"{agree} cells agree within {WITHIN:g}, {len(faults)} faults, {sum(old.values())} cells were not kept")
    sys.exit(int(bool(faults)))


def rows(records: list[dict[str, Any]], name: str, columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows of a table as they must be; of a run that failed, what is known of it."""
    finished = [record for record in records if record["status"] == "ok"]
    windows = defaultdict(list)
    for record in finished:
        windows[record["machine"]] += medians(record)
    usual = {machine: np.median(found) for machine, found in windows.items() if found}
    states = defaultdict(list)
    for record in finished:
        if found := medians(record):
            states[record["machine"]].append(np.log(np.median(found)))
    drift = {machine: np.std(found, ddof=1) for machine, found in states.items() if len(found) > 1}
    estimates = between_sessions(finished), between_suites(finished)
    for machine in {*estimates[0], *estimates[1]}:
        drift[machine] = max(found.get(machine, 0.0) for found in estimates)
    for record in records:
        if record["status"] == "ok":
            found = np.array(medians(record))
            slowed = found > 1.25 * usual[record["machine"]] if len(found) else found
            loaded = [window["others"] + window["steal"] > 0.1 for window in record.get("load", [])]
            noisy = any(np.mean(one) > 0.1 for one in (slowed, loaded) if len(one)) if len(found) else None
            for one in record["runtimes"][: 1 if name == "results.csv" else None]:
                yield cells(columns, Run(record, one, drift.get(record["machine"], 0.0), noisy))
        elif name == "results.csv":
            known = {"error": f"{record['stage']}: {record['error']}"}
            yield {column + end: None for column in columns for end in ENDS} | record | known


def between_suites(records: list[dict[str, Any]]) -> dict[str, float]:
    """The same, by how far runs of several suites lie apart that timed one fine-tuned transformer on one machine."""
    times = defaultdict(list)
    for record in records:
        began = datetime.fromisoformat(record["started_at"]).timestamp()
        asked = [record["fingerprint"]["settings"].get("sentence"), json.dumps(record["fingerprint"]["versions"])]
        for one in record["runtimes"] if record["classifier"]["fine_tuned"] else []:
            most = max((calls["threads"] for calls in one["latency"]), default=0)
            logs = np.log([np.median(c["samples_ms"]) for c in one["latency"] if c["threads"] == most])
            if len(logs) > 1:
                where = (record["machine"], record["model"], one["runtime"], one["precision"], one["device"])
                times[(*where, *asked)].append((began, logs.mean(), np.var(logs, ddof=1) / len(logs)))
    states = defaultdict(list)
    for (machine, *_), found in times.items():
        began, means, noises = np.array(sorted(found)).T
        hours = np.split(np.arange(len(began)), np.flatnonzero(np.diff(began) > 3600) + 1)
        if len(hours) > 2:
            variance = np.var([means[hour].mean() for hour in hours], ddof=1)
            noise = np.mean([noises[hour].sum() / len(hour) ** 2 for hour in hours])
            states[machine].append(variance * (t.isf(0.025, len(hours) - 1) / norm.isf(0.025)) ** 2 - noise)
    return {machine: np.sqrt(max(0.0, np.mean(found))) for machine, found in states.items()}


def between_sessions(records: list[dict[str, Any]]) -> dict[str, float]:
    """Standard deviation of a run's own state on each machine whose runs have two sessions, by their difference."""
    apart = defaultdict(list)
    for record in records:
        for one in record["runtimes"] if "first_session" in record["stage_seconds"] else []:
            most = max((calls["threads"] for calls in one["latency"]), default=0)
            logs = np.log([np.median(c["samples_ms"]) for c in one["latency"] if c["threads"] == most])
            sessions = np.array_split(logs, 2)  # of an odd number the first has one more
            if len(sessions[1]) > 1:
                noise = sum(np.var(session, ddof=1) / len(session) for session in sessions)
                apart[record["machine"]].append(((sessions[0].mean() - sessions[1].mean()) ** 2 - noise) / 4)
    return {machine: np.sqrt(max(0.0, np.mean(found))) for machine, found in apart.items()}


def medians(record: dict[str, Any]) -> list[float]:
    """The median time of the fixed work around each measurement, ms."""
    return [float(np.median(window["samples_ms"])) for window in record["fixed_work"]]


def cells(columns: Columns, run: Run) -> dict[str, Any]:
    """A row: an estimate makes three cells."""
    row = {}
    for column, read in columns.items():
        value = read(run)
        if isinstance(value, tuple):
            row |= {column + end: part for end, part in zip(ENDS, value, strict=True)}
        else:
            row[column] = value
    return row


def same(text: str, value: Any) -> bool:
    """Whether a published cell says what was worked out."""
    if value is None or isinstance(value, bool | str):
        return text == ("" if value is None else str(value))
    return bool(text) and abs(float(text) - value) <= WITHIN * max(1.0, abs(value))


if __name__ == "__main__":
    main()
