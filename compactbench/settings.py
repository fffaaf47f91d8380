"""What a user may set: one model file, one suite file, and a few overrides, checked before any work starts.

A suite that leaves a key out takes it from the suite `starter`, which holds every default.
"""

import difflib
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from compactbench import ROOT

DEFAULT_SUITE = "starter"
KINDS = {"model": "models", "suite": "suites"}

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="a name in a-z, 0-9, '.', '_' and '-'")]
Count = Annotated[int, Field(gt=0, strict=True, description="a whole number above 0")]
Positive = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False, description="a number above 0")]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True, description=f"a whole number from 0 to {2**32 - 1}")]


Runtime = Literal["torch", "torch-compile", "onnxruntime", "openvino"]
TextColumns = Annotated[list[str], Field(min_length=1), BeforeValidator(lambda value: _listed(value))]


class SettingsError(ValueError):
    """A setting that cannot work. The message is one sentence: file, key, what was given, what is accepted."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [f"SettingsError: {self}"]


class Strict(BaseModel):
    """Settings refuse keys they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Package(Strict):
    """A folder inside an installed Python package."""

    name: str = Field(description="name of the package on PyPI")
    folder: str = Field(description="path inside site-packages")


class FolderData(Strict):
    """Texts inside an installed package: a folder per class, a file per article, its first line the headline."""

    package: Package = Field(description="name and folder of an installed package")
    name: str = Field(description="name of the data set, for people")
    cite: str = Field(description="whom to cite")
    licence: str = Field(description="what the texts may be used for")
    text: Literal["headline and first sentence"] = Field(description="headline and first sentence")
    test_size: float = Field(gt=0, lt=1, description="a share between 0 and 1")


class HubData(Strict):
    """A data set of the hub with a split `train`, and its own `test` or a share of `train` for it."""

    hub_id: str = Field(description="a data set's id on the hub")
    revision: str | None = Field(default=None, description="a commit of it")
    name: str = Field(description="name of the data set, for people")
    cite: str = Field(description="whom to cite")
    licence: str = Field(description="what the texts may be used for")
    text: TextColumns = Field(default=["text"], description="a column, or a list of columns to join")
    label: str = Field(default="label", description="name of the label column")
    test_size: float | None = Field(default=None, gt=0, lt=1, description="a share between 0 and 1")
    max_rows: int | None = Field(default=None, gt=1, strict=True, description="a whole number above 1")


class FileData(Strict):
    """A user's own texts in a file: CSV, TSV, JSON lines or Parquet."""

    path: str = Field(description="a file that ends in .csv, .tsv, .jsonl, .json or .parquet")
    text: TextColumns = Field(description="a column, or a list of columns to join")
    label: str = Field(description="a column with names or numbers of classes")
    columns: list[str] | None = Field(
        default=None, description="a list with a name for each column, for a file without a header row"
    )
    test_path: str | None = Field(default=None, description="a second file with the texts to test on")
    test_size: float | None = Field(default=None, gt=0, lt=1, description="a share between 0 and 1")
    max_rows: int | None = Field(default=None, gt=1, strict=True, description="a whole number above 1")
    label_names: dict[str | int, str] | None = Field(
        default=None, description="a mapping of each label in the file to its name"
    )
    name: str | None = Field(default=None, description="name of the data set, for people")
    cite: str = Field(default="your own data", description="whom to cite")
    licence: str = Field(default="not stated", description="what the texts may be used for")

    @model_validator(mode="after")
    def _one_way_to_a_test(self) -> "FileData":
        if self.test_path and self.test_size:
            raise ValueError("key `test_size`: got a share beside `test_path`; accepted: one of the two")
        return self


