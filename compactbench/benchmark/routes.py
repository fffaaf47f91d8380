"""The ways to serve an artefact: a runtime with its arithmetic, on a device."""

from dataclasses import dataclass
from importlib.util import find_spec

from compactbench.record import Device, Precision, RuntimeName
from compactbench.settings import Model

SERVERS: dict[RuntimeName, str] = {
    "torch": "compactbench.runtimes.serve_torch:Server",
    "torch-compile": "compactbench.runtimes.serve_torch:CompiledServer",
    "onnxruntime": "compactbench.runtimes.serve_onnx:Server",
    "openvino": "compactbench.runtimes.serve_openvino:Server",
    "scikit-learn": "compactbench.runtimes.serve_sklearn:Server",
}
"""The class that serves each runtime; its module loads what that runtime needs, and nothing of the others."""


@dataclass(frozen=True)
class Route:
    """One way to serve an artefact.

    Args:
        runtime: what computes.
        precision: numeric format of its weights or arithmetic.
        device: cpu or cuda.
        threads: threads that it may use on the CPU.
    """

    runtime: RuntimeName
    precision: Precision
    device: Device
    threads: int

    @property
    def server(self) -> str:
        """The class that serves it, as `FreshProcess` takes it."""
        return SERVERS[self.runtime]

    @property
    def forked(self) -> bool:
        """Whether its processes may start from one that has loaded torch: others must never have seen it."""
        return self.runtime not in ("onnxruntime", "openvino")


def main_routes(model: Model, device: Device, threads: int) -> list[Route]:
    """How the model itself is served, in fp32: on all cores of the CPU, on one of them, and on the GPU."""
    if model.kind == "tfidf":
        return [Route("scikit-learn", "fp32", "cpu", count) for count in dict.fromkeys((threads, 1))]
    found = [Route("torch", "fp32", "cpu", count) for count in dict.fromkeys((threads, 1))]
    return found + ([Route("torch", "fp32", "cuda", threads)] if device == "cuda" else [])


def further_routes(model: Model, asked: list[RuntimeName], device: Device, threads: int, bf16: bool) -> list[Route]:
    """The other ways to serve a transformer, of the runtimes that the suite asks for.

    Args:
        model: the contender; the floor has no other way.
        asked: runtimes; one whose package is not installed is left out.
        device: cuda adds the routes of a GPU.
        threads: threads on the CPU.
        bf16: whether the CPU computes in bf16 itself.
    """
    if model.kind == "tfidf":
        return []
    found = [Route("torch", "bf16", "cpu", threads)] if bf16 else []
    found += [Route("onnxruntime", precision, "cpu", threads) for precision in ("fp32", "int8")]
    if find_spec("openvino") and find_spec("nncf"):
        found += [Route("openvino", precision, "cpu", threads) for precision in ("fp32", "int8")]
    if device == "cuda":
        found += [Route("torch", precision, "cuda", threads) for precision in ("bf16", "fp16")]
        found += [Route("torch-compile", "bf16", "cuda", threads)]
    return [route for route in found if route.runtime in asked]
