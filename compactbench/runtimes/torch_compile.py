"""torch through torch.compile, whose shapes may vary; on a GPU alone, where its minutes of warm-up can pay."""

from pathlib import Path

from compactbench.runtimes import Setup
from compactbench.runtimes.torch import Torch, TorchPredictor


class TorchCompile(Torch):
    """A network in torch, compiled at its first call."""

    name = "torch-compile"
    label = "torch.compile"
    precisions = {"cuda": ("bf16",)}

    def load(self, folder: Path, setup: Setup, max_length: int) -> TorchPredictor:
        """The network saved in `folder`, compiled at its first call."""
        predictor = super().load(folder, setup, max_length)
        predictor.compile()
        return predictor


RUNTIME = TorchCompile()
