"""What lies on this machine: folders inside installed packages, and the hashes of files."""

import functools
import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from compactbench.settings import Package, SettingsError


def package_folder(package: Package, key: str) -> Path:
    """The folder of an installed package.

    Raises:
        SettingsError: the package is not installed, or has no such folder; the message names `key`.
    """
    try:
        folder = Path(str(distribution(package.name).locate_file(package.folder)))
    except PackageNotFoundError as error:
        raise SettingsError(
            f"key `{key}.name`: got {package.name!r}, which is not installed; accepted: a package of requirements.txt."
        ) from error
    if not folder.is_dir():
        raise SettingsError(f"key `{key}.folder`: got {package.folder!r}; accepted: a folder inside {package.name}.")
    return folder


def package_version(package: Package, key: str) -> str:
    """The name of an installed package with its version.

    Raises:
        SettingsError: as `package_folder` does.
    """
    package_folder(package, key)
    return f"{package.name} {distribution(package.name).version}"


def sha256(file: Path) -> str:
    """SHA-256 of the content of `file`; a process reads it again only when it was touched since."""
    now = file.stat()
    return _sha256(file, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


def sha256_of_all(files: Iterable[Path]) -> str:
    """SHA-256 of one file; of several, that of their sums and names: what `sha256sum FILES | sort | sha256sum` says."""
    found = [(sha256(file), file.name) for file in files]
    lines = "".join(sorted(f"{digest}  {name}\n" for digest, name in found))
    return found[0][0] if len(found) == 1 else hashlib.sha256(lines.encode()).hexdigest()


@functools.cache
def _sha256(file: Path, *touched: int) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
