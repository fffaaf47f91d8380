"""A probe of the process that answers with ONNX Runtime; apart from the others, which load torch."""

import sys
from pathlib import Path

from compactbench.runtimes import Setup, open_session


class Loaded:
    """It tells what it has loaded."""

    def __init__(self, folder: Path) -> None:
        self._session = open_session(Setup("onnxruntime", "int8", "cpu", 1), folder, 64)

    def shape(self, texts: list[str]) -> tuple[int, ...]:
        """The shape of the probabilities of `texts`."""
        return self._session.probabilities(texts, 2).shape

    def modules(self) -> set[str]:
        """Names of all top-level modules of this process."""
        return {name.partition(".")[0] for name in sys.modules}