class Suite(Strict):
    """What is asked of every contender. Every default stands in params/suites/starter.yaml."""

    suite: Name
    suite_title: str = Field(description="the suite's name, for people")
    dataset: FolderData | HubData | FileData = Field(description="a data set: path ..., package ..., or hub_id ...")
    models: list[Name] = Field(min_length=1, description="a list of names of files in params/models/")
    weights: Literal["pretrained", "random", "available"] = Field(description="pretrained, random or available")
    seed: Seed
    seeds: list[Seed] = Field(min_length=1, description="a list of whole numbers from 0")
    label_counts: list[Count] = Field(description="a list of whole numbers above 0")
    epochs: Positive
    max_steps: Count | None = Field(description="a whole number above 0, or null for whole epochs")
    random_weights_steps: Count
    batch_size: Count
    eval_batch_size: Count
    learning_rate: Positive
    warmup_steps: int = Field(ge=0, description="a whole number from 0")
    weight_decay: float = Field(ge=0, description="a number from 0")
    max_length: Count
    procedure: Literal["fast", 2021] = Field(description="fast or 2021")
    padding: Literal["batch", "longest"] | None = Field(description="batch, longest, or null")
    group_by_length: bool | None = Field(description="true, false, or null")
    optimizer: Literal["adamw_torch_fused", "adamw_torch"] | None = Field(
        description="adamw_torch_fused, adamw_torch, or null"
    )
    precision: Literal["auto", "fp32", "bf16"] | None = Field(description="auto, fp32, bf16, or null")
    attention: Literal["sdpa", "eager"] | None = Field(description="sdpa, eager, or null")
    tf32: bool | None = Field(description="true, false, or null")
    compile: bool = Field(description="true or false")
    sentence: str = Field(min_length=1, description="a sentence")
    runtimes: list[Runtime] = Field(description="a list of torch, torch-compile, onnxruntime and openvino")
    random_weights_runtimes: list[Runtime] = Field(
        description="a list of torch, torch-compile, onnxruntime and openvino"
    )
    processes: Count
    latency_calls: Count
    length_samples: Count
    batch_cap_cpu: Count
    batch_cap_gpu: Count

    @field_validator("models")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError(f"got {value}; accepted: a list of names of files in params/models/, each once")
        return value

    @field_validator("dataset", mode="wrap")
    @classmethod
    def _one_kind_of_data(cls, value: Any, handler: Any) -> Any:
        """Choose the kind by its key, so that an error speaks of that kind alone."""
        if not isinstance(value, dict):
            return handler(value)
        kinds = {"hub_id": HubData, "path": FileData}
        return next((kind for key, kind in kinds.items() if key in value), FolderData).model_validate(value)


class Model(Strict):
    """Who the contender is. Adding one is adding one such file to params/models/."""

    model: Name
    title: str = Field(description="name of the contender as readers know it")
    model_name: str = Field(description="id on the hub, or what stands in its place")
    summary: str = Field(description="one line on what it is")
    kind: Literal["transformer", "tfidf"] = Field(default="transformer", description="transformer or tfidf")
    paper: str | None = Field(
        default=None, pattern=r"^\d{4}\.\d{4,5}$", description='an arXiv number such as "1908.08962"'
    )
    revision: str | None = Field(default=None, description="a commit of the weights on the hub")
    package: Package | None = Field(default=None, description="name and folder of a package that carries the weights")
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the packaged model.safetensors, 64 hex digits"
    )
    keep_layers: list[Annotated[int, Field(ge=0)]] | None = Field(
        default=None, min_length=1, description="a list of layer numbers from 0, rising"
    )
    architecture: dict[str, Any] | None = Field(
        default=None, description="a mapping with model_type and keys of that model type's configuration"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "Model":
        if self.package and not self.sha256:
            raise ValueError("key `sha256` is missing: weights from a package must name the SHA-256 they must have")
        if self.kind == "tfidf" and (self.package or self.architecture or self.keep_layers):
            raise ValueError("key `kind`: got 'tfidf' with weights; a tfidf contender takes none")
        if self.keep_layers and self.keep_layers != sorted(set(self.keep_layers)):
            raise ValueError(f"key `keep_layers`: got {self.keep_layers}; accepted: layer numbers, rising, each once")
        return self


class RunSettings(Strict):
    """Everything one run needs to know."""

    model: Model
    suite: Suite
    machine: Name
    record: Path


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
    """The suite `name`: the starter's keys, under those of params/suites/<name>.yaml, under those `given`.

    Raises:
        SettingsError: a file is missing, or a key or value is not accepted.
    """
    path = ROOT / "params" / "suites" / f"{name}.yaml"
    own = _named("suite", name, path, given)
    defaults = read_yaml(path.with_stem(DEFAULT_SUITE))
    values = {"suite_title": name, **{k: v for k, v in defaults.items() if k != "suite_title"}, **own}
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


def _listed(columns: Any) -> Any:
    """One column stands for a list of one."""
    return [columns] if isinstance(columns, str) else columns


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


def nearest(word: str, known: Any) -> str:
    """A hint at the one of `known` that `word` may have meant; empty where none is close."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
