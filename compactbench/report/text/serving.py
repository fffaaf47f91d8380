"""How a saved model is served: the programs of book/serve/, which run in the artefact's folder as they stand."""

from compactbench import ROOT
from compactbench.record import Record
from compactbench.report.text.words import Markdown, code, listed

PROGRAMS = ROOT / "book" / "serve"
"""The page "Serve it" includes these files, and so do each run's page and each model card."""
LANGUAGES = {".py": "python", ".mjs": "javascript"}


def programs(record: Record) -> Markdown:
    """The programs that answer with the artefact of a run; the first line of each says what it needs."""
    if not of_torch(record):
        needed = listed(dict.fromkeys([record.trained.runtime, "scikit-learn"]))
        return Markdown(f"With {needed} installed, `joblib.load` gives the pipeline, whose `predict` takes texts.")
    names = ["classify.py", "server.py"] if exported(record) else []
    if record.classifier.fine_tuned:  # frozen embeddings have a head that neither library knows
        names += ["with_transformers.py", *(["classify.mjs"] if names else [])]
    if not names:
        return Markdown("No program of these pages reads it: it was not exported to ONNX.")
    return Markdown("\n\n".join(map(_program, names)))


def of_torch(record: Record) -> bool:
    """Whether the artefact is a network that torch loads, not a pipeline of scikit-learn."""
    return record.trained.runtime == "torch"


def exported(record: Record) -> bool:
    """Whether the artefact holds the model in ONNX."""
    return any((one.runtime, one.precision, one.error) == ("onnxruntime", "int8", None) for one in record.runtimes)


def _program(name: str) -> str:
    file = PROGRAMS / name
    return f"{code(name)}:\n\n```{LANGUAGES[file.suffix]}\n{file.read_text(encoding='utf-8')}```"
