"""The page of a run: the template notebook, executed."""

from pathlib import Path

import nbformat


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    try:
        found = nbformat.read(page, as_version=4).metadata.get("papermill")
    except ValueError:  # killed while it wrote
        return True
    return found is not None and (bool(found.get("exception")) or found.get("end_time") is None)
