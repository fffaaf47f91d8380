"""Write a model's file from what the hub or a folder says of it."""

import argparse
import os
import re
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from compactbench import ROOT
from compactbench.commands.check import check_architecture
from compactbench.errors import LONGEST, one_line
from compactbench.parameters import validate_name
from compactbench.settings import Model, SettingsError, is_folder, nearest
from compactbench.sources import hub
from compactbench.sources.availability import local_folder

ELSEWHERE = re.compile(r"^(\S+\.yaml: )?(key `\w+`: )?")
"""What an error says of a file and key that do not exist yet."""
LICENSES = {"apache-2.0": "Apache-2.0", "mit": "MIT"}
"""How the hub writes common licenses, and how people do."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The name of the file, and where the model is."""
    parser.add_argument("--name", required=True, help="short name of the model, and of its file")
    parser.add_argument("--id", required=True, help="its id on the hub, or a folder of this machine")


def run(given: argparse.Namespace) -> int:
    """Write params/models/<name>.yaml.

    Raises:
        SettingsError: there is such a file already, or the model cannot be had or classifies no texts.
    """
    name, source = given.name, given.id
    validate_name("NAME", name)
    path = ROOT / "params" / "models" / f"{name}.yaml"
    shown = path.relative_to(ROOT)
    if path.exists():
        raise SettingsError(f"parameters: key `NAME`: got {name!r}; accepted: a new name, because {shown} is there.")
    if not source:
        raise SettingsError("parameters: key `ID`: got ''; accepted: a model's id on the hub, or a folder.")
    try:
        known = _of_folder(source) if is_folder(source) else _of_hub(source)
        model = Model.model_validate({"model": name, "title": source.rstrip("/").rpartition("/")[2], **known})
        local_folder(model)
    except SettingsError as error:
        raise SettingsError(f"parameters: key `ID`: {ELSEWHERE.sub('', str(error))}") from error
    given_keys = model.model_dump(exclude_defaults=True).items()
    content = {key: str(value) if isinstance(value, str) else value for key, value in given_keys if value is not None}
    unfinished = path.with_name(f".{path.name}")  # renamed when whole
    unfinished.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
    unfinished.replace(path)
    print(f'Written: {shown}. Say in `summary` what sets it apart, then: make report MODELS="{name}"')
    return 0


def _of_hub(hub_id: str) -> dict[str, Any]:
    """What the hub says of a model: commit, license, paper, architecture."""
    if not hub.hub_reachable():
        raise SettingsError(f"got {hub_id!r}, which is no folder here, and {hub.unreachable()}.")
    commit = hub.commit(hub_id, None)
    try:
        config = Path(hf_hub_download(hub_id, hub.CONFIG, revision=commit))
        told = HfApi().model_info(hub_id, revision=commit)
    except (HfHubHTTPError, OSError) as error:
        raise SettingsError(f"got {hub_id!r}, which cannot be read: {one_line(error, LONGEST)}.") from error
    papers = [tag.removeprefix("arxiv:") for tag in told.tags or [] if tag.startswith("arxiv:")]
    license = told.card_data.get("license") if told.card_data else None
    return {
        "model_name": hub_id,
        "revision": commit,
        "paper": papers[0] if len(papers) == 1 else None,  # of several, nobody knows here which is its own
        "license": LICENSES.get(license, license) if isinstance(license, str) else None,
        **_described(config, hub_id),
    }


def _of_folder(source: str) -> dict[str, Any]:
    """What a folder says of a model."""
    folder = ROOT / Path(source).expanduser()
    if not (folder / hub.CONFIG).is_file():
        raise SettingsError(f"got {source!r}, a folder without {hub.CONFIG}.")
    path = os.path.relpath(folder, ROOT) if folder.is_relative_to(ROOT) else str(folder)
    return {"model_name": Path(source).name, "path": path, **_described(folder / hub.CONFIG, source)}


def _described(config: Path, source: str) -> dict[str, Any]:
    """The architecture in a configuration, and a line on it.

    Raises:
        SettingsError: its model type classifies no texts, or needs code of its publisher.
    """
    # seconds to import: after the cheap checks
    from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

    from compactbench.sources.weights import classifying

    try:
        found = AutoConfig.from_pretrained(config.parent, trust_remote_code=False)
    except Exception as error:  # the library raises several kinds of its own
        raise SettingsError(
            f"got {source!r}, whose {hub.CONFIG} cannot be used: {one_line(error, LONGEST)}."
        ) from error
    known = classifying()
    if found.model_type not in known:
        hint = nearest(found.model_type, known)
        raise SettingsError(
            f"got {source!r} of type {found.model_type!r}{hint}; accepted: a type that classifies texts."
        )
    kind = CONFIG_MAPPING[found.model_type]
    usual, own = kind(), kind.__dataclass_fields__.keys() - PreTrainedConfig.__dataclass_fields__.keys()
    said = {key: value for key, value in found.to_dict().items() if key in own and _plain(value)}
    different = {key: value for key, value in said.items() if value != getattr(usual, key)}
    architecture = {"model_type": found.model_type, **different}
    layers, width = (getattr(found, name, "?") for name in ("num_hidden_layers", "hidden_size"))
    summary = f"{kind.__name__.removesuffix('Config')} with {layers} layers of width {width}."
    return {"summary": summary, "architecture": architecture if _builds(architecture) else None}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _builds(architecture: dict[str, Any]) -> bool:
    """Whether random weights can be made from it, for a machine that cannot reach the hub."""
    tried = Model(model="tried", title="tried", model_name="tried", summary="tried", architecture=architecture)
    try:
        check_architecture(tried, max_length=1)
    except SettingsError:
        return False
    return True
