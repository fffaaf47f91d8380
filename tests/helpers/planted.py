"""Files that may lie under book/runs and cannot be used, each planted in place of a run or beside it."""

import gzip
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from compactbench.record import SCHEMA_VERSION, Record
from compactbench.record.file import read, write
from helpers.book_factory import page_of
from helpers.factory import make_failed, make_record

RECORDS = Path(__file__).parents[1] / "records"
Change = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Planted:
    """A file that cannot be used.

    Args:
        name: what is wrong with it.
        plant: puts it into a folder in which the whole run of a model lies, and returns its path.
        reason: a part of what the report says of it.
        due: why the run is due then; None: it is not.
    """

    name: str
    plant: Callable[[Path, str], Path]
    reason: str
    due: str | None


def run_in(folder: Path, model: str, **changes: Any) -> Record:
    """Write the whole run of `model` into <suite>/<machine>."""
    record = make_record(model, suite=folder.parent.name, machine=folder.name, **changes)
    write(record, folder / f"{model}.json")
    nbformat.write(page_of(record, chart=False), folder / f"{model}.ipynb")
    return record


def _put(path: Path, content: Any) -> Path:
    """`content` as a file: bytes as they are, else as JSON."""
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def _replace(path: Path, make: Callable[[Path], object]) -> Path:
    path.unlink(missing_ok=True)
    make(path)
    return path


