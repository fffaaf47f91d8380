"""Do both notebooks run from top to bottom with Colab's versions?

    python tests/colab.py PYTHON [NAME==VERSION ...]

PYTHON is a Python 3.13, as Colab has. Makes an environment of it with what Colab had in August 2026 (5 GB), installs
the project over it as the notebooks' first cell does, and executes the benchmark of a small model, then the summary.
Another version takes the place of Colab's where one is named: torch==2.13.0, for a machine that has only that build.
The last line says whether what was there is still what is installed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLAB = {
    "torch": "2.11.0",
    "transformers": "5.15.0",
    "pandas": "2.2.3",
    "pyarrow": "18.1.0",
    "datasets": "4.0.0",  # the newest that takes this pyarrow
    "protobuf": "5.29.5",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "jupyter_client": "7.4.9",
}
SHORT = "{model: minilm-l1, machine: colab, max_steps: 20, seeds: [42], processes: 2}"


def main() -> None:
    """Make the environment, run both notebooks, and exit with 1 when a version changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python")
    parser.add_argument("others", nargs="*")
    given = parser.parse_args()
    versions = COLAB | dict(other.split("==") for other in given.others)
    os.environ.pop("PYTHONPATH", None)  # else the notebooks would import from there, and not what was installed
    with tempfile.TemporaryDirectory() as folder:
        environment, copy = Path(folder, "environment"), Path(folder, "project")
        subprocess.run([given.python, "-m", "venv", environment], check=True)
        python = environment / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, *map("==".join, versions.items())], check=True)
        subprocess.run(["git", "clone", "-q", ROOT, copy], check=True)
        here = Path(folder, "here.txt")
        here.write_bytes(subprocess.check_output([python, "-m", "pip", "list", "--format", "freeze"]))
        subprocess.run([*pip, "-c", here, "-e", copy], check=True)
        subprocess.run([python, "-m", "ipykernel", "install", "--prefix", environment, "--name", "colab"], check=True)
        settings = os.environ | {"JUPYTER_PATH": str(environment / "share" / "jupyter"), "HF_HUB_OFFLINE": "1"}
        for name, asked in (("benchmark", SHORT), ("summary", "{}")):
            ran = ["-m", "papermill", "--no-progress-bar", "-k", "colab", "-y", asked]
            paths = [f"notebooks/{name}.ipynb", str(Path(folder, f"{name}.ipynb"))]
            subprocess.run([sys.executable, *ran, *paths], cwd=copy, env=settings, check=True)
            print(f"{name}.ipynb ran to its end")
        listed = subprocess.check_output([python, "-m", "pip", "list", "--format", "json"])
        found = {package["name"].lower().replace("-", "_"): package["version"] for package in json.loads(listed)}
        now = {name: version.partition("+")[0] for name, version in found.items()}  # 2.11.0+cu128 is a 2.11.0
        changed = [f"{name} {version} -> {now[name]}" for name, version in versions.items() if now[name] != version]
        print(f"changed by the installation: {', '.join(changed) or 'nothing'}")
        sys.exit(int(bool(changed)))


if __name__ == "__main__":
    main()
