"""A page without the folders of the user, of which papermill and tracebacks tell."""

import json
import os
from pathlib import Path

from compactbench.errors import own_paths, without_folders


def make_private(page: Path) -> None:
    """Take the folders of the user out of the notebook `page`; one that cannot be read stays as it is."""
    try:
        text = page.read_text(encoding="utf-8")
        given = json.loads(text)["metadata"]["papermill"]["parameters"]
        private = without_folders(text, own_paths(given.get("path"), given.get("dataset")))
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return  # whoever reads it says why
    if private != text:
        partial = page.with_name(f".{page.name}.private")  # renamed when whole
        partial.write_text(private, encoding="utf-8")
        os.replace(partial, page)
