"""JSON files that may have been cut, damaged or written by others, read with care."""

import json
import stat
from pathlib import Path
from typing import Any

LARGEST_BYTES = 100_000_000
DEEPEST = 50
"""So many mappings and lists may lie within one another; records and pages have about ten."""
CONTAINERS = frozenset((dict, list))
KINDS = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder"}


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in the JSON file at `path`.

    Raises:
        ValueError: it is no such file; the message says why, without its name.
    """
    return parsed(read_bytes(path))


def parsed(file: bytes) -> dict[str, Any]:
    """The mapping in a JSON file of that content.

    Raises:
        ValueError: it is no such file; the message says why.
    """
    try:
        text = file.decode("utf-8")
        content = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_number)
        _check_depth(content)
        if "\\u" in text:  # only an escape can be half a sign, which no file can be written with
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeError as error:
        raise ValueError("it is no text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no whole JSON ({error.msg} in line {error.lineno})") from error
    if not isinstance(content, dict):
        raise ValueError("it holds no mapping")
    return content


def read_bytes(path: Path) -> bytes:
    """The content of a regular file: whatever else has a name there could lead elsewhere, or never end.

    Raises:
        ValueError: it is none, is too large or empty, or cannot be read; the message says why, without its name.
    """
    try:
        found = path.lstat()
        kind = stat.S_IFMT(found.st_mode)
        if kind != stat.S_IFREG:
            raise ValueError(f"it is {KINDS.get(kind, 'no regular file')}")
        if found.st_size > LARGEST_BYTES:
            raise ValueError(f"it has {found.st_size / 1e6:,.0f} MB, more than {LARGEST_BYTES / 1e6:,.0f}")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from error
    if not content.strip(b" \t\r\n\0"):  # zeros are what a power cut leaves
        raise ValueError("it is empty")
    return content


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r} stands in it twice")
    return content


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _check_depth(content: Any, levels: int = DEEPEST) -> None:
    """Refuse what is nested too deeply."""
    if not levels:
        raise RecursionError
    if type(content) in CONTAINERS:
        parts = content.values() if isinstance(content, dict) else content
        if not CONTAINERS.isdisjoint(map(type, parts)):  # most are thousands of numbers
            for part in parts:
                _check_depth(part, levels - 1)
