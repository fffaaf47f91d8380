"""Numbers worked out from a record as its files hold it, with numpy, scipy and pyarrow alone: see recompute.py."""

from dataclasses import dataclass
from typing import Any

NOT_KEPT = "not kept"
"""The value of a cell that its record is too old to tell."""


@dataclass
class Run:
    """One record, one of its runtimes, and how far the logarithm of its machine's speed differs from run to run."""

    record: dict[str, Any]
    one: dict[str, Any]
    drift: float
    noisy: bool | None

    @property
    def known(self) -> bool:
        return self.record["weights"] != "random"

    @property
    def data(self) -> dict[str, Any]:
        return self.record["data"]

    def on(self, device: str) -> dict[str, Any] | None:
        """The same runtime and precision on that device."""
        wanted = (self.one["runtime"], self.one["precision"], device)
        return next((r for r in self.record["runtimes"] if (r["runtime"], r["precision"], r["device"]) == wanted), None)
