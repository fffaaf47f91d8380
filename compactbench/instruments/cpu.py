"""The CPU: which one it is, what it can do, and how much of it this process may use."""

import os
import platform
import re
from pathlib import Path

DECIDING = {
    *("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"),
    *("asimddp", "i8mm", "bf16", "sve"),
}
"""Instructions, as Linux calls them, that decide how fast matrices are multiplied."""
THREADS = re.compile(r"(OMP|GOMP|KMP|MKL|OPENBLAS|VECLIB)_\w*(THREADS|AFFINITY|POLICY|BIND|PLACES|DYNAMIC|BLOCKTIME)")
"""Variables by which libraries set their threads."""
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CGROUPS, _OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_CPUINFO = Path("/proc/cpuinfo")


def usable() -> list[int]:
    """Numbers of the cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def cores() -> int:
    """Cores that this process may use, and that its control group grants it the time of."""
    granted = limit()
    return len(usable()) if granted is None else max(1, min(len(usable()), int(granted)))


def limit() -> float | None:
    """Cores whose time the control group grants; None without a limit."""
    quotas = [text.split() for text in cgroup("cpu.max")]
    return min((int(quota) / int(period) for quota, period in quotas if quota != "max"), default=None)


def cgroup(name: str) -> list[str]:
    """What this process's control group (version 2) and those around it say of a limit; none where they say nothing."""
    own = re.search(r"^0::/(.*)$", _OWN_CGROUP.read_text(), re.MULTILINE) if _OWN_CGROUP.is_file() else None
    inner = _CGROUPS / (own[1] if own else "")
    files = [folder / name for folder in (inner, *inner.parents) if folder.is_relative_to(_CGROUPS)]
    return [file.read_text().strip() for file in files if file.is_file()]


def name() -> str:
    """The name of the CPU's model."""
    return _told("model name") or platform.processor() or platform.machine()


def identity() -> str | None:
    """Maker, family, model and stepping, which tell apart what bears one name; None where Linux does not tell them."""
    maker, family, model, stepping = (_told(key) for key in ("vendor_id", "cpu family", "model", "stepping"))
    return f"{maker}, family {family}, model {model}, stepping {stepping}" if family else None


def instructions() -> list[str]:
    """Those of `DECIDING` that it has."""
    return sorted(DECIDING & set((_told("flags") or _told("Features") or "").split()))


def virtual() -> bool:
    """Whether a hypervisor says that this is a virtual machine."""
    return "hypervisor" in (_told("flags") or "").split()


def caches() -> list[str]:
    """The caches that its first core has or shares, such as "L2 512K"."""
    found = []
    for folder in sorted(_CACHES.glob("index*")):
        level, kind, size = ((folder / file).read_text().strip() for file in ("level", "type", "size"))
        found.append(f"L{level}{'' if kind == 'Unified' else kind[0].lower()} {size}")
    return found


def governor() -> str | None:
    """The frequency governor of the first core; None where it cannot be read."""
    file = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return file.read_text().strip() if file.is_file() else None


def thread_variables() -> dict[str, str]:
    """The variables of the environment by which libraries set their threads."""
    return {key: value for key, value in sorted(os.environ.items()) if THREADS.fullmatch(key)}


def _told(key: str) -> str | None:
    """What Linux says of the first core under `key`."""
    found = re.search(rf"^{key}\s*:\s*(.+)$", _CPUINFO.read_text(), re.MULTILINE) if _CPUINFO.is_file() else None
    return " ".join(found[1].split()) if found else None
