"""Does a sweep survive kills?

    python tests/agreement/kills.py [KILLS] [SEED]

Makes a report of two models in a throw-away project, undisturbed. Then, again and again: one or both are due, a report
is begun, and at a random moment one of its processes is sent a signal, alone or with its group. Counts results that
are lost, files that hold half of something, processes that live 5 s after the report's end, and next reports that are
not complete. Exits with 1 when any is found.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from helpers.sweeps import MODELS, Sweeps

LAYERS = {
    "run": r"compactbench\.benchmark",
    "kernel": "ipykernel_launcher",
    "child": "from multiprocessing.*",
    "snakemake": "snakemake",
    "report": "compactbench",
}
"""The processes of a sweep, each by one word of its command line."""
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
ORPHANED_S = 5.0


def hit(report: subprocess.Popen[str], layer: str, number: int, group: bool) -> str:
    """Send the signal to a process of that layer, or of another where there is none; tells what was hit."""
    there: dict[str, list[psutil.Process]] = {}
    for process in [psutil.Process(report.pid), *psutil.Process(report.pid).children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # gone by now
            words = process.cmdline()
            for name, word in LAYERS.items():
                if any(re.fullmatch(word, one) for one in words):
                    there.setdefault(name, []).append(process)
    layer = layer if layer in there else random.choice(sorted(there))
    target = random.choice(there[layer])
    with contextlib.suppress(ProcessLookupError, psutil.Error):
        os.killpg(os.getpgid(target.pid), number) if group else target.send_signal(number)
    return f"{signal.Signals(number).name} to {layer}{' and its group' if group else ''}"


def main() -> None:
    """Kill, look, and report again."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    folder, counts = Path(tempfile.mkdtemp()), Counter[str]()
    sweeps = Sweeps(folder)
    begun = time.monotonic()
    first = sweeps.start()
    output, _ = first.communicate()
    assert first.returncode == 0, output
    lasts, expected = time.monotonic() - begun, sweeps.structure()
    layers = list(LAYERS)
    kill = 0
    while kill < kills:
        sweeps.forget(random.sample(MODELS, random.choice([1, 2])))
        report, moment = sweeps.start(), random.uniform(0.05, 0.75) * lasts
        time.sleep(moment)
        if report.poll() is not None:
            report.communicate()
            continue  # it was faster than the first
        before = sweeps.whole()
        what = hit(report, layers[kill % len(layers)], random.choice(SIGNALS), random.random() < 0.5)
        report.communicate()
        ended = time.monotonic()
        while sweeps.alive() and time.monotonic() - ended < ORPHANED_S:
            time.sleep(0.1)
        orphans, half = sweeps.alive(), sweeps.half_read()
        again = sweeps.start()
        output, _ = again.communicate()
        after = sweeps.whole()
        lost = [name for name in before if after.get(name) != before[name]]
        complete = again.returncode == 0 and sweeps.structure() == expected
        print(
            f"{kill + 1}: after {moment:.0f} s {what}: lost {lost}, half-read {half}, orphans {len(orphans)}, "
            f"next report {'complete' if complete else 'NOT complete: ' + output}",
            flush=True,
        )
        kill += 1
        counts.update(lost=len(lost), half=len(half), orphans=len(orphans), incomplete=int(not complete))
    shutil.rmtree(folder)
    found = f"{counts['lost']} results lost, {counts['half']} half-read, {counts['orphans']} orphans after"
    print(f"{kills} kills: {found} {ORPHANED_S:g} s, {counts['incomplete']} next reports incomplete")
    sys.exit(int(counts.total() > 0))


if __name__ == "__main__":
    main()
