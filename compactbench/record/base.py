"""What every part of the record is made of."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the record: unknown keys are refused, and nothing changes after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Interval = tuple[float, float]
"""Lower and upper end."""
Weights = Literal["pretrained", "random", "none"]
Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]
