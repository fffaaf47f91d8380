"""Registries without a list: a folder's modules are its entries, and the name of a module is the name of its entry."""

import importlib
import pkgutil
from types import ModuleType

from compactbench.settings import SettingsError, nearest


def names(package: ModuleType) -> list[str]:
    """The entries of `package`: its modules, a dash where a module's name has an underscore."""
    return sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(package.__path__) if not found.ispkg)


def module(package: ModuleType, name: str) -> ModuleType:
    """The module of the entry `name`; its libraries are loaded now, and those of no other.

    Raises:
        ImportError: a library that it needs is not installed.
    """
    return importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}")


def check(package: ModuleType, name: str, where: str) -> None:
    """Check that `package` has an entry `name`.

    Raises:
        SettingsError: it has not; the message begins with `where`: file and key.
    """
    known = names(package)
    if name not in known:
        raise SettingsError(f"{where}: got {name!r}{nearest(name, known)}; accepted: {', '.join(known)}.")
