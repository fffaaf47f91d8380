"""Every script under tests/speed/ and tests/agreement/ still runs; what it finds is for a quiet machine to say."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.book_factory import Book
from helpers.factory import calls, make_record
from helpers.tiny_suite import TINY

from compactbench import ROOT
from compactbench.record import Record
from compactbench.report.tables.collect import collect
from compactbench.report.tables.results import results, runtimes, write_table
from compactbench.runtimes import Trained, installed
from compactbench.settings import Model
from compactbench.sources.weights import load_classifier

pytestmark = pytest.mark.slow

SPREAD = r"\(.*\d to \d.*\)"
SCRIPTS = {
    "speed/cluster.py": (
        ["--runs", "1", "--work", "0", "--planned", "10"],
        r"10 runs planned in \d+\.\d s \(allowed for 1,000: 20 s\)",
    ),
    "speed/exported.py": (["{artefact}", "--pairs", "1"], rf"int8: \d+\.\d\d times as fast {SPREAD}"),
    "speed/finetune.py": (
        ["--texts", "long", "--pairs", "1", "--steps", "2", "--model", "minilm-l3"],
        rf"\d+\.\d\d times as fast as 2021 {SPREAD}",
    ),
    "speed/first_draw.py": (
        ["{site}", "--runs", "201", "--chosen", "101", "--visits", "1"],
        rf"choose\.html: (.* \d+\.\d\d s {SPREAD}; ){{3}}another data set \d+\.\d\d s {SPREAD}, median of 1",
    ),
    "speed/many_runs.py": (
        ["--runs", "12"],
        r"second: index \d+\.\d s, \d+ rows of tables \d+\.\d s, recommendation \d+\.\d s, together \d+\.\d s, "
        r"peak \d[\d,]* MB",
    ),
    "speed/many_pages.py": (["--runs", "2"], r"second: \d+\.\d s, peak \d[\d,]* MB, 1\d pages"),
    "speed/page_load.py": (
        ["{site}", "--visits", "1"],
        rf"main thread \d+\.\d\d s {SPREAD}, first chart after \d+\.\d\d s {SPREAD}, median of 1",
    ),
    "speed/rows.py": (["100"], r"80 training texts, peak \d[\d,]* MB"),
    "speed/serving.py": (["{artefact}", "--pairs", "1"], rf"\d+\.\d times as fast as the pipeline {SPREAD}"),
    "speed/site.py": (["--times", "1"], rf"HEAD: \d+\.\d s {SPREAD}"),
    "agreement/epoch.py": (["4", "160", "minilm-l3", "1"], r"epoch time differs by [+-]\d+\.\d% \(allowed: 5 %\)"),
    "agreement/faults.py": (
        ["runs-read-only"],
        "0 earlier results harmed, 0 faults not told, 0 next reports not complete",
    ),
    "agreement/forecast.py": (
        ["32", "64"],
        r"forecast of 64 texts: time off by [+-]\d+\.\d%, memory by [+-]\d+\.\d% \(allowed: 15 %\)",
    ),
    "agreement/kills.py": (
        ["1", "1"],
        r"1 kills: 0 results lost, 0 half-read, 0 orphans after 5 s, 0 next reports incomplete",
    ),
    "agreement/latency_torch.py": (["{artefact}"], r"latency differs by \d+\.\d% \(allowed: 10 %\)"),
    "agreement/memory_time.py": (["{artefact}"], r"peak memory differs by \d+\.\d% \(allowed: 5 %\)"),
    "agreement/noise.py": (["2"], r"beside a neighbour, load: .* of 2 windows above 0\.1"),
    "agreement/recompute.py": (
        ["--tables", "{tables}", "book/runs"],
        r"[1-9]\d+ cells agree within 1e-09, 0 faults, \d+ cells were not kept",
    ),
    "agreement/rerun.py": (["{records}", "{records}"], r"at least 100\.0% of the intervals of each metric hold .*"),
    "agreement/sizes_du.py": (["{records}", "{artefacts}"], r"3 of 3 sizes are equal"),
}
"""The words that a script is given here, its smallest setting, and its last line."""
VERDICTS = ["agreement/epoch.py", "agreement/forecast.py", "agreement/latency_torch.py", "agreement/memory_time.py"]
"""They exit with 1 where the two measurements are apart, as a busy machine may make them."""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, books: Callable[[str], Book]) -> dict[str, str]:
    """An artefact of a tiny network, made-up records and their artefacts, the committed runs' tables, and a site."""
    folder = tmp_path_factory.mktemp("scripts")
    network, tokenizer, _ = load_classifier(Model.model_validate(TINY), False, ["a", "b"], seed=0)
    artefact = folder / "artefact"
    network.save_pretrained(artefact)
    tokenizer.save_pretrained(artefact)
    trained = Trained(network, tokenizer, [], max_length=64)
    installed("onnxruntime").export(trained, "int8", folder / "exported", artefact)
    for number, model in enumerate(("alpha", "beta", "gamma"), start=1):
        write(record(model, number), folder)
    committed = collect(ROOT / "book" / "runs").records
    write_table(results(committed), folder / "tables", "results")
    write_table(runtimes(committed), folder / "tables", "runtimes")
    made = {"artefact": str(artefact), "site": str(books("made_up").html)}
    return made | {name: str(folder / name) for name in ("tables", "records", "artefacts")}


def record(model: str, number: int) -> Record:
    """The larger its number, the slower and larger a model is."""
    return make_record(
        model,
        latency=[calls([10.0 * number, 11.0 * number]), calls([10.0 * number, 12.0 * number], process=1)],
        memory={"peak_ram_mb": 100.0 * number},
        finetune={"peak_ram_mb": 800.0 * number},
        artefact={"files": {"model.safetensors": 1000 * number, "config.json": 10}},
    )


def write(record: Record, folder: Path) -> None:
    """Write a record, and files of the sizes that it tells."""
    (folder / "records").mkdir(exist_ok=True)
    (folder / "records" / (record.model + ".json")).write_text(record.model_dump_json())
    assert record.trained.artefact is not None
    for name, size in record.trained.artefact.files.items():
        file = folder / "artefacts" / record.model / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)


def test_no_script_is_left_out() -> None:
    found = {str(path.relative_to(ROOT / "tests")) for kind in ("speed", "agreement") for path in scripts(kind)}
    assert found == set(SCRIPTS)


def scripts(kind: str) -> list[Path]:
    return list((ROOT / "tests" / kind).glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_runs_and_its_last_line_says_what_it_found(
    script: str, given: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """The class whose methods speed/finetune.py called had changed, and nobody saw it."""
    words, last = SCRIPTS[script]
    if "{site}" in words:
        request.getfixturevalue("chromium")  # skipped where there is none
    command = [sys.executable, f"tests/{script}", *(word.format_map(given) for word in words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in ((0, 1) if script in VERDICTS else (0,)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert re.fullmatch(last, done.stdout.splitlines()[-1]), done.stdout
