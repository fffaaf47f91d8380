"""What every part of the record is made of: types that accept only what can have been measured."""

import functools
from collections.abc import Iterable
from types import NoneType
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from compactbench.foreign import foreign
from compactbench.settings import Name as Name

LARGEST = 10**15
"""No count, time or size is larger: sums of them stay finite, and fit a column of whole numbers."""
ROUNDING = 1e-6
"""So far beyond its bound a share or a loss may be, because probabilities are sums of rounded numbers."""
RAW: Final = "raw"
Kept = TypeVar("Kept")
Raw = Annotated[Kept, RAW]
"""Raw samples, or what was said of each text. In a file they lie beside the record: see samples.py."""


def _may_lie_beside(schema: dict[str, Any], part: type["Strict"]) -> None:
    """Ask for none of the raw samples in a record's own file."""
    schema["required"] = [name for name in schema.get("required", []) if not is_raw(part, name)]


class Strict(BaseModel):
    """A part of the record: unknown keys are refused, nothing changes after it was made, and its texts are foreign.

    Only a name, and a word of a fixed vocabulary, can hold nothing that a page or a terminal would obey.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, json_schema_extra=_may_lie_beside)

    @field_validator("*")
    @classmethod
    def _foreign(cls, value: Any, info: ValidationInfo) -> Any:
        return foreign(value) if _may_hold_text(cls, str(info.field_name)) else value


def is_raw(part: type[Strict], name: str) -> bool:
    """Whether the field of that name holds raw samples."""
    return RAW in part.model_fields[name].metadata


@functools.cache  # a record has thousands of parts
def _may_hold_text(part: type[Strict], name: str) -> bool:
    field = part.model_fields[name]
    harmless = get_origin(field.annotation) is Literal or get_args(Name)[1] in field.metadata
    return not harmless and _textual(field.annotation)


def _textual(annotation: Any) -> bool:
    """Whether values of that type may hold text: all but numbers, and parts that see to their own."""
    if get_origin(annotation) is Annotated:
        return _textual(get_args(annotation)[0])
    if parts := get_args(annotation):
        return any(map(_textual, parts))
    return not (isinstance(annotation, type) and issubclass(annotation, int | float | NoneType | Strict))


Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError("accepted: a lower and an upper end, in this order")
    return ends


Interval = Annotated[tuple[Finite, Finite], AfterValidator(_rising)]
"""Lower and upper end. An interval that was drawn need not hold the estimate."""
Share = Annotated[float, Field(ge=0, le=1 + ROUNDING)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
"""How many of something that is there."""
Amount = Annotated[float, Field(ge=-ROUNDING, le=LARGEST)]
"""A size or a loss, which may be nothing."""
Positive = Annotated[float, Field(ge=1e-9, le=LARGEST)]
"""A time or a rate, in any unit: never 0, so that it can be divided by."""
Numbers = Annotated[str, Field(pattern="^[0-9]{1,5}( [0-9]{1,5})*$")]
"""Whole numbers with blanks between them, one for each text or class: in JSON a list has a line for each of them."""
Weights = Literal["pretrained", "random", "none"]
Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]


def joined(numbers: Iterable[int]) -> str:
    """Whole numbers as `Numbers`."""
    return " ".join(str(int(number)) for number in numbers)


def parted(numbers: str) -> list[int]:
    """The whole numbers of `Numbers`."""
    return [int(number) for number in numbers.split()]


def signs(true: str, predicted: str) -> str:
    """1 for each text whose predicted class is the true one, else 0; both are `Numbers`, and the first texts count."""
    return "".join("01"[one == other] for one, other in zip(true.split(), predicted.split(), strict=False))
