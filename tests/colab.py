"""Do both notebooks run from top to bottom with Colab's versions?

    python tests/colab.py PYTHON

PYTHON is a Python 3.13, as Colab has. Makes an environment of it with what Colab had in August 2026 (5 GB), installs
the project over it as the notebooks' first cell does, and executes the benchmark of a small model, then the summary.
The last line says whether what Colab had is still what is installed.
"""

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
    "protobuf": "5.29.5",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "jupyter_client": "7.4.9",
}
SHORT = "{model: minilm-l1, machine: colab, max_steps: 20, seeds: [42], processes: 2}"


def main() -> None:
    """Make the environment, run both notebooks, and exit with 1 when a version changed."""
    with tempfile.TemporaryDirectory() as folder:
        environment, copy = Path(folder, "environment"), Path(folder, "project")
        subprocess.run([sys.argv[1], "-m", "venv", environment], check=True)
        python = environment / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, *map("==".join, COLAB.items())], check=True)
        subprocess.run(["git", "clone", "-q", ROOT, copy], check=True)
        subprocess.run([*pip, "-e", copy], check=True)
        subprocess.run([python, "-m", "ipykernel", "install", "--prefix", environment, "--name", "colab"], check=True)
        settings = os.environ | {"JUPYTER_PATH": str(environment / "share" / "jupyter"), "HF_HUB_OFFLINE": "1"}
        for name, given in (("benchmark", SHORT), ("summary", "{}")):
            ran = ["-m", "papermill", "--no-progress-bar", "-k", "colab", "-y", given]
            paths = [f"notebooks/{name}.ipynb", str(Path(folder, f"{name}.ipynb"))]
            subprocess.run([sys.executable, *ran, *paths], cwd=copy, env=settings, check=True)
            print(f"{name}.ipynb ran to its end")
        listed = subprocess.check_output([python, "-m", "pip", "list", "--format", "json"])
        now = {package["name"].lower().replace("-", "_"): package["version"] for package in json.loads(listed)}
        changed = [f"{name} {version} -> {now[name]}" for name, version in COLAB.items() if now[name] != version]
        print(f"changed by the installation: {', '.join(changed) or 'nothing'}")
        sys.exit(int(bool(changed)))


if __name__ == "__main__":
    main()
