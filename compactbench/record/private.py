"""A page without the folders of the user, of which papermill and tracebacks tell."""

import json
import os
from pathlib import Path
from typing import Any

from compactbench.errors import own_paths, without_folders


def make_private(page: Path) -> None:
    """Take the folders of the user out of the notebook `page`; one that cannot be read stays as it is."""
    try:
        content = json.loads(page.read_text(encoding="utf-8"))
        given = content["metadata"]["papermill"]["parameters"]
        private = _private(content, own_paths(given.get("path") or given.get("model"), given.get("dataset")))
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return  # whoever reads it says why
    if private != content:
        partial = page.with_name(f".{page.name}.private")  # renamed when whole
        partial.write_text(json.dumps(private, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial, page)


def _private(value: Any, own: list[str]) -> Any:
    """`value` with every text in it made private."""
    if isinstance(value, str):
        return without_folders(value, own)
    if isinstance(value, list):
        return [_private(item, own) for item in value]
    if isinstance(value, dict):
        return {key: _private(item, own) for key, item in value.items()}
    return value
