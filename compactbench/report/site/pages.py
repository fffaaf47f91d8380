"""Which pages of runs belong to the book: those whose run finished."""

from pathlib import Path

import nbformat


def finished(book: Path) -> set[str]:
    """Pages of runs that have a finished record and no error, as paths inside `book`."""
    return {str(page.relative_to(book)) for page in _pages(book) if _whole(page)}


def unfinished(book: Path) -> list[str]:
    """All other pages of runs: a run by hand leaves its page wherever it ended, with an error or without a title."""
    return [str(page.relative_to(book)) for page in _pages(book) if not _whole(page)]


def _pages(book: Path) -> list[Path]:
    return sorted((book / "runs").glob("*/*/*.ipynb"))


def _whole(page: Path) -> bool:
    return page.with_suffix(".json").is_file() and not broken(page)


def broken(page: Path) -> bool:
    """Whether papermill ended the notebook `page` in an error, or was killed on the way."""
    found = nbformat.read(page, as_version=4).metadata.get("papermill")
    return found is not None and (bool(found.get("exception")) or found.get("end_time") is None)
