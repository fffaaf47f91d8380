"""The artefact of a finished run, made again: the saved model, its int8 ONNX file and its card."""

import tempfile
from pathlib import Path

from compactbench import ROOT
from compactbench.instruments.machine import cores, default_machine
from compactbench.parameters import validate_name
from compactbench.record import Quality, Record
from compactbench.record.file import read
from compactbench.report.text import model_card
from compactbench.settings import Model, SettingsError, Suite


def export(suite: str, model: str, machine: str | None) -> int:
    """Make the artefact of a finished run again, from its saved weights or, where they are gone, by fine-tuning again.

    Args:
        suite: name of the run's suite.
        model: name of its contender.
        machine: name of its machine's folder; None: this machine's, else another that has the run.

    Returns:
        The exit code, 0.

    Raises:
        SettingsError: there is no such run, or it is not a transformer's.
    """
    record = _finished(suite, model, machine)
    asked = Suite.model_validate(record.settings["suite"])
    contender = Model.model_validate(record.settings["model"])
    if contender.kind != "transformer":
        raise SettingsError(f"parameters: key `model`: got {model!r}; accepted: a transformer.")
    folder = ROOT / "models" / suite / record.machine / model
    # seconds to import: only after the settings are known to be right
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from compactbench.runtimes.onnx_export import export_fp32, quantize

    if not (folder / "model.safetensors").is_file():
        print(f"{folder.relative_to(ROOT)} has no weights: fine-tuning {record.title} again", flush=True)
        quality = _finetuned(asked, contender, record, folder)
        print(f"accuracy {quality.accuracy:.1%}, in the run {record.quality.accuracy:.1%}", flush=True)
        record = record.model_copy(update={"quality": quality})
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    with tempfile.TemporaryDirectory(prefix="compactbench-") as exported:
        export_fp32(network, AutoTokenizer.from_pretrained(folder), Path(exported))
        quantize(Path(exported), folder)
    model_card.write(record, folder)
    print(f"The artefact is {folder.relative_to(ROOT)}; its README.md is the model card.")
    return 0


def _finished(suite: str, model: str, machine: str | None) -> Record:
    """The record of the run.

    Raises:
        SettingsError: it is not there, or did not finish.
    """
    if machine is not None:
        validate_name("machine", machine)
    runs = ROOT / "book" / "runs"
    known = sorted(runs.glob(f"{suite}/*/{model}.json"), key=lambda path: path.parent.name != default_machine())
    wanted = [path for path in known if machine in (None, path.parent.name)]
    found = read(wanted[0]) if wanted else None
    if not isinstance(found, Record):
        finished = (path for path in runs.glob("*/*/*.json") if not path.stem.endswith(".failed"))
        others = sorted(str(path.relative_to(runs).with_suffix("")) for path in finished)
        given = "/".join(filter(None, (suite, machine, model)))
        raise SettingsError(f"parameters: key `model`: no finished run {given!r}; accepted: {', '.join(others)}.")
    return found


def _finetuned(suite: Suite, model: Model, record: Record, folder: Path) -> Quality:
    from compactbench.classifiers.finetune import Trainee
    from compactbench.data.load import load

    splits, facts = load(suite)
    with tempfile.TemporaryDirectory(prefix="compactbench-") as scratch:
        splits.save_to_disk(scratch)
        lesson = (facts, Path(scratch), record.conditions.device, cores(), record.conditions.seed)
        trainee = Trainee(model, record.weights, suite, *lesson)
        trainee.finetune(folder, record.finetune.learning_rate)
        return trainee.quality()[0]
