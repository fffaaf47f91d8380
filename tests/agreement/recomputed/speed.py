"""Times, rates, sizes and costs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from recomputed import Run


def between(run: Run, processes: list[list[float]], statistic: Callable[..., Any], rate: bool = False) -> Any:
    """A statistic of all samples, and its interval over processes and states of the machine."""
    if not processes:
        return None, None, None
    value = statistic(np.concatenate(processes))
    if len(processes) < 2:
        return value, None, None
    samples, states = np.array(processes), np.array(run.drift * (1 + (len(run.drift) == 1)))

    def drawn(rows: np.ndarray, met: np.ndarray, axis: int) -> np.ndarray:
        found = statistic(samples[rows.astype(int)].reshape(*rows.shape[:-1], -1), axis=-1)
        return found / met[..., 0] if rate else found * met[..., 0]

    rng = np.random.default_rng(0)
    options = {"n_resamples": 999, "vectorized": True, "method": "percentile", "rng": rng}
    return value, *bootstrap((np.arange(len(samples)), states), drawn, **options).confidence_interval


def latency(run: Run, q: float, device: str | None = None, cores: int | None = None) -> Any:
    one = run.on(device) if device else run.one
    calls = one["latency"] if one else []
    threads = cores or max((c["threads"] for c in calls), default=0)
    return between(run, [c["samples_ms"] for c in calls if c["threads"] == threads], partial(np.percentile, q=q))


def tokenizing(run: Run) -> Any:
    calls = (run.on("cpu") or {"latency": []})["latency"]
    most = max((c["threads"] for c in calls), default=0)
    times = [time for c in calls if c["threads"] == most for time in c["tokenizer_ms"]]
    return np.median(times) if times else None


def by_length(run: Run) -> Any:
    return between(
        run, [c["samples_ms"] for c in (run.on("cpu") or {"latency_by_length": []})["latency_by_length"]], np.mean
    )


def speed(point: dict[str, Any]) -> float:
    return point["batch_size"] / float(np.median(point["samples_s"]))


def throughput(run: Run) -> Any:
    found = run.one["throughput"]
    points = [max(found["points"], key=speed), *found["again"]] if found else []
    return between(run, [[speed(point)] for point in points], np.median, rate=True)


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
