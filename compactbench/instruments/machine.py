"""What a run was measured on: hardware, versions, commit."""

import platform
import re
import subprocess
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version

import psutil

from compactbench import ROOT
from compactbench.instruments import cpu
from compactbench.instruments import gpu as card
from compactbench.record import Conditions, Device, Machine

PACKAGES = [
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "accelerate",
    "numpy",
    "scikit-learn",
    "model2vec",
    "onnxruntime",
    "openvino",
    "papermill",
]
"""The packages whose version can change a number."""


def machine() -> Machine:
    """The hardware and operating system of this machine."""
    ram = [int(found) for found in cpu.cgroup("memory.max") if found != "max"]
    return Machine(
        cpu=cpu.name(),
        cpu_identity=cpu.identity(),
        cpu_instructions=cpu.instructions(),
        cpu_caches=cpu.caches(),
        virtual=cpu.virtual(),
        thread_variables=cpu.thread_variables(),
        cores=cpu.cores(),
        ram_mb=psutil.virtual_memory().total / 1e6,
        os=_os_name(),
        governor=cpu.governor(),
        cpu_limit=cpu.limit(),
        ram_limit_mb=min(ram) / 1e6 if ram else None,
        **card.describe(),
    )


def default_machine() -> str:
    """The name of this machine's folder: a slug of its hardware such as `cpu-amd-epyc-2c` or `nvidia-h200`."""
    found = machine()
    name = str(found.gpu or "cpu " + found.cpu + f" {found.cores}c")
    noise = r"\((r|tm|c)\)|\bprocessor\b|\bcpu @.*ghz\b|\bwith .*|\bnvidia graphics\b"
    words = re.sub(noise, " ", name.lower())
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


def conditions(seed: int, devices: Collection[Device]) -> Conditions:
    """The conditions of a run, with a thread for each core.

    It trains on the GPU where that is one of the `devices` that its model can be trained on, and torch can use one.
    """
    commit, dirty = _git()
    found = machine()
    on_gpu = "cuda" in devices and found.gpu and not version("torch").endswith("+cpu")
    return Conditions(
        machine=found,
        device="cuda" if on_gpu else "cpu",
        threads=found.cores,
        seed=seed,
        versions=versions(),
        git_commit=commit,
        git_dirty=dirty,
    )


def versions() -> dict[str, str]:
    """The version of Python and of each of `PACKAGES` that is installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _os_name() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.machine()}"
    except OSError:
        return f"{platform.system()} {platform.release()}, {platform.machine()}"


def _git() -> tuple[str, bool] | tuple[None, None]:
    """Commit of the checkout and whether what decides the numbers differs from it; None outside a checkout."""

    def ask(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return ask("rev-parse", "HEAD"), bool(ask("status", "--porcelain", "--", "compactbench", "notebooks", "params"))
    except (OSError, subprocess.CalledProcessError):
        return None, None
