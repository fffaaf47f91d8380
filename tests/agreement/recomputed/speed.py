"""Times, rates, sizes and costs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import t

from recomputed import Run


def of_next_run(run: Run, processes: list[list[float]], statistic: Callable[..., Any]) -> Any:
    """A statistic of all samples, and the interval of what another run of as many processes would give."""
    if not processes:
        return None, None, None
    value, count = statistic(np.concatenate(processes)), len(processes)
    if count < 2:
        return value, None, None
    spread = np.std([np.log(statistic(process)) for process in processes], ddof=1)
    factor = np.exp(t.isf(0.025, count - 1) * np.hypot(spread * np.sqrt(2 / count), np.sqrt(2) * run.drift))
    return value, value / factor, value * factor


def latency(run: Run, q: float, device: str | None = None, cores: int | None = None) -> Any:
    one = run.on(device) if device else run.one
    calls = one["latency"] if one else []
    threads = cores or max((c["threads"] for c in calls), default=0)
    processes = [c["samples_ms"] for c in calls if c["threads"] == threads]
    if q == 99 and any(len(times) < 300 for times in processes):
        processes = []
    return of_next_run(run, processes, partial(np.percentile, q=q))


def tokenizing(run: Run) -> Any:
    calls = (run.on("cpu") or {"latency": []})["latency"]
    most = max((c["threads"] for c in calls), default=0)
    times = [time for c in calls if c["threads"] == most for time in c["tokenizer_ms"]]
    return np.median(times) if times else None


def by_length(run: Run) -> Any:
    return of_next_run(
        run, [c["samples_ms"] for c in (run.on("cpu") or {"latency_by_length": []})["latency_by_length"]], np.mean
    )


def speed(point: dict[str, Any], texts: int | None) -> float:
    """Texts per second; a pass holds so many, or one batch where that is larger or the record does not tell."""
    return max(texts or 0, point["batch_size"]) / float(np.median(point["samples_s"]))


def best(found: dict[str, Any]) -> dict[str, Any]:
    """Of the search, the batch size that further processes had; else the smallest within 3 % of the fastest."""
    sizes = {point["batch_size"] for point in found["again"]}
    speeds = {point["batch_size"]: speed(point, found.get("texts")) for point in found["points"]}
    sizes = sizes or {size for size, reached in speeds.items() if reached >= 0.97 * max(speeds.values())}
    return min((p for p in found["points"] if p["batch_size"] in sizes), key=lambda point: point["batch_size"])


def throughput(run: Run) -> Any:
    found = run.one["throughput"]
    points = (found["again"] or [best(found)]) if found else []
    return of_next_run(run, [[speed(point, found.get("texts"))] for point in points], np.median)


def energy(run: Run) -> float | None:
    """Of a million texts, Wh: all processes and passes count."""
    found = run.one["throughput"]
    points = (found["again"] or [best(found)]) if found else []
    taken = [point.get("energy_j") for point in points]
    if not points or None in taken:
        return None
    texts = [
        speed(point, found.get("texts")) * np.median(point["samples_s"]) * len(point["samples_s"]) for point in points
    ]
    return np.sum(taken) / 3600 / np.sum(texts) * 1e6


def training_energy(run: Run) -> float | None:
    taken = run.record["finetune"].get("energy_j")
    return taken / 3600 if run.known and taken is not None else None


def searched(read: Callable[[dict[str, Any]], Any]) -> Callable[[Run], Any]:
    return lambda run: read(run.one["throughput"]) if run.one["throughput"] else None


def seconds(run: Run) -> float | None:
    """Of a million texts."""
    value = throughput(run)[0]
    return 1e6 / value if value else None


def training(run: Run) -> float | None:
    return run.record["finetune"]["time_s"] if run.known else None


def cost(run: Run, time: float | None) -> float | None:
    price = run.record["settings"]["suite"].get("price_per_hour")
    return price * time / 3600 if price and time is not None else None


def times(factor: float | None, time: float | None) -> float | None:
    return factor * time if factor and time is not None else None


def cores(where: dict[str, Any]) -> int | None:
    """That were used, on a CPU."""
    return where["threads"] if where["device"] == "cpu" else None


def size(run: Run, names: str) -> float | None:
    one = run.one["artefact"]
    return sum(one["files"][name] for name in one[names]) / 1e6 if one else None


def memory(run: Run, *parts: str) -> float | None:
    return sum(run.one["memory"][part] for part in parts) if run.one["memory"] else None


def gpu(part: dict[str, Any] | None) -> float | None:
    return part["gpu"]["allocated_mb"] if part and part["gpu"] else None
