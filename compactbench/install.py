"""Install everything into .venv, each package with the hashes that the requirements give: what `make` does first.

Any Python 3 runs this file, with nothing installed, so that one too old is told so and not shown a traceback.
"""

import importlib.util
import os
import shutil
import subprocess
import sys

PYTHON = (3, 11)
BUILD, PACKAGES = "requirements/build.txt", "requirements.txt"
CPU, CUDA = "requirements/torch-cpu.txt", "requirements/torch.txt"
NEEDED_GB = {CPU: 2.7, CUDA: 6.7}
"""Size of .venv with each build of torch, as `du` gave it on Linux x86-64."""
FETCHED_GB = {PACKAGES: 0.6, CPU: 0.2, CUDA: 2.7}
"""What pip downloads for each file there."""
PIP = ["-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-build-isolation", "--progress-bar=off"]
HASHED = [*PIP, "--require-hashes", "-r"]
NONE_FOUND = ("No matching distribution", "ResolutionImpossible")
"""What pip says of a build that it cannot find, and where a constraint of the user's names the package too."""
HERE = ("Downloading ", "Using cached ", "Processing ")
"""How pip's line on each file that it gets begins."""
OFTEN = 20
"""Packages between two lines that tell how far pip is."""
CURES = {
    "No space left on device": "The disk is full: free some space, in this folder and where TMPDIR points.",
    "DO NOT MATCH THE HASHES": "A file is not the one that was tested, so it was not installed: use another mirror.",
    "Permission denied": "This folder and .venv must be yours, or hand them to yourself with `chown`.",
    "Read-only file system": "The disk is read-only: move this folder to one that can be written.",
    "(from versions: none)": "The packages cannot be reached: connect this machine, or name a mirror in PIP_INDEX_URL.",
    "No matching distribution": "No tested file fits this machine: take Python 3.11 to 3.13, on Linux or macOS.",
}
"""What pip or the system says, and what to do; the first that occurs counts."""


def main() -> None:
    """Check Python and the disk, make .venv and fill it."""
    if sys.version_info < PYTHON:
        found, wanted = (".".join(map(str, version[:2])) for version in (sys.version_info, PYTHON))
        sys.exit(f"Python {wanted} or newer is needed, {sys.executable} is {found}: name one, make PYTHON=python3.12")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(
            f"{sys.executable} has no venv or ensurepip: apt install python3-venv, or name one, make PYTHON=python3.12"
        )
    driver = nvidia_driver()
    refuse_if_full(CUDA if driver else CPU)
    print("Installing into .venv, which takes some minutes the first time", flush=True)
    python = os.path.join(".venv", "bin", "python")
    step(1, "an empty environment", sys.executable, "-m", "venv", ".venv")
    step(2, "what packages are built with", python, *HASHED, BUILD)
    step(3, f"the packages, {FETCHED_GB[PACKAGES]} GB to fetch", python, *HASHED, PACKAGES)
    install_torch(python, driver)
    step(5, "this package", python, *PIP, "--editable", ".")


def nvidia_driver() -> bool:
    """Whether this machine has NVIDIA's driver, without which CUDA is of no use."""
    return os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi") is not None


def install_torch(python: str, driver: bool) -> None:
    """Install the build of torch that fits this machine, and say which one and why."""
    why = "NVIDIA's driver is here"
    if sys.platform == "linux" and not driver:
        announce(4, f"torch without CUDA, {FETCHED_GB[CPU]} GB to fetch: no NVIDIA driver is here")
        failed, said = run(python, *HASHED, CPU)
        if not failed:
            return
        if not any(words in said for words in NONE_FOUND):
            give_up(said)
        why = "pip finds no other; it would if PIP_EXTRA_INDEX_URL named torch's index of CPU builds"
        refuse_if_full(CUDA)
    build = f"torch with CUDA, {FETCHED_GB[CUDA]} GB to fetch: {why}" if sys.platform == "linux" else "torch"
    step(4, build, python, *HASHED, CUDA)


def refuse_if_full(torch: str) -> None:
    """End with a sentence where .venv with this build of torch would not fit, unless there is one already."""
    free, needed = shutil.disk_usage(".").free / 1e9, NEEDED_GB[torch]
    if free < needed and not os.path.exists(".venv/ready"):
        sys.exit(f".venv needs {needed:.1f} GB, and {free:.1f} GB are free here: free some space, then run make again.")


def announce(number: int, what: str) -> None:
    """Say which step begins."""
    print(f"  {number} of 5: {what}", flush=True)


def step(number: int, what: str, *command: str) -> None:
    """Announce a step and run its `command`; where it fails, end with what it said and with what to do."""
    announce(number, what)
    failed, said = run(*command)
    if failed:
        give_up(said)


def run(*command: str) -> "tuple[int, str]":
    """Run `command`, telling now and then how many packages pip has got; its exit code and all that it said."""
    said, got = [], 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            here = line.lstrip().startswith(HERE) and ".metadata" not in line
            got += here
            if here and got % OFTEN == 0:
                print(f"          {got} packages are here", flush=True)
            if got >= OFTEN and line.startswith("Installing collected packages"):
                print(f"          all {got} are here and are unpacked", flush=True)
    return process.returncode, "".join(said)


def give_up(said: str) -> None:
    """End with the last lines of what a command `said` and with what to do."""
    told = cure(said) or "The message above says why."
    sys.exit("\n".join([*said.splitlines()[-10:], f"Not installed. {told} Then run make again."]))


def cure(said: str) -> str:
    """What to do about what pip or the system `said`; empty where that is not known."""
    return next((CURES[words] for words in CURES if words in said), "")


if __name__ == "__main__":
    main()
