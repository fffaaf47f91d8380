"""Stand-ins for the driver of CUDA and for NVML, because no test may need a card."""

import itertools
import uuid
from types import SimpleNamespace
from typing import Any

FIRST, SECOND = (str(uuid.UUID(int=number)) for number in (1, 2))
"""UUIDs of cards."""


class Cuda:
    """CUDA's driver, which shows the cards of these UUIDs in this order."""

    def __init__(self, *shown: str) -> None:
        self._shown = shown

    def cuInit(self, flags: int) -> int:
        return 0 if self._shown else 100  # CUDA_ERROR_NO_DEVICE

    def cuDeviceGet(self, device: Any, number: int) -> int:
        device._obj.value = number
        return 0

    def cuDeviceGetUuid_v2(self, found: Any, device: Any) -> int:
        found.raw = uuid.UUID(self._shown[device.value]).bytes
        return 0


class Nvml:
    """One card, with the processes that compute on it, what it holds, and what it answers reading by reading."""

    NVML_CLOCK_SM = 1

    class NVMLError(Exception):
        """What NVML raises."""

    def __init__(
        self,
        *processes: tuple[int, int | None],
        name: str = f"GPU-{FIRST}",
        used: int = 500 * 10**6,
        busy: tuple[int, ...] = (0,),
        clocks: tuple[int, ...] = (1980,),
        reasons: int = 0,
        energy_mj: tuple[int, ...] = (0,),
    ) -> None:
        self._processes = [SimpleNamespace(pid=pid, usedGpuMemory=taken) for pid, taken in processes]
        self._name, self._used, self._reasons = name, used, reasons
        self._busy, self._clocks, self._energy = map(self._readings, (busy, clocks, energy_mj))

    @staticmethod
    def _readings(values: tuple[int, ...]) -> Any:
        return itertools.chain(values, itertools.repeat(values[-1]))

    def nvmlInit(self) -> None: ...

    def nvmlShutdown(self) -> None: ...

    def nvmlDeviceGetHandleByUUID(self, name: str) -> str:
        if name != self._name:
            raise self.NVMLError("Not Found")
        return name

    def nvmlDeviceGetUUID(self, handle: str) -> str:
        return handle

    def nvmlDeviceGetName(self, handle: str) -> str:
        return "NVIDIA H200"

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:
        return SimpleNamespace(total=150 * 10**9, used=self._used)

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.1"

    def nvmlDeviceGetMaxClockInfo(self, handle: str, kind: int) -> int:
        return 1980

    def nvmlDeviceGetClockInfo(self, handle: str, kind: int) -> int:
        return next(self._clocks)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: str) -> int:
        return 700_000

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:
        return 250_500

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        return next(self._energy)

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:
        return self._reasons

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> SimpleNamespace:
        return SimpleNamespace(gpu=next(self._busy))

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:
        return self._processes


class PartOfACard(Nvml):
    """A card that is divided (MIG): a part has memory, and no clock, power, energy or load of its own."""

    def __init__(self, *processes: tuple[int, int | None]) -> None:
        super().__init__(*processes, name=f"MIG-{FIRST}")

    def refuse(self, *_: object) -> None:
        raise self.NVMLError("Not Supported")

    nvmlDeviceGetMaxClockInfo = nvmlDeviceGetClockInfo = nvmlDeviceGetEnforcedPowerLimit = refuse
    nvmlDeviceGetTotalEnergyConsumption = refuse
    nvmlDeviceGetPowerUsage = nvmlDeviceGetCurrentClocksEventReasons = nvmlDeviceGetUtilizationRates = refuse
