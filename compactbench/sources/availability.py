"""Whether a model's pre-trained weights can be had: decided once, quickly, before anything is loaded."""

from pathlib import Path

from compactbench import ROOT
from compactbench.record import Weights
from compactbench.settings import Model, SettingsError, Suite
from compactbench.sources import hub
from compactbench.sources.local import package_folder, sha256

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
    "tokenizer.model",
]


def encoder_weights(model: Model, suite: Suite) -> Weights:
    """The kind of weights that a run of `model` in `suite` starts from, pretrained or random.

    Raises:
        SettingsError: the suite asks for pre-trained weights that cannot be had, for random ones that no architecture
            describes, or a package or folder does not hold the weights it should.
    """
    if suite.weights == "random" or (suite.weights == "available" and not _within_reach(model)):
        if model.architecture is None:
            raise SettingsError(
                f"params/models/{model.model}.yaml: key `architecture` is missing; accepted: a mapping that describes "
                "the model, because its pre-trained weights cannot be had here."
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
    """What tells whether the pre-trained weights of `model` changed: a SHA-256 or, from the hub, a commit.

    Raises:
        SettingsError: they cannot be had.
    """
    folder = local_folder(model)
    if folder is not None:
        return sha256(weights_file(folder))
    try:
        return hub.commit(model.model_name, model.revision)
    except SettingsError as error:
        raise SettingsError(f"params/models/{model.model}.yaml: {error}") from error


def local_folder(model: Model) -> Path | None:
    """The folder of this machine that holds the weights of `model`, their SHA-256 checked where its file names one.

    Returns:
        None where the weights come from the hub.

    Raises:
        SettingsError: no such package or folder, something is missing in it, or other weights than the file names.
    """
    file = f"params/models/{model.model}.yaml"
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
    for needed in ([hub.CONFIG], WEIGHTS_FILES, TOKENIZER_FILES):
        if not any((folder / name).is_file() for name in needed):
            raise SettingsError(f"{file}: key `{key}`: got {given!r} without {' or '.join(needed)}.")
    if model.sha256 and (found := sha256(weights_file(folder))) != model.sha256:
        name = f"{weights_file(folder).name} of {model.package.name if model.package else given}"
        raise SettingsError(f"{file}: key `sha256`: the {name} has {found}; accepted: {model.sha256}.")
    return folder


def weights_file(folder: Path) -> Path:
    """The file in `folder` that the weights are taken from: safetensors before a pickle."""
    return next(folder / name for name in WEIGHTS_FILES if (folder / name).is_file())


def _within_reach(model: Model) -> bool:
    return bool(
        model.package or model.path or hub.cached_commit(model.model_name, model.revision) or hub.hub_reachable()
    )
