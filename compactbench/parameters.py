"""Settings read from params/ and from a notebook's parameters, each error one sentence: file, key, value, accepted.

A suite that leaves a key out takes it from the suite that it is `like`, and that one from `starter`, which holds every
default.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from compactbench import ROOT
from compactbench.settings import DEFAULT_SUITE, Model, Name, RunSettings, SettingsError, Strict, Suite, nearest


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file at `path`.

    Raises:
        SettingsError: there is no such file, or it holds no mapping.
    """
    shown = _shown(path)
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.yaml"))
        raise SettingsError(f"{shown}: there is no such file{nearest(path.stem, known)}; known: {', '.join(known)}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{shown}: not readable as YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{shown}: got {content!r}; accepted: a mapping of keys to values.")
    return content


def notebook_parameters(namespace: dict[str, Any]) -> dict[str, Any]:
    """The parameters that stand in a notebook's `namespace`, before the notebook defines anything else."""
    shell = {"In", "Out"}  # IPython's own
    return {
        name: value
        for name, value in namespace.items()
        if not name.startswith("_") and name not in shell and not callable(value) and not isinstance(value, ModuleType)
    }


def load_suite(name: str, given: dict[str, Any] | None = None) -> Suite:
    """The suite `name`: the starter's keys, under those of the suite it is like, under its own, under those `given`.

    Raises:
        SettingsError: a file is missing, or a key or value is not accepted.
    """
    path = ROOT / "params" / "suites" / f"{name}.yaml"
    own = _named("suite", name, path, given)
    defaults = read_yaml(path.with_stem(DEFAULT_SUITE)) | (
        read_yaml(path.with_stem(own["like"])) if own.get("like") else {}
    )
    values = {**defaults, "suite_title": name, **own}
    return _validated(Suite, values, path, given)


def load_model(name: str, given: dict[str, Any] | None = None) -> Model:
    """The contender `name`: params/models/<name>.yaml under the keys `given`.

    Raises:
        SettingsError: the file is missing, or a key or value is not accepted.
    """
    path = ROOT / "params" / "models" / f"{name}.yaml"
    return _validated(Model, _named("model", name, path, given), path, given)


def from_parameters(parameters: dict[str, Any], default_machine: str) -> RunSettings:
    """The settings of one run from the parameters of the template notebook.

    Args:
        parameters: keys of a model file, of a suite file, `machine` and `record`; None means: not given.
        default_machine: name of the machine's folder when `machine` is not given.

    Raises:
        SettingsError: a key is unknown or a value is not accepted.
    """
    given = {key: value for key, value in parameters.items() if value is not None}
    known = {*Model.model_fields, *Suite.model_fields, "machine", "record"}
    for key in given:
        if key not in known:
            raise SettingsError(
                f"parameters: key `{key}` is not known{nearest(key, known)}; accepted: {', '.join(sorted(known))}."
            )
    model = load_model(given.get("model", ""), {k: v for k, v in given.items() if k in Model.model_fields})
    suite = load_suite(given.get("suite", ""), {k: v for k, v in given.items() if k in Suite.model_fields})
    machine = given.get("machine", default_machine)
    record = given.get("record", ROOT / "book" / "runs" / suite.suite / machine / f"{model.model}.json")
    values = {"model": model, "suite": suite, "machine": machine, "record": record}
    return _validated(RunSettings, values, Path("parameters"), None)


def validate_name(key: str, name: str) -> None:
    """Check a name that becomes that of a file or folder.

    Raises:
        SettingsError: it cannot; the message names the `key`.
    """
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        accepted = "a name in a-z, 0-9, '.', '_' and '-'"
        raise SettingsError(f"parameters: key `{key}`: got {name!r}; accepted: {accepted}.") from error


def _named(kind: str, name: str, path: Path, given: dict[str, Any] | None) -> dict[str, Any]:
    """The content of the file that describes `name`, under what was given beside it."""
    given = given or {}
    inline = len(given) > 1 and not path.is_file()  # a file from elsewhere, handed over whole
    content = {} if inline else read_yaml(path)
    if content and content.get(kind) != name:
        raise SettingsError(
            f"{_shown(path)}: key `{kind}`: got {content.get(kind)!r}; accepted: {name!r}, the file's name."
        )
    return content | given


def _validated(kind: type[Strict], values: dict[str, Any], path: Path, given: dict[str, Any] | None) -> Any:
    """`values` as a `kind`; the first error becomes one sentence that names the file, or the parameters."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        # a mistyped key is also a missing one: name the typing error
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = str(first["loc"][0]) if first["loc"] else ""
        in_file = read_yaml(path) if path.is_file() else {}
        by_hand = key in (given or {}) and in_file.get(key) != given[key]
        shown = "parameters" if by_hand else _shown(path)
        raise SettingsError(f"{shown}: {_sentence(kind, first, values)}") from error


def _sentence(kind: type[BaseModel], error: Any, values: dict[str, Any]) -> str:
    """One pydantic error on `values` as one sentence: key, what was given, what is accepted."""
    where = [part for part in error["loc"] if not (isinstance(part, str) and part[0].isupper())]
    key = ".".join(str(part) for part in where)
    if error["type"] == "value_error":
        text = str(error["ctx"]["error"])
        return f"{text}." if not key or text.startswith("key") else f"key `{key}`: {text}."
    parent = _model_at(kind, where[:-1], values)
    known = sorted(parent.model_fields) if parent else []
    if error["type"] == "extra_forbidden":
        return f"key `{key}` is not known{nearest(str(where[-1]), known)}; accepted: {', '.join(known)}."
    names = [part for part in where if isinstance(part, str)]
    owner = _model_at(kind, names[:-1], values)
    field = owner.model_fields.get(names[-1]) if owner and names else None
    accepted = (field.description if field else None) or _inner(field) or error["msg"]
    if error["type"] == "missing":
        return f"key `{key}` is missing; accepted: {accepted}."
    return f"key `{key}`: got {error['input']!r}; accepted: {accepted}."


def _inner(field: Any) -> str | None:
    """The description inside an annotated type such as `Count`."""
    for part in getattr(field, "metadata", None) or []:
        if getattr(part, "description", None):
            return part.description
    return None


def _model_at(kind: type[BaseModel], path: list[Any], values: Any) -> type[BaseModel] | None:
    """The settings class that holds the key at `path`; of several that may, the one that shares most keys."""
    current: Any = kind
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
        field = current.model_fields.get(part) if isinstance(part, str) else None
        options = [] if field is None else [field.annotation, *getattr(field.annotation, "__args__", ())]
        classes = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
        if not classes:
            return None
        current = max(classes, key=lambda option: len(option.model_fields.keys() & set(values or ())))
    return current


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
