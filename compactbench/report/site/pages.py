"""Which pages of runs belong to the book: those whose run finished."""

from pathlib import Path

import nbformat


def pages(book: Path) -> dict[str, bool]:
    """Whether each page of a run, by its path inside `book`, has a finished record and no error, and so belongs there.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    found = sorted((book / "runs").glob("*/*/*.ipynb"))
    return {str(page.relative_to(book)): page.with_suffix(".json").is_file() and not broken(page) for page in found}


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    found = nbformat.read(page, as_version=4).metadata.get("papermill")
    return found is not None and (bool(found.get("exception")) or found.get("end_time") is None)
