"""Whether a contender's pre-trained weights can be had: decided once, quickly, before anything is loaded."""

import hashlib
from pathlib import Path

from huggingface_hub import constants, try_to_load_from_cache

from compactbench.measure.data import package_folder
from compactbench.measure.hub import hub_reachable
from compactbench.record import Weights
from compactbench.settings import HubData, Model, SettingsError, Suite

WEIGHTS_FILE = "model.safetensors"


def decide_weights(model: Model, suite: Suite) -> Weights:
    """The kind of weights that a run of `model` in `suite` starts from.

    Raises:
        SettingsError: the suite asks for pre-trained weights that cannot be had, for random ones that no architecture
            describes, or the package does not carry the weights it should.
    """
    if model.kind == "tfidf":
        return "none"
    if suite.weights == "random" or (suite.weights == "available" and not _within_reach(model)):
        if model.architecture is None:
            raise SettingsError(
                f"params/models/{model.model}.yaml: key `architecture` is missing; accepted: a mapping that describes "
                "the model, because its pre-trained weights cannot be had here."
            )
        return "random"
    if model.package:
        packaged_folder(model)
    elif not _within_reach(model):
        raise SettingsError(
            f"params/suites/{suite.suite}.yaml: key `weights`: got 'pretrained', but {constants.ENDPOINT} cannot be "
            f"reached for {model.model_name}; accepted here: "
            + (
                "nothing, its data set needs the hub too."
                if isinstance(suite.dataset, HubData)
                else "random or available."
            )
        )
    return "pretrained"


def packaged_folder(model: Model) -> Path:
    """The folder of the package that carries the weights of `model`, after their SHA-256 was checked.

    Raises:
        SettingsError: no such package or folder, or other weights than the model's file names.
    """
    file = f"params/models/{model.model}.yaml"
    try:
        folder = package_folder(model.package, "package")
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from error
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise SettingsError(f"{file}: key `package.folder`: got {model.package.folder!r} without {WEIGHTS_FILE}.")
    with weights.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != model.sha256:
        raise SettingsError(
            f"{file}: key `sha256`: the {WEIGHTS_FILE} of {model.package.name} has {found}; accepted: {model.sha256}."
        )
    return folder


def _within_reach(model: Model) -> bool:
    if model.package:
        return True
    cached = try_to_load_from_cache(model.model_name, "config.json", revision=model.revision)
    return isinstance(cached, str) or hub_reachable()
