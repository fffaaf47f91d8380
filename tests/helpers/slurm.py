"""A Slurm of two nodes on this machine: a controller and a daemon a node, all on the loopback, with no database.

It needs root, and Debian's packages slurm-wlm and munge. Whatever a job starts looks for the configuration in
/etc/slurm, so there may be no other one.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CONFIGURATION = Path("/etc/slurm")
NODES = ["n1", "n2"]
PATIENCE_S = 60.0
FIRST_PORT = 17101
LOST_S = 10
"""A node that has not answered for so long counts as down."""
SETTINGS = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=17100
SlurmUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=1,sched_interval=1
SlurmdParameters=config_overrides
SlurmdTimeout={lost}
KillWait=5
ReturnToService=2
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=64000 State=UNKNOWN\n"


def why_not() -> str | None:
    """What keeps a Slurm from being started here; None where nothing does."""
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))):
        return "slurm-wlm and munge are not installed"
    if os.geteuid() != 0:
        return "only root can start a Slurm of its own"
    if (CONFIGURATION / "slurm.conf").exists():
        return f"{CONFIGURATION} holds the configuration of another Slurm"
    try:
        import snakemake_executor_plugin_slurm  # noqa: F401
    except ImportError:
        return "snakemake-executor-plugin-slurm is not installed"
    return None


class Cluster:
    """A running Slurm, while it is entered.

    Args:
        folder: an empty one, for what the daemons write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Cluster":
        (self._folder / "state").mkdir()
        host = socket.gethostname().partition(".")[0]
        settings = SETTINGS.format(host=host, folder=self._folder, lost=LOST_S)
        for number, name in enumerate(NODES):
            (self._folder / name).mkdir()
            settings += NODE.format(name=name, host=host, port=FIRST_PORT + number)
        CONFIGURATION.mkdir(exist_ok=True)
        (CONFIGURATION / "slurm.conf").write_text(settings)
        (CONFIGURATION / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainDevices=no\n")
        self._start_munge()
        self._start("controller", "slurmctld", "-D")
        for name in NODES:
            self.start(name)
        until(lambda: asked("sinfo", "--noheader", "--format=%D %t").split() == ["2", "idle"])
        return self

    def __exit__(self, *_: object) -> None:
        asked("scancel", "--user=root")
        with contextlib.suppress(AssertionError):
            until(lambda: not self.jobs())
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
            daemon.wait()
        for name in ("slurm.conf", "cgroup.conf"):
            (CONFIGURATION / name).unlink()

    def start(self, node: str) -> None:
        """Start the daemon of a node."""
        self._start(node, "slurmd", "-D", "-N", node)

    def kill(self, node: str) -> None:
        """Kill the daemon of a node; what runs there goes on, and nobody sees it."""
        self._daemons[node].send_signal(signal.SIGKILL)
        self._daemons.pop(node).wait()

    def jobs(self) -> list[list[str]]:
        """Number, state and node of each job in the queue."""
        rows = asked("squeue", "--noheader", "--format=%i|%T|%N").splitlines()
        return [row.split("|") for row in rows]

    def hold(self, held: bool) -> None:
        """Begin no job from now on, or begin those that wait."""
        asked("scontrol", "update", "PartitionName=main", f"State={'DOWN' if held else 'UP'}")

    def _start_munge(self) -> None:
        """Munge signs what the daemons say to each other; where it runs already it is left alone."""
        if subprocess.run(["munge", "--no-input"], capture_output=True).returncode == 0:
            return
        owner, key = pwd.getpwnam("munge"), Path("/etc/munge/munge.key")
        if not key.exists():
            key.write_bytes(os.urandom(1024))
        Path("/run/munge").mkdir(exist_ok=True)
        for path, mode in ((key, 0o400), (Path("/run/munge"), 0o755)):
            os.chown(path, owner.pw_uid, owner.pw_gid)
            path.chmod(mode)
        self._start("munge", "runuser", "--user=munge", "--", "munged", "--foreground")
        until(lambda: subprocess.run(["munge", "--no-input"], capture_output=True).returncode == 0)

    def _start(self, name: str, *command: str) -> None:
        with (self._folder / f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)


def asked(*command: str) -> str:
    """What one of Slurm's programs answers; nothing while the controller does not listen yet."""
    return subprocess.run(command, capture_output=True, text=True).stdout


def until(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until it comes true, which it must."""
    ends = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.2)
