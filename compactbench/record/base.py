"""What every part of the record is made of."""

from typing import Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from compactbench.foreign import foreign


class Strict(BaseModel):
    """A part of the record: unknown keys are refused, nothing changes after it was made, and its texts are foreign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _foreign(cls, value: Any, info: ValidationInfo) -> Any:
        fixed = get_origin(cls.model_fields[str(info.field_name)].annotation) is Literal
        return value if fixed else foreign(value)


Interval = tuple[float, float]
"""Lower and upper end."""
Weights = Literal["pretrained", "random", "none"]
Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]
