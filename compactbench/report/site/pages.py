"""Which pages of runs belong to the book: those whose run finished."""

from pathlib import Path

from compactbench.record.page import broken


def unfinished(book: Path) -> list[str]:
    """Pages of runs that have no finished record, or end in an error, as paths inside `book`.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    pages = sorted((book / "runs").glob("*/*/*.ipynb"))
    return [str(page.relative_to(book)) for page in pages if not page.with_suffix(".json").is_file() or broken(page)]
