"""What answers with a saved model: one file per runtime, which declares itself.

A file is called as its runtime and holds `RUNTIME`, an object of a class derived from `Runtime`. It is loaded only
where that runtime is asked for, so it may import what it needs; what exports share lies in exports/.
"""

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from compactbench import registry
from compactbench.instruments.processor import Processor
from compactbench.instruments.session import Predictor, Session
from compactbench.record import Device, Precision
from compactbench.settings import SettingsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Setup:
    """One runtime as it is measured.

    Args:
        runtime: its name.
        precision: numeric format of weights or arithmetic.
        device: where it computes.
        threads: threads on the CPU.
        network: class that builds the saved network by its `from_pretrained`, as `module:Class`; for torch.
    """

    runtime: str
    precision: Precision
    device: Device
    threads: int
    network: str = ""


@dataclass(frozen=True)
class Trained:
    """A fine-tuned network, ready to be exported.

    Args:
        network: takes token ids, gives logits of shape (texts, classes).
        tokenizer: its tokenizer.
        texts: training texts, for those that calibrate.
        max_length: tokens; longer texts are cut.
    """

    network: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    texts: list[str]
    max_length: int


class Runtime(ABC):
    """A runtime: what it is called, what it needs, how it exports and loads a model."""

    name: ClassVar[str]
    label: ClassVar[str]
    """The name in tables and charts."""
    needs: ClassVar[tuple[str, ...]]
    """Packages without which a suite that asks for it goes without."""
    precisions: ClassVar[dict[Device, tuple[Precision, ...]]]
    """The precisions that it computes in on each device that it runs on."""
    formats: ClassVar[tuple[str, ...]] = ("transformers",)
    """Formats of saved models that it reads (`Classifier.format`)."""
    forked: ClassVar[bool] = False
    """Whether its timing processes may be forked from one that has loaded torch: most must never have seen it."""

    @abstractmethod
    def load(self, folder: Path, setup: Setup, max_length: int) -> Predictor:
        """The model saved in `folder`, ready to answer; longer texts are cut at `max_length` tokens."""

    def export(self, trained: Trained, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """Convert a network for this runtime; unless a runtime says otherwise, it reads the artefact as it was saved.

        Args:
            trained: the network.
            precision: one of `precisions`.
            exported: folder that takes what is measured and then thrown away.
            artefact: the saved folder that a user deploys.

        Returns:
            The folder that it reads from, and the files that it reads, as paths inside it.

        Raises:
            ValueError: the export does not give the network's answers.
        """
        return artefact, saved_files(artefact)

    def processor(self, device: Device) -> Processor:
        """The device that it computes on."""
        return Processor()


def names() -> list[str]:
    """The runtimes that there are."""
    return registry.names(sys.modules[__name__])


def get(name: str) -> Runtime | None:
    """The runtime `name`; None where a package that it needs is not installed."""
    try:
        runtime: Runtime = registry.module(sys.modules[__name__], name).RUNTIME
    except ImportError:
        return None
    return runtime if all(find_spec(package) for package in runtime.needs) else None


def installed(name: str) -> Runtime:
    """The runtime `name`.

    Raises:
        SettingsError: a package that it needs is not installed.
    """
    runtime = get(name)
    if runtime is None:
        raise SettingsError(f"the runtime {name} needs a package that is not installed: see pyproject.toml")
    return runtime


def open_session(setup: Setup, folder: Path, max_length: int, process: int = 0) -> Session:
    """The model in `folder`, loaded in this process as `setup` says, ready to be measured."""
    runtime = installed(setup.runtime)
    return Session(
        lambda: runtime.load(folder, setup, max_length),
        runtime.processor(setup.device),
        setup.threads,
        process,
    )


def setups(asked: list[str], model_format: str, device: Device, threads: int, network: str) -> list[Setup]:
    """Every setup of the `asked` runtimes that reads `model_format`, on the CPU and on `device`."""
    return [
        Setup(name, precision, place, threads, network)
        for name in asked
        if (runtime := get(name)) is not None and model_format in runtime.formats
        for place in dict.fromkeys(("cpu", device))
        for precision in runtime.precisions.get(place, ())
    ]


def saved_files(folder: Path) -> list[str]:
    """The files that lie in `folder` itself, as trained and saved."""
    return sorted(file.name for file in folder.iterdir() if file.is_file())
