"""Whether a model's pre-trained weights can be had: decided once, quickly, before anything is loaded."""

import json
from pathlib import Path

from compactbench import ROOT
from compactbench.errors import LONGEST, one_line
from compactbench.record import Weights
from compactbench.settings import Model, SettingsError, Suite
from compactbench.sources import hub
from compactbench.sources.local import package_folder, sha256_of_all

WEIGHTS_FILES = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
]
"""Files with weights, or with the names of several such files, in the order in which they are taken."""
TOKENIZER_FILES = [
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "tokenizer.model",
    "tokenizer_config.json",  # all that a tokenizer of characters has, such as CANINE's
]
NOT_LOADED = {".md", ".safetensors", ".bin", ".pt", ".pth", ".h5", ".msgpack", ".ot", ".ckpt", ".onnx", ".gguf"}
"""Endings of files in a model's folder that explain, or hold weights in a form that is not taken."""

POINTER = b"version https://git-lfs"


def encoder_weights(model: Model, suite: Suite) -> Weights:
    """The kind of weights that a run of `model` in `suite` starts from, pretrained or random.

    Raises:
        SettingsError: the suite asks for pre-trained weights that cannot be had, for random ones that no architecture
            describes, or a package or folder does not hold the weights it should.
    """
    if suite.weights == "random" or (suite.weights == "available" and not _within_reach(model)):
        if model.architecture is None:
            random = suite.weights == "random"
            why = "the suite asks for random weights" if random else f"{hub.unreachable()} for {model.model_name}"
            raise SettingsError(
                f"{model.where}: key `architecture` is missing; accepted: a mapping that describes the model, because "
                f"{why}."
            )
        return "random"
    if local_folder(model) is None and not _within_reach(model):
        raise SettingsError(
            f"params/suites/{suite.suite}.yaml: key `weights`: got 'pretrained', but {hub.unreachable()} for "
            f"{model.model_name}; accepted here: random or available."
        )
    origin(model)
    return "pretrained"


def origin(model: Model) -> str | None:
    """What tells whether the pre-trained `model` changed: a SHA-256 of all files loaded or, from the hub, a commit.

    Raises:
        SettingsError: they cannot be had.
    """
    folder = local_folder(model)
    try:
        if folder is not None:
            return sha256_of_all(loaded_files(folder))
        return hub.commit(model.model_name, model.revision)
    except SettingsError as error:
        raise SettingsError(f"{model.where}: {error}") from error
    except OSError as error:
        raise SettingsError(f"{model.where}: {one_line(error)}.") from error


def local_folder(model: Model) -> Path | None:
    """The folder of this machine that holds the weights of `model`, their SHA-256 checked where its file names one.

    Returns:
        None where the weights come from the hub.

    Raises:
        SettingsError: no such package or folder, something is missing in it, or other weights than the file names.
    """
    file = model.where
    if model.package:
        key, given = "package.folder", model.package.folder
        try:
            folder = package_folder(model.package, "package")
        except SettingsError as error:
            raise SettingsError(f"{file}: {error}") from error
    elif model.path:
        key, given, folder = "path", model.path, ROOT / Path(model.path).expanduser()
    else:
        return None
    if not folder.is_dir():
        raise SettingsError(f"{file}: key `{key}`: got {given!r}; accepted: a folder that exists.")
    try:
        needed = ([hub.CONFIG], _weights_names(folder), TOKENIZER_FILES)
        lacking = [names for names in needed if not any((folder / name).is_file() for name in names)]
        files = [] if lacking else weights_files(folder)
        pointers = [] if lacking else [one.name for one in loaded_files(folder) if _is_pointer(one)]
        found = sha256_of_all(files) if model.sha256 and files else model.sha256
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: key `{key}`: got {given!r}: {one_line(error, LONGEST)}.") from error
    if lacking:
        raise SettingsError(f"{file}: key `{key}`: got {given!r} without {' or '.join(lacking[0])}.")
    if pointers:
        accepted = "the file itself, which `git lfs pull` fetches"
        left = f"whose {pointers[0]} is a pointer"
        raise SettingsError(f"{file}: key `{key}`: got {given!r}, {left}; accepted: {accepted}.")
    if found != model.sha256:
        name = f"{files[0].name} of {model.package.name if model.package else given}"
        raise SettingsError(f"{file}: key `sha256`: the {name} has {found}; accepted: {model.sha256}.")
    return folder


def weights_files(folder: Path) -> list[Path]:
    """The files in `folder` that the weights are loaded from: one, or an index and all that it names.

    Raises:
        ValueError: the index names what is no file of the folder.
    """
    first = next(folder / name for name in _weights_names(folder) if (folder / name).is_file())
    if not first.name.endswith(".index.json"):
        return [first]
    named = _mapping(first).get("weight_map")
    parts = sorted({str(name) for name in named.values()}) if isinstance(named, dict) else []
    strange = [name for name in parts if Path(name).name != name or not (folder / name).is_file()]
    if strange or not parts:
        raise ValueError(f"{first.name} names {strange[0] if strange else 'no file'}; accepted: files beside it")
    return [first, *(folder / name for name in parts)]


def loaded_files(folder: Path) -> list[Path]:
    """All that loading a model reads from `folder`: weights, configuration, tokenizer and code of its publisher."""
    others = (file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    beside = {file for file in others if file.suffix.lower() not in NOT_LOADED}
    return sorted(beside | set(weights_files(folder)))


def _is_pointer(file: Path) -> bool:
    """Whether Git LFS left a note in place of the content of `file`."""
    with file.open("rb") as content:
        return content.read(len(POINTER)) == POINTER


def _weights_names(folder: Path) -> list[str]:
    """Names that the file with the weights may have: the one that the configuration gives, else the usual ones."""
    named = _mapping(folder / hub.CONFIG).get("transformers_weights") if (folder / hub.CONFIG).is_file() else None
    return WEIGHTS_FILES if named is None else [str(named)]


def _mapping(file: Path) -> dict[str, object]:
    """The mapping in a JSON file.

    Raises:
        ValueError: it holds none.
    """
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file.name} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file.name} holds no mapping")
    return content


def _within_reach(model: Model) -> bool:
    return bool(
        model.package or model.path or hub.cached_commit(model.model_name, model.revision) or hub.hub_reachable()
    )
