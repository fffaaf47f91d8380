"""Which machine it is, how much of it a run may use, and what else keeps it busy."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.factory import MACHINE, make_record

from compactbench.benchmark import plan
from compactbench.instruments import cpu, load
from compactbench.record.file import write
from compactbench.report.tables.results import results
from compactbench.settings import SettingsError

EPYC = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC
stepping\t: 1
flags\t\t: fpu avx avx2 hypervisor

processor\t: 1
vendor_id\t: GenuineIntel
"""
GRAVITON = "processor\t: 0\nFeatures\t: fp asimddp i8mm bf16\nCPU part\t: 0xd40\n"


def cpuinfo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "cpuinfo")


def test_one_name_of_many_cpus_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every AMD EPYC calls itself so; family, model and stepping say which one it is."""
    cpuinfo(monkeypatch, tmp_path, EPYC)
    assert cpu.name() == "AMD EPYC"
    assert cpu.identity() == "AuthenticAMD, family 25, model 1, stepping 1"
    assert (cpu.instructions(), cpu.virtual()) == (["avx2"], True)


def test_an_arm_cpu_has_features_and_no_family(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpuinfo(monkeypatch, tmp_path, GRAVITON)
    assert cpu.identity() is None
    assert (cpu.instructions(), cpu.virtual()) == (["asimddp", "bf16", "i8mm"], False)


def test_caches_are_those_of_the_first_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number, told in enumerate((("1", "Data", "32K"), ("1", "Instruction", "32K"), ("2", "Unified", "512K"))):
        folder = tmp_path / f"index{number}"
        folder.mkdir()
        for name, text in zip(("level", "type", "size"), told, strict=True):
            (folder / name).write_text(text + "\n")
    monkeypatch.setattr(cpu, "_CACHES", tmp_path)
    assert cpu.caches() == ["L1d 32K", "L1i 32K", "L2 512K"]


@pytest.mark.parametrize(
    ("inner", "outer", "threads"),
    [("150000 100000", "max 100000", 1), ("max 100000", "300000 100000", 3), ("max 100000", "max 100000", 8)],
)
def test_the_quota_of_the_control_group_sets_the_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inner: str, outer: str, threads: int
) -> None:
    """Eight cores are visible, and a container that is granted the time of fewer would only fight with itself."""
    (tmp_path / "job" / "step").mkdir(parents=True)
    (tmp_path / "job" / "step" / "cpu.max").write_text(inner)
    (tmp_path / "job" / "cpu.max").write_text(outer)
    (tmp_path / "self").write_text("0::/job/step\n")
    monkeypatch.setattr(cpu, "_CGROUPS", tmp_path)
    monkeypatch.setattr(cpu, "_OWN_CGROUP", tmp_path / "self")
    monkeypatch.setattr(cpu, "usable", lambda: list(range(8)))
    assert cpu.cores() == threads


def test_variables_for_threads_are_noted_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(cpu.thread_variables()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("COMPASS", "north")
    assert cpu.thread_variables() == {"OMP_NUM_THREADS": "1"}


def core(**seconds: float) -> SimpleNamespace:
    return SimpleNamespace(**(dict.fromkeys(("user", "nice", "system", "irq", "softirq", "steal"), 0.0) | seconds))


def test_others_are_what_is_left_of_the_cores_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds of cores 0 and 2: they computed 9 s, 6 of them for this run; 1 s was stolen. Core 1 is not ours."""
    told = [
        ([core(user=5), core(user=100), core(system=1, steal=1)], 2.0, 100.0),
        ([core(user=11, nice=1), core(user=900, steal=50), core(system=2, softirq=1, steal=2)], 8.0, 110.0),
    ]
    readings = []
    monkeypatch.setattr(load, "usable", lambda: [0, 2])
    for cores, own, now in told:
        monkeypatch.setattr(load.psutil, "cpu_times", lambda percpu, cores=cores: cores)
        monkeypatch.setattr(load, "_own_s", lambda own=own: own)
        monkeypatch.setattr(load.time, "perf_counter", lambda now=now: now)
        readings.append(load.clocks())
    found = load.load("latency", *readings)
    assert (found.stage, found.seconds) == ("latency", 10.0)
    assert (found.others, found.steal) == (pytest.approx(3 / 20), pytest.approx(1 / 20))