def _bind(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket has 100 signs at most
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def _with(key: str, value: Any) -> Change:
    """Another value at a key such as `runtimes.0.threads`."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        part: Any = content
        *parents, last = [int(name) if name.isdigit() else name for name in key.split(".")]
        for name in parents:
            part = part[name]
        part[last] = value
        return content

    return change


def _raw(key: str, value: str) -> Change:
    """A value that no JSON is, or none that Python would write."""
    return lambda content: json.dumps(_with(key, "HERE")(content)).replace('"HERE"', value).encode()


def _record(name: str, change: Change, reason: str, ending: str = ".json") -> Planted:
    def plant(folder: Path, model: str) -> Path:
        return _put(folder / (model + ending), change(read(folder / f"{model}.json").model_dump(mode="json")))

    return Planted(name, plant, reason, None if ending.startswith((" ", "~")) else "its record cannot be read")


def _text(name: str, change: Callable[[bytes], bytes], reason: str) -> Planted:
    return _record(name, lambda content: change(json.dumps(content).encode()), reason)


def _special(name: str, make: Callable[[Path], object], reason: str) -> Planted:
    """Something else under the name of a record."""
    return Planted(
        name,
        lambda folder, model: _replace(folder / f"{model}.json", make),
        reason,
        "its record cannot be read",
    )


def _page(name: str, change: Change, reason: str) -> Planted:
    def plant(folder: Path, model: str) -> Path:
        page = folder / f"{model}.ipynb"
        return _put(page, change(json.loads(page.read_bytes())))

    return Planted(f"page: {name}", plant, reason, "its page is not whole")


def _special_page(name: str, make: Callable[[Path], object], reason: str) -> Planted:
    def plant(folder: Path, model: str) -> Path:
        return _replace(folder / f"{model}.ipynb", make)

    return Planted(f"page: {name}", plant, reason, "its page is not whole")


def _beside(name: str, place: str, reason: str, make: Callable[[Path], object] = lambda path: path.touch()) -> Planted:
    """Something beside the run, at a path from its folder in which MODEL is the model's name."""

    def plant(folder: Path, model: str) -> Path:
        path = Path(os.path.normpath(folder / place.replace("MODEL", model)))
        make(path)
        return path

    return Planted(f"beside: {name}", plant, reason, None)


def _alone(name: str, ending: str, change: Change, reason: str, due: str) -> Planted:
    """The record of a failed run, and no other."""

    def plant(folder: Path, model: str) -> Path:
        failed = make_failed(model, suite=folder.parent.name, machine=folder.name).model_dump(mode="json")
        for file in folder.glob(f"{model}.*"):
            file.unlink()
        return _put(folder / (model + ending), change(failed))

    return Planted(f"failed: {name}", plant, reason, due)


def _older(content: dict[str, Any]) -> dict[str, Any]:
    old = json.loads((RECORDS / "3" / "starter" / "reference-cpu" / "tfidf.json").read_bytes())
    del old["size"]
    return old | {key: content[key] for key in ("suite", "machine", "model")}


def _nested(levels: int) -> bytes:
    return f'{{"schema_version": {SCHEMA_VERSION}, "x": '.encode() + b"[" * levels + b"]" * levels + b"}"


FIRST = "runtimes.0."
QUALITY = f"{FIRST}quality."
CANNOT = "its record cannot be read"
PAPERMILL = "metadata.papermill."
STATES = [
    # what is no JSON
    _text("cut in half", lambda content: content[: len(content) // 2], "no whole JSON"),
    _text("empty", lambda _: b"", "it is empty"),
    _text("blank", lambda _: b" \n", "it is empty"),
    _text("zeros, from a power cut", lambda content: b"\0" * len(content), "it is empty"),
    _text("compressed", gzip.compress, "no text in UTF-8"),
    _text("UTF-16", lambda content: content.decode().encode("utf-16"), "no text in UTF-8"),
    _text("Latin-1", lambda content: content.replace(b"Somebody", "Jürgen".encode("latin-1")), "no text in UTF-8"),
    _text("byte order mark", lambda content: b"\xef\xbb\xbf" + content, "no whole JSON"),
    _text("a web page", lambda _: b"<!DOCTYPE html><p>404</p>", "no whole JSON"),
    _text("two records", lambda content: content * 2, "no whole JSON"),
    _text("marks of a merge", lambda content: b"<<<<<<< HEAD\n" + content, "no whole JSON"),
    _text("a key twice", lambda content: content.replace(b'"status"', b'"model": 1, "status"', 1), "stands in it"),
    _text("3,000 brackets", lambda _: _nested(3000), "nested too deeply"),
    _text("100,000 brackets", lambda _: _nested(100_000), "nested too deeply"),
    _text("60 brackets", lambda _: _nested(60), "nested too deeply"),
    _record("not a number", _raw(f"{QUALITY}accuracy", "NaN"), "NaN is no number"),
    _record("infinity", _raw(f"{FIRST}load_time_s", "Infinity"), "Infinity is no number"),
    _record("a number beyond all", _raw(f"{FIRST}load_time_s", "1e999"), "got inf"),
    _record("5,000 digits", _raw("parameters.total", "9" * 5000), "4300 digits"),
    _record("half a sign", _raw("title", r'"\ud83d"'), "no text in UTF-8"),
    # what is no record
    _record("foreign", lambda _: {"name": "left-pad", "version": "1.3.0"}, "schema_version`: got None"),
    _record("a list", lambda content: [content], "no mapping"),
    _record("a text", lambda _: "record", "no mapping"),
    _record("null", lambda _: None, "no mapping"),
    _record("a list in place of a mapping", _with("data", []), "key `data`: got []"),
    _record("a mapping in place of a list", _with("runtimes", {}), "key `runtimes`: got {}"),
    _record("a newer schema", _with("schema_version", SCHEMA_VERSION + 1), "update the project"),
    _record("schema 0", _with("schema_version", 0), "schema_version`: got 0"),
    _record("a schema in words", _with("schema_version", "5"), "schema_version`: got '5'"),
    _record("a true schema", _with("schema_version", True), "schema_version`: got True"),
    _record("half of an older record", _older, "schema 3 asks for (KeyError: 'size')"),
    _record("this record with an older schema", _with("schema_version", 2), "schema 2 asks for"),
    _record("an unknown status", _with("status", "good"), "status"),
    _record("an unknown key", _with("mood", "good"), "key `mood` is not known"),
    _record("a key without end", _with("x" * 10_000, 1), "key `xxx"),
    _record("a missing key", lambda content: content.pop("data") and content, "key `data` is missing"),
    # what cannot have been measured
    _record("accuracy 7", _with(f"{QUALITY}accuracy", 7), "accuracy`: got 7"),
    _record("accuracy below 0", _with(f"{QUALITY}accuracy", -0.1), "accuracy`: got -0.1"),
    _record("F1 of 2", _with(f"{QUALITY}class_f1", [0.5, 2]), "class_f1.1`: got 2"),
    _record("no samples", _with(f"{FIRST}latency.0.samples_ms", []), "samples_ms`: got []"),
    _record("no time", _with(f"{FIRST}latency.0.samples_ms", [0, 0, 0]), "samples_ms.0`: got 0"),
    _record("a time below 0", _with("finetune.epoch_time_s", -1), "epoch_time_s`: got -1"),
    _record("a time longer than all", _with("finetune.time_s", 1e300), "time_s`: got 1e+300"),
    _record("more than a column holds", _with("parameters.total", 10**30), "total`: got 1000"),
    _record("more active parameters than parameters", _with("parameters.active", 10**9), "larger than `total`"),
    _record("no runtime", _with("runtimes", []), "runtimes`: got []"),
    _record("no texts", _with("data.test_counts", [0, 0]), "names no text"),
    _record("a count too few", _with("data.train_counts", [1]), "a number for each of the `classes`"),
    _record("a class too many", _with(f"{QUALITY}confusion", [[60]]), "for each class"),
    _record("a text too few", _with(f"{QUALITY}right", "1"), "a sign for each text"),
    _record("other texts than those counted", _with("data.test_counts", [29, 31]), "of other texts than"),
    _record("signs that are none", _with(f"{QUALITY}right", "x" * 60), "right`: got 'xxx"),
    _record("an interval upside down", _with(f"{QUALITY}loss_interval", [0.3, 0.1]), "in this order"),
    _record("weights that are no file", _with(f"{FIRST}artefact.weights_files", ["x"]), "`files` does not"),
    _record("processes unlike", _with(f"{FIRST}latency.0.samples_ms", [1, 2]), "as many calls in each process"),
    _record("lengths unlike", _with(f"{FIRST}latency_by_length.0.tokens", [1]), "as many texts"),
    _record("no window", _with("fixed_work.0.samples_ms", []), "samples_ms`: got []"),
    _record("no settings", _with("settings", {}), "key `settings.suite` is missing"),
    _record("settings that are none", _with("settings.suite", [1]), "settings.suite`: got [1]"),
    _record("a time without a zone", _with("started_at", "2026-01-02T03:04:05"), "timezone"),
    _record("a time in words", _with("started_at", "yesterday"), "started_at`: got 'yesterday'"),
    # what belongs elsewhere
    _record("another suite's", _with("suite", "other"), "belongs to the suite 'other'"),
    _record("another machine's", _with("machine", "other"), "belongs to the machine 'other'"),
    _record("another model's", _with("model", "other"), "belongs to the file 'other.json'"),
    _record("a name that leads away", _with("model", "../../other"), "model`: got '../../other'"),
    _record("a copy", lambda content: content, "belongs to the file", " copy.json"),
    _record("a numbered copy", lambda content: content, "belongs to the file", " (1).json"),
    _record("a backup", lambda content: content, "no file of a run", "~"),
    _alone("in the place of a finished one", ".json", lambda failed: failed, "belongs to the file", CANNOT),
    _alone("half", ".failed.json", lambda failed: json.dumps(failed)[:50].encode(), "no whole JSON", CANNOT),
    _alone("a list", ".failed.json", lambda failed: [failed], "no mapping", CANNOT),
    _alone("no zone", ".failed.json", _with("started_at", "2026-01-02T03:04:05"), "timezone", CANNOT),
    _alone("no error", ".failed.json", _with("error", None), "error`: got None", CANNOT),
    # what is no file
    _special("a link to nothing", lambda path: path.symlink_to("nowhere.json"), "symbolic link"),
    _special("a link to the outside", lambda path: path.symlink_to("/etc/hostname"), "symbolic link"),
    _special("a link to a folder", lambda path: path.symlink_to("."), "symbolic link"),
    _special("a link to itself", lambda path: path.symlink_to(path.name), "symbolic link"),
    _special("a folder", lambda path: path.mkdir(), "it is a folder"),
    _special("a pipe", os.mkfifo, "no regular file"),
    _special("a socket", _bind, "no regular file"),
    _special("200 MB of nothing", lambda path: path.touch() or os.truncate(path, 200_000_000), "it has 200 MB"),
    # pages
    _page("cut in half", lambda page: json.dumps(page)[:400].encode(), "no whole JSON"),
    _page("empty", lambda _: b"", "it is empty"),
    _page("a list", lambda page: [page], "no mapping"),
    _page("no notebook", lambda _: {}, "it is no notebook"),
    _page("an older notebook", _with("nbformat", 3), "it is no notebook"),
    _page("cells that are none", _with("cells", [1]), "it is no notebook"),
    _page("no cells", _with("cells", []), "cells that did not run"),
    _page("outputs cleared", _with("cells.1.execution_count", None), "cells that did not run"),
    _page("not by papermill", _with("metadata", {}), "did not come to its end"),
    _page("no end", _with(f"{PAPERMILL}end_time", None), "did not come to its end"),
    _page("an error", _with(f"{PAPERMILL}exception", True), "did not come to its end"),
    _page("another model's", _with(f"{PAPERMILL}parameters.model", "other"), "it is another run's"),
    _page("another machine's", _with(f"{PAPERMILL}parameters.machine", "other"), "it is another run's"),
    _page("a later start's", _with(f"{PAPERMILL}start_time", "2030-01-01T00:00:00Z"), "another start"),
    _page("an earlier start's", _with(f"{PAPERMILL}end_time", "2020-01-01T00:00:00Z"), "another start"),
    _special_page("gone", lambda _: None, "No such file"),
    _special_page("a folder", lambda path: path.mkdir(), "it is a folder"),
    _special_page("a link to nothing", lambda path: path.symlink_to("nowhere"), "symbolic link"),
    _special_page("a pipe", os.mkfifo, "no regular file"),
    _special_page("200 MB of nothing", lambda path: path.touch() or os.truncate(path, 200_000_000), "it has 200 MB"),
    # what lies about
    _beside("a file in the suite", "../MODEL.json", "it is no folder"),
    _beside("a file above all suites", "../../MODEL.json", "it is no folder"),
    _beside("a link that leads round", "../MODEL-round", "it is a symbolic link", lambda path: path.symlink_to("..")),
    _beside("a link to nothing above", "../../MODEL-gone", "symbolic link", lambda path: path.symlink_to("nowhere")),
    _beside("a folder in the machine", "MODEL-old", "no file of a run", lambda path: path.mkdir()),
    _beside("a page in the words of Sphinx", "MODEL.md", "no file of a run", lambda path: path.write_text("no title")),
    _beside("a text", "MODEL.txt", "no file of a run"),
    _beside("what a Mac leaves of a record", "._MODEL.json", "it is empty"),
    _beside("what a Mac leaves of a page", "._MODEL.ipynb", "a page without the record"),
    _beside("a copy of a page", "MODEL-copy.ipynb", "a page without the record"),
    _beside("a page with signs of a pattern", "MODEL[z-a]*?.ipynb", "a page without the record"),
    _beside("signs of HTML and of templates", "MODEL<img src=x>{{ 7 * 7 }}`$x$`.json", "it is empty"),
    _beside("a line break", "MODEL\n# title\n.json", "it is empty"),
    _beside("bytes that are no text", "MODEL" + os.fsdecode(b"\xff\x1b[31m") + ".json", "it is empty"),
]
HIDDEN = [".MODEL.partial.ipynb", ".MODEL.json.partial", ".MODEL.json.x1y2z3", ".DS_Store", ".gitkeep"]
"""Files that a run under way, a killed one or a file manager leaves: nobody's business."""
