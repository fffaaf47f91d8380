"""Settings read from params/ and given by hand, each error one sentence: file, key, value, accepted.

A suite that leaves a key out takes it from the suite that it is `like`, and that one from `starter`, which holds every
default.
"""

import ast
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from compactbench import ROOT, yaml_file
from compactbench.errors import LONGEST, short_path, shown
from compactbench.settings import (
    BY_HAND,
    DEFAULT_SUITE,
    MODELS,
    NAME,
    Model,
    Name,
    SettingsError,
    Suite,
    is_folder,
    name_of,
    nearest,
)

OLD = {"licence": "license"}
"""Keys that were renamed, and are still read under the old name."""
S = TypeVar("S", bound=BaseModel)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file at `path`.

    Raises:
        SettingsError: there is no such file, or it holds no mapping.
    """
    where = _where(path)
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.yaml"))
        raise SettingsError(f"{where}: there is no such file{nearest(path.stem, known)}; known: {', '.join(known)}.")
    try:
        content = yaml_file.read(path)
    except ValueError as error:
        raise SettingsError(f"{where}: not readable as YAML: {error}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{where}: got {shown(content)}; accepted: a mapping of keys to values.")
    for key in content:
        if not isinstance(key, str):
            raise SettingsError(f"{where}: key `{shown(key)}` is not known; accepted: words{_quoted(key)}.")
    return content


def given_in(namespace: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The `known` parameters among the variables of a notebook; all other variables are the reader's own.

    Raises:
        SettingsError: the cell that papermill injected sets an unknown one.
    """
    injected = next((cell for cell in namespace.get("In", []) if cell.startswith("# Parameters\n")), "")
    targets = [target for node in ast.parse(injected).body if isinstance(node, ast.Assign) for target in node.targets]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    for key in names:
        check_known(OLD.get(key, key), known)
    return {name: namespace[name] for name in {*known, *names} if name in namespace}


def check_known(key: str, known: Iterable[str]) -> None:
    """Refuse a parameter that is none of the `known` ones.

    Raises:
        SettingsError: it is not; the message has the nearest one.
    """
    if key not in known:
        accepted = ", ".join(sorted(known))
        raise SettingsError(
            f"{BY_HAND}: key `{key[:LONGEST]}` is not known{nearest(key, known)}; accepted: {accepted}."
        )


def load_suite(name: str, given: dict[str, Any] | None = None, model: Model | None = None) -> Suite:
    """The suite `name`: the starter's keys, under those of the suite it is like, under its own, under those `given`.

    Of a `model` it may ask another learning rate (see `Model.asked`), but one that is given by hand stands. A name such
    as `<suite>.<data>` without a file of its own means that part of a suite with a matrix.

    Raises:
        SettingsError: a file is missing, or a key or value is not accepted.
    """
    path = _file("suite", name)
    if not path.is_file() and (part := _part_of(path)):
        return validated(Suite, part[1] | _renamed(given or {}), _where(part[0]), given or {})
    own = _named("suite", name, path, given)
    defaults, suites, like = [{"suite_title": name}], [name], own.get("like")
    while like is not None:
        by_hand = len(suites) == 1 and "like" in _by_hand(path, given)
        validate_name("like", like, BY_HAND if by_hand else _where(path.with_stem(suites[-1])))
        if like in suites:
            raise SettingsError(
                f"{_where(path)}: key `like`: {' is like '.join([*suites, like])}; accepted: no circle."
            )
        suites.append(like)
        defaults.append(read_yaml(path.with_stem(like)))
        like = defaults[-1].get("like")
    values: dict[str, Any] = {}
    for one in (read_yaml(path.with_stem(DEFAULT_SUITE)), *reversed(defaults), own):
        values |= one
    suite = validated(Suite, values, _where(path), keys := _by_hand(path, given))
    return model.asked(suite) if model and "learning_rate" not in keys else suite


def parts(name: str) -> list[str]:
    """Names of the suites that the suite `name` is made of: itself, or of one with a matrix one for each data set."""
    matrix = load_suite(name).matrix if _file("suite", name).is_file() else None
    return [f"{name}.{data}" for data in matrix.data] if matrix else [name]


def _part_of(path: Path) -> tuple[Path, dict[str, Any]] | None:
    """The file of the suite with a matrix that `path` would describe a part of, and the part's keys.

    Run are its first seed and, of several learning rates, the best. Its matrix has every axis, so that what is left out
    of the suite's stands in one place. None where there is no such suite.
    """
    words = path.stem.split(".")
    for count in range(1, len(words)):
        file, data = path.with_stem(".".join(words[:count])), ".".join(words[count:])
        suite = load_suite(file.stem) if file.is_file() else None
        if suite and suite.matrix and data in suite.matrix.data:
            of_data, axes = load_suite(data), suite.matrix
            seeds, rates = axes.seed or suite.seeds, axes.learning_rate or [suite.learning_rate]
            models = axes.model or suite.models
            return file, suite.model_dump() | {
                "suite": path.stem,
                "suite_title": suite.suite_title + ": " + of_data.suite_title,
                "like": None,
                "dataset": of_data.dataset,
                "models": models,
                "matrix": {"data": axes.data, "model": models, "seed": seeds, "learning_rate": rates},
                "seeds": seeds[:1],
                "learning_rate": rates[0],
                "learning_rates": rates if len(rates) > 1 else [],
            }
    return None