def test_a_child_that_has_ended_is_no_other() -> None:
    """Each timing process ends within its window; its time once done must still count as the run's own."""
    begun = load.clocks()
    busy = "import time; end = time.process_time() + .3\nwhile time.process_time() < end: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert load.clocks().own - begun.own >= 0.3


def test_a_run_that_was_disturbed_all_along_is_noisy() -> None:
    """The fixed work took as long in all its windows, so against its own median nothing happened."""

    def windows(others: float, steal: float) -> list[dict]:
        return [{"stage": "latency", "seconds": 1.0, "others": others, "steal": steal, "clock_mhz": None}] * 10

    runs = [
        make_record("quiet", load=windows(0.04, 0.05)),
        make_record("busy", load=windows(0.5, 0.0)),
        make_record("stolen", load=windows(0.02, 0.1)),
        make_record("once", load=windows(0.02, 0.0)[:9] + windows(0.9, 0.0)[:1]),
        make_record("before"),
    ]
    noisy = results(runs).set_index("model")["noisy"].to_dict()
    assert noisy == {"quiet": False, "busy": True, "stolen": True, "once": False, "before": False}


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"cpu": "Other CPU"}, "cpu Other CPU"), ({"cores": 4}, "cores 4"), ({"gpu": "NVIDIA H200"}, "gpu NVIDIA H200")],
)
def test_one_name_is_one_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    """An AMD and an Intel machine once measured as reference-cpu in turn."""
    there = make_record(machine="bench", conditions={"machine": MACHINE | changes})
    here = make_record().conditions.machine
    monkeypatch.setattr(plan, "ROOT", tmp_path)
    monkeypatch.setattr(plan, "describe", lambda: here)
    write(there, tmp_path / "book" / "runs" / there.suite / "bench" / f"{there.model}.json")
    with pytest.raises(SettingsError, match=f"'bench' was .*{named}.*a name of its own"):
        plan.refuse_another("bench")
    plan.refuse_another("another")


def test_nodes_that_begin_at_once_under_a_new_name_are_of_one_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a record there was nothing to tell them apart by, and one folder held runs of both."""
    machine = make_record().conditions.machine
    monkeypatch.setattr(plan, "ROOT", tmp_path)

    def begin(name: str, cores: int) -> None:
        folder = tmp_path / "book" / "runs" / "starter" / "bench" / ".attempts" / name
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("COMPACTBENCH_ATTEMPT", str(folder))
        monkeypatch.setattr(plan, "describe", lambda: machine.model_copy(update={"cores": cores}))
        plan.refuse_another("bench")

    begin("beta@2", cores=2)
    sentence = r"'bench' was .*cores 2, .* when a run that is going on was begun, and this is .*cores 4,"
    with pytest.raises(SettingsError, match=sentence):
        begin("alpha@1", cores=4)
    shutil.rmtree(tmp_path / "book" / "runs" / "starter" / "bench" / ".attempts" / "alpha@1")
    begin("gamma@3", cores=2)


def test_what_an_earlier_version_did_not_ask_makes_no_other_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = make_record()
    there = make_record(machine="bench", conditions={"machine": MACHINE | {"cpu_identity": None}})
    monkeypatch.setattr(plan, "ROOT", tmp_path)
    monkeypatch.setattr(plan, "describe", lambda: here.conditions.machine)
    write(there, tmp_path / "book" / "runs" / there.suite / "bench" / f"{there.model}.json")
    plan.refuse_another("bench")


def test_the_load_of_this_machine_is_a_share() -> None:
    begun = load.clocks()
    time.sleep(0.05)
    found = load.load("latency", begun, load.clocks())
    assert 0 <= found.others <= 1 and 0 <= found.steal <= 1
