"""Install everything into .venv, each package with the hashes that the requirements give: what `make` does first.

Any Python 3 runs this file, with nothing installed, so that one too old is told so and not shown a traceback.
"""

import importlib.util
import os
import shutil
import subprocess
import sys

PYTHON = (3, 11)
CPU, PYPI = "requirements/torch-cpu.txt", "requirements/torch.txt"
NEEDED_GB = {CPU: 2.7, PYPI: 6.7}
"""Size of .venv with each build of torch, as `du` gave it on Linux x86-64."""
PIP = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-build-isolation"]
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
    refuse_if_full(CPU)
    print("Installing into .venv, which takes some minutes the first time", flush=True)
    python = os.path.join(".venv", "bin", "python")
    do(sys.executable, "-m", "venv", ".venv")
    do(python, *PIP, "--require-hashes", "-r", "requirements/build.txt")
    do(python, *PIP, "--require-hashes", "-r", "requirements.txt")
    without_gpu = subprocess.run([python, *PIP, "--require-hashes", "-r", CPU], stderr=subprocess.DEVNULL)
    if without_gpu.returncode:  # pip finds none, as is usual: PyPI has no such build
        refuse_if_full(PYPI)
        do(python, *PIP, "--require-hashes", "-r", PYPI)
    do(python, *PIP, "--editable", ".")


def refuse_if_full(torch: str) -> None:
    """End with a sentence where .venv with this build of torch would not fit, unless there is one already."""
    free, needed = shutil.disk_usage(".").free / 1e9, NEEDED_GB[torch]
    if free < needed and not os.path.exists(".venv/ready"):
        sys.exit(f".venv needs {needed:.1f} GB, and {free:.1f} GB are free here: free some space, then run make again.")


def do(*command: str) -> None:
    """Run `command`; where it fails, end with what it said and with what to do."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        said = done.stdout.splitlines()[-10:]
        told = cure(done.stdout) or "The message above says why."
        sys.exit("\n".join([*said, f"Not installed. {told} Then run make again."]))


def cure(said: str) -> str:
    """What to do about what pip or the system `said`; empty where that is not known."""
    return next((CURES[words] for words in CURES if words in said), "")


if __name__ == "__main__":
    main()
