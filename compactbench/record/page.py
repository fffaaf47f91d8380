"""The page of a run: the template notebook as papermill executed it."""

from pathlib import Path

import nbformat


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    try:
        told = nbformat.read(page, as_version=4).metadata.get("papermill")
    except (ValueError, nbformat.ValidationError):  # killed while it wrote
        return True
    return told is not None and (bool(told.get("exception")) or told.get("end_time") is None)


def seconds(page: Path) -> float | None:
    """How long papermill took for the notebook `page`; None where it did not come to the end."""
    if broken(page):
        return None
    return nbformat.read(page, as_version=4).metadata.get("papermill", {}).get("duration")