def load_model(name: str, given: dict[str, Any] | None = None) -> Model:
    """The model `name` under the keys `given`: params/models/<name>.yaml or, where `name` has a slash, the model that
    has this id on the hub, or lies in this folder.

    Raises:
        SettingsError: the file is missing, or a key or value is not accepted.
    """
    if isinstance(name, str) and "/" in name:
        values = _of_source(name) | {key: value for key, value in (given or {}).items() if key != "model"}
        return validated(Model, values, BY_HAND)
    path = _file("model", name)
    return validated(Model, _named("model", name, path, given), _where(path), _by_hand(path, given))


def _of_source(source: str) -> dict[str, Any]:
    """What is known of a model that no file describes.

    Raises:
        SettingsError: a file describes another model of its name.
    """
    name = name_of(source)
    if (MODELS / f"{name}.yaml").is_file():
        accepted = f"{name!r}, the name that this has in {_where(MODELS / f'{name}.yaml')}"
        raise SettingsError(f"{BY_HAND}: key `model`: got {shown(source)}; accepted: {accepted}.")
    title = Path(source).name or source
    if is_folder(source):
        summary = f"The folder {short_path(source)}, taken as it is."
        return {"model": name, "title": title, "model_name": title, "summary": summary, "path": source}
    return {"model": name, "title": title, "model_name": source, "summary": "Taken from the model hub as it is."}


def validate_name(key: str, name: object, where: str = BY_HAND) -> None:
    """Check a name that becomes that of a file or folder.

    Raises:
        SettingsError: it cannot; the message begins with `where`, and names the `key`.
    """
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        first = error.errors()[0]
        text = first["ctx"]["error"] if "ctx" in first else f"got {shown(name)}; accepted: {NAME}{_quoted(name)}"
        raise SettingsError(f"{where}: key `{key}`: {text}.") from error


def validated(kind: type[S], values: dict[str, Any], where: str, by_hand: Collection[str] = (), within: str = "") -> S:
    """`values` as a `kind`.

    Args:
        kind: the class of settings.
        values: its keys; renamed ones are read under their old name too.
        where: the file that an error names.
        by_hand: keys that were given by hand instead.
        within: the key under which the values stand, where they stand under one.

    Raises:
        SettingsError: the first error, as one sentence.
    """
    values = _renamed(values)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        # a mistyped key is also a missing one: name the typing error
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = str(first["loc"][0]) if first["loc"] else ""
        shown = BY_HAND if key in by_hand else where
        raise SettingsError(f"{shown}: {_sentence(kind, first, values, within)}") from error


def _file(kind: str, name: str) -> Path:
    """The file in params/ of the suite or model `name`."""
    validate_name(kind, name)
    return ROOT / "params" / f"{kind}s" / f"{name}.yaml"


def _quoted(value: object) -> str:
    """What to do where a text is read as a number, or as true, false or null."""
    plain = value is None or isinstance(value, int | float)
    return "; a text that looks like a number stands in quotes, and follows -r in papermill's command" if plain else ""


def _by_hand(path: Path, given: dict[str, Any] | None) -> set[str]:
    """The keys `given` that differ from those of the file."""
    content = read_yaml(path) if path.is_file() else {}
    return {key for key, value in (given or {}).items() if content.get(key) != value}


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {OLD.get(key, key): value for key, value in values.items()}


def _named(kind: str, name: str, path: Path, given: dict[str, Any] | None) -> dict[str, Any]:
    """The content of the file that describes `name`, under what was given beside it."""
    given = given or {}
    inline = len(given) > 1 and not path.is_file()  # a file from elsewhere, handed over whole
    content = {} if inline else read_yaml(path)
    if content and content.get(kind) != name:
        raise SettingsError(
            f"{_where(path)}: key `{kind}`: got {shown(content.get(kind))}; accepted: {name!r}, the file's name"
            f"{_quoted(content.get(kind))}."
        )
    return _renamed(content) | _renamed(given)


def _sentence(kind: type[BaseModel], error: Any, values: dict[str, Any], within: str) -> str:
    """One pydantic error on `values` as one sentence: key, what was given, what is accepted."""
    where = [part for part in error["loc"] if part != "[key]"]
    key = ".".join(str(part) for part in ([within] if within else []) + where)
    key = key if len(key) <= LONGEST else key[:LONGEST] + " ..."
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
    if "[key]" in error["loc"]:
        accepted = "words for keys"
    if error["type"] == "missing":
        return f"key `{key}` is missing; accepted: {accepted}."
    quoted = _quoted(error["input"]) if error["type"] == "string_type" else ""
    return f"key `{key}`: got {shown(error['input'])}; accepted: {accepted}{quoted}."


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


def _where(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
