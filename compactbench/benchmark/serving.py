"""One artefact by every way to serve it: the ways take turns, each in fresh processes of its own."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compactbench.benchmark.process import FreshProcess
from compactbench.benchmark.routes import Route
from compactbench.instruments.quality import quality
from compactbench.record import Artefact, LatencySamples, LengthSamples, Runtime, Serving, Throughput
from compactbench.settings import Suite

WEIGHTS = (".safetensors", ".onnx", ".joblib", ".bin")
"""Endings of files that hold weights."""


@dataclass
class Served:
    """What is known of one way to serve the artefact.

    Args:
        route: the way.
        folder: the artefact as this way reads it.
        files: those of its files that this way reads, as paths inside it.
        error: why the contender cannot be served so; only a further way may have one.
    """

    route: Route
    folder: Path
    files: list[str] = field(default_factory=list)
    error: str | None = None
    predicted: np.ndarray | None = None  # class of each test text
    parts: dict[str, Any] = field(default_factory=dict)


class Bench:
    """Measures the ways to serve one artefact.

    Args:
        suite: how often, how long, with which sentence.
        texts: the test texts that are classified again after a conversion.
        labels: their classes.
        log: file that takes the processes' output.
        watched: times the fixed work around the measurement of a stage.
    """

    def __init__(
        self,
        suite: Suite,
        texts: list[str],
        labels: list[int],
        log: Path,
        watched: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._suite, self._texts, self._labels, self._log, self._watched = suite, texts, labels, log, watched

    def size(self, served: Served) -> None:
        """Size of the files that this way reads."""
        sizes = {name: (served.folder / name).stat().st_size for name in sorted(served.files)}
        served.parts["artefact"] = Artefact(files=sizes, weights_files=[name for name in sizes if _holds_weights(name)])

    def start(self, served: Served, longest: list[str], again: bool = False) -> None:
        """Time to the first answer and peak memory of one batch of the `longest` texts, in one fresh interpreter.

        With `again` it classifies the test texts afterwards: a conversion may have changed the model.
        """
        suite = self._suite
        begun = time.perf_counter()
        with self._process(served, forked=False) as server:
            server.call("probabilities", [suite.sentence], 1)
            served.parts["load_time_s"] = time.perf_counter() - begun
            served.parts["inference_memory"] = server.call("memory", longest)
            if not again:
                return
            # dynamic quantization scales by all that is in a batch: alone, a text gets what a user will get for it
            size = 1 if served.route.precision == "int8" else suite.eval_batch_size
            begun = time.perf_counter()
            found = server.call("probabilities", self._texts, size)
            took = time.perf_counter() - begun
        served.parts["quality"] = quality(found, self._labels, took)
        served.predicted = found.argmax(axis=1)

    def latency(self, served: Served, process: int, texts: list[str] | None) -> None:
        """One process's calls with the fixed sentence, and with each of the `texts` where they are given."""
        fixed: list[LatencySamples] = served.parts.setdefault("latency", [])
        real: list[LengthSamples] = served.parts.setdefault("latency_by_length", [])
        with self._watched("latency"), self._process(served, process) as server:
            fixed.append(server.call("latency", self._suite.sentence, self._suite.latency_calls))
            if texts:
                real.append(server.call("latency_by_length", texts))

    def throughput(self, served: Served, texts: list[str], cap: int, repeats: int) -> None:
        """Sentences per second against batch size in one process, and at the best size in `repeats` further ones."""
        with self._watched("throughput"), self._process(served) as server:
            found: Throughput = server.call("throughput", texts, cap)
        best = max(found.points, key=lambda point: point.sentences_per_s).batch_size
        again = []
        for process in range(1, 1 + repeats):
            with self._watched("throughput"), self._process(served, process) as server:
                again.append(server.call("batches", texts, best))
        served.parts["throughput"] = found.model_copy(update={"again": again})

    def _process(self, served: Served, process: int = 0, forked: bool = True) -> FreshProcess:
        route = served.route
        given = (served.folder, route.precision, route.device, route.threads, self._suite.max_length, process)
        return FreshProcess(route.server, self._log, forked=forked and route.forked).create(*given)


def runtime(served: Served, predicted: np.ndarray | None) -> Runtime:
    """A further way as the record keeps it.

    Args:
        served: what was measured.
        predicted: class that torch in fp32 gave each test text.
    """
    route, agreement = served.route, None
    if served.error is None and predicted is not None:
        agreement = float((served.predicted == predicted).mean())
    return Runtime(
        runtime=route.runtime,
        precision=route.precision,
        device=route.device,
        served=None if served.error else Serving(**served.parts),
        agreement=agreement,
        error=served.error,
    )


def _holds_weights(name: str) -> bool:
    return name.endswith(WEIGHTS)
