"""The page of a run: the template notebook as papermill executed it."""

from pathlib import Path
from typing import Annotated, Any

from nbformat.validator import iter_validate
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ValidationError

from compactbench.record import Record
from compactbench.record.json_file import read_json


def _raised(exception: object) -> None:
    if exception:
        raise ValueError("it ended in an error")


class Papermill(BaseModel):
    """What papermill says of a notebook that it executed to its end."""

    exception: Annotated[None, BeforeValidator(_raised)] = None
    start_time: AwareDatetime
    end_time: AwareDatetime
    duration: float
    parameters: dict[str, Any]


def whole(page: Path) -> Papermill:
    """What papermill says of the notebook `page`, of which every cell ran.

    Raises:
        ValueError: it is not whole; the message says why.
    """
    content = read_json(page)
    if any(True for _ in iter_validate(content, version=4)):
        raise ValueError("it is no notebook")
    try:
        told = Papermill.model_validate(content["metadata"].get("papermill"))
    except ValidationError as error:
        raise ValueError("papermill did not come to its end") from error
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    if not cells or any(cell["execution_count"] is None for cell in cells):
        raise ValueError("it has cells that did not run, or whose outputs were cleared")
    return told


def check_page(page: Path, record: Record) -> None:
    """Check that `page` is the whole page of the run that left `record`.

    Raises:
        ValueError: it is not; the message says why.
    """
    told = whole(page)
    own = {"suite": record.suite, "machine": record.machine, "model": record.model}
    if any(told.parameters.get(key, value) != value for key, value in own.items()):
        raise ValueError("it is another run's")
    if not told.start_time <= record.started_at <= told.end_time:
        raise ValueError("it is that of another start of this run")


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    return seconds(page) is None


def seconds(page: Path) -> float | None:
    """How long papermill took for the notebook `page`; None where it did not come to the end."""
    try:
        return whole(page).duration
    except ValueError:
        return None
