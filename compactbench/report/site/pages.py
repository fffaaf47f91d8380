"""Which pages of runs belong to the book: those whose run finished."""

from pathlib import Path

from compactbench.record.page import broken


def pages(book: Path) -> dict[str, bool]:
    """Whether each page of a run, by its path inside `book`, has a finished record and no error, and so belongs there.

    A run by hand leaves its page wherever it ended: in the book it would show an error, or lack the title.
    """
    found = sorted((book / "runs").glob("*/*/*.ipynb"))
    return {str(page.relative_to(book)): page.with_suffix(".json").is_file() and not broken(page) for page in found}
