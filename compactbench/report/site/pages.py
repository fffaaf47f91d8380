"""Which pages of runs belong to the book: those whose run finished."""

from pathlib import Path

import nbformat


def unfinished(book: Path) -> list[str]:
    """Pages of runs that have no finished record, or end in an error, as paths inside `book`.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    pages = sorted((book / "runs").glob("*/*/*.ipynb"))
    return [str(page.relative_to(book)) for page in pages if not page.with_suffix(".json").is_file() or broken(page)]


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    found = nbformat.read(page, as_version=4).metadata.get("papermill")
    return found is not None and (bool(found.get("exception")) or found.get("end_time") is None)
