"""The README says what the reference runs say."""

import re

from compactbench import ROOT
from compactbench.record import Record
from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.index import of_book
from compactbench.report.tables.results import results
from compactbench.report.tables.runtimes import ANY, in_runtime
from compactbench.report.text.facts import answer


def reference_records() -> list[Record]:
    """The committed runs of the starter on the reference machine."""
    found = of_book(ROOT / "book").records("reference-cpu", "starter")
    records = [record for record in found if isinstance(record, Record)]
    assert len(records) == len(found) == 15
    return records


def test_finding_is_the_answer_of_the_reference_runs() -> None:
    """A number typed into the README would stay when the runs change."""
    records = reference_records()
    deployed = in_runtime(records, ANY)
    group = results(deployed)
    finding = answer(group, recommend(group, {}, pairs(deployed)), records).replace("\N{NO-BREAK SPACE}", " ")
    machine = records[0].conditions.machine
    readme = re.sub(r"\s+", " ", (ROOT / "README.md").read_text())
    assert finding in readme
    assert "(Measured on " + machine.cpu + f", {machine.cores} cores.)" in readme


def test_starter_has_its_models_with_the_weights_that_need_no_hub() -> None:
    records = {record.model: record for record in reference_records()}
    assert records["minilm-l6"].weights == records["minilm-l3"].weights == "pretrained"
    assert records["tfidf"].weights == "none" and records["tfidf"].classifier.baseline


def test_reference_runs_keep_their_promises() -> None:
    """MiniLM-L6 reaches .95 on the starter, and no run's own memory passes 4 GB."""
    records = {record.model: record for record in reference_records()}
    assert records["minilm-l6"].trained.quality.accuracy >= 0.95
    assert records["tfidf"].trained.quality.accuracy < records["minilm-l6"].trained.quality.accuracy
    for record in records.values():
        for part in (record.finetune, record.trained.memory):
            assert part.baseline_ram_mb + part.peak_ram_mb < 4000


def test_the_gate_runs_the_commands_of_the_readme() -> None:
    """A gate that calls something else would pass while a newcomer's first commands fail."""
    readme = (ROOT / "README.md").read_text()
    shown = {line for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL) for line in block.splitlines()}
    shown |= set(re.findall(r"^\| `(make [^`]*)` \|", readme, re.MULTILINE))
    called = re.findall(r"^(?:\w+=\w+ )*(make .*)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert len(called) == 2 and set(called) <= shown
