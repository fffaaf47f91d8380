"""Make the artefact of a finished run again: the saved model, its files in ONNX and its card."""

import argparse
import contextlib
import tempfile
from pathlib import Path

from compactbench import ROOT, registry
from compactbench.benchmark.fingerprint import deciding
from compactbench.benchmark.plan import own_machine
from compactbench.benchmark.sweep import alone
from compactbench.foreign import line
from compactbench.instruments.cpu import cores
from compactbench.parameters import load_model, load_suite, validate_name, validated
from compactbench.record import Quality, Record
from compactbench.record.file import RecordError, read_run
from compactbench.report.text.serving import of_torch
from compactbench.settings import DEFAULT_SUITE, Model, SettingsError, Suite


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("--model", required=True, help="name of its model")
    parser.add_argument("--suite", default=DEFAULT_SUITE, help="name of its suite (default: %(default)s)")
    parser.add_argument("--machine", help="name of its machine's folder (default: this machine's, else another)")


def run(given: argparse.Namespace) -> int:
    """Make the artefact again from the run's saved weights or, where they are gone, by fine-tuning again.

    Raises:
        SettingsError: there is no such run, it is no network of torch's, or something is measured in this folder.
    """
    record = _finished(given.suite, given.model, given.machine or None)
    if not of_torch(record):
        raise SettingsError(f"parameters: key `model`: got {given.model!r}; accepted: a network that torch loads.")
    with alone("making an artefact"):
        return _export(record)


def _export(record: Record) -> int:
    folder = ROOT / "models" / record.suite / record.machine / record.model
    # seconds to import: only after the settings are known to be right
    from transformers import AutoTokenizer

    from compactbench import classifiers, runtimes
    from compactbench.report.text import model_card
    from compactbench.runtimes.torch import load_network

    registry.check(classifiers, record.classifier.kind, "the record: key `classifier.kind`")
    if not (folder / "model.safetensors").is_file():
        print(f"{folder.relative_to(ROOT)} has no weights: fine-tuning {line(record.title)} again", flush=True)
        quality = _finetuned(record, folder)
        if record.trained.quality:
            print(f"accuracy {quality.accuracy:.1%}, in the run {record.trained.quality.accuracy:.1%}", flush=True)
        first = record.trained.model_copy(update={"quality": quality})
        record = record.model_copy(update={"runtimes": [first, *record.runtimes[1:]]})
    network = load_network(classifiers.get(record.classifier.kind).network, folder)
    tokenizer, max_length = AutoTokenizer.from_pretrained(folder), _settings(record)[0].max_length
    trained = runtimes.Trained(network, tokenizer, texts=[], max_length=max_length)
    with tempfile.TemporaryDirectory(prefix="compactbench-") as exported:
        runtimes.installed("onnxruntime").export(trained, "int8", Path(exported), folder)
    model_card.write(record, folder)
    print(f"The artefact is {folder.relative_to(ROOT)}; its README.md is the model card.")
    return 0


def _finished(suite: str, model: str, machine: str | None) -> Record:
    """The record of the run.

    Raises:
        SettingsError: it is not there, or did not finish.
    """
    for key, name in {"suite": suite, "model": model, "machine": machine}.items():
        if name is not None:
            validate_name(key, name)
    given = "/".join(filter(None, (suite, machine, model)))
    runs = ROOT / "book" / "runs"
    known = sorted(runs.glob(f"{suite}/*/{model}.json"), key=lambda path: path.parent.name != own_machine())
    wanted = [path for path in known if machine in (None, path.parent.name)]
    try:
        found = read_run(wanted[0]) if wanted else None
    except RecordError as error:
        raise SettingsError(f"parameters: key `model`: {error}.") from error
    if isinstance(found, Record) and found.migrated_from:
        raise SettingsError(f"parameters: key `model`: {given} was measured by an earlier version: measure it again.")
    if not isinstance(found, Record):
        finished = (path for path in runs.glob("*/*/*.json") if not path.stem.endswith(".failed"))
        others = sorted(str(path.relative_to(runs).with_suffix("")) for path in finished)
        raise SettingsError(f"parameters: key `model`: no finished run {given!r}; accepted: {', '.join(others)}.")
    return found


def _finetuned(record: Record, folder: Path) -> Quality:
    """Fine-tune into `folder` by the settings of the run, and classify its test texts."""
    from compactbench.benchmark.training import of_code, of_template
    from compactbench.classifiers import Task, of_model
    from compactbench.data.load import load

    suite, model = _settings(record)
    if model.trust_remote_code:
        print(f"{record.model}: its record sets trust_remote_code, so code of its publisher will run here", flush=True)
    if record.finetune.edited:
        print(f"{record.model}: its training was edited, so the function in its record will run here", flush=True)
    splits, facts = load(suite)
    with tempfile.TemporaryDirectory(prefix="compactbench-") as scratch:
        splits.save_to_disk(scratch)
        where = (Path(scratch), record.conditions.device, cores())
        classifier = of_model(model)(Task(model, record.weights, suite, facts, *where, record.conditions.seed))
        classifier.build()
        code = record.finetune.code
        train = of_code(code) if code and record.finetune.edited else of_template()
        classifier.finetune(folder, record.finetune.learning_rate, train)
        return classifier.quality()[0]


def _settings(record: Record) -> tuple[Suite, Model]:
    """The settings of the run; of a path that the record has without its folders, params/ knows the whole."""
    newer = load_suite(DEFAULT_SUITE).model_dump()  # has the keys that there were not yet
    suite = validated(Suite, newer | record.settings["suite"], "the record")
    model = validated(Model, record.settings["model"], "the record")
    with contextlib.suppress(SettingsError):
        now = load_suite(record.suite)
        if deciding(now.model_dump(mode="json")["dataset"]) == deciding(record.settings["suite"].get("dataset", {})):
            suite = suite.model_copy(update={"dataset": now.dataset})
        here = load_model(record.model)
        if here.model_dump(mode="json")["path"] == record.settings["model"].get("path"):
            model = model.model_copy(update={"path": here.path})
    return suite, model
