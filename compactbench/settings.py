"""What a user may set, declared once: the keys of a model file and of a suite file."""

import difflib
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from compactbench import ROOT
from compactbench.errors import short_path, shown
from compactbench.foreign import Foreign, line

T = TypeVar("T")
DEFAULT_SUITE = "starter"
BY_HAND = "parameters"
"""What an error names in place of a file where a value was given by hand."""
MODELS = ROOT / "params" / "models"
NAME = "a name in a-z, 0-9, '.', '_' and '-'"
LONGEST_NAME = 100
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
"""What Windows takes for a device, with any ending."""
ENDINGS = (".", ".failed", ".json", ".ipynb", ".log", ".yaml")
"""Names that end so would be taken for another file of a run, or lose their end on Windows."""


def _name(value: str) -> str:
    accepted = None
    if not re.fullmatch("[a-z0-9][a-z0-9._-]*", value):
        accepted = f"{NAME} that begins with a letter or digit"
    elif len(value) > LONGEST_NAME:
        accepted = f"{NAME}, at most {LONGEST_NAME} of them"
    elif value.endswith(ENDINGS):
        accepted = f"{NAME} that does not end in {next(end for end in ENDINGS if value.endswith(end))!r}"
    elif value.partition(".")[0] in RESERVED:
        accepted = f"{NAME}, but for the names of devices on Windows"
    if accepted:
        raise ValueError(f"got {shown(value)}; accepted: {accepted}")
    return value


def _place(value: str) -> str:
    try:
        parts = Path(value).expanduser().parts
    except RuntimeError:  # ~ of nobody
        parts = ("\0",)
    if "\0" in "".join(parts) or any(len(os.fsencode(part)) > 255 for part in parts) or len(value) > 1000:
        raise ValueError(f"got {shown(value)}; accepted: a path")
    return value


Name = Annotated[str, AfterValidator(_name), Field(description=NAME)]
Place = Annotated[str, AfterValidator(_place), PlainSerializer(short_path, when_used="json")]
"""A path; records have it without the folders of the user."""
Count = Annotated[int, Field(gt=0, strict=True, description="a whole number above 0")]
Positive = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False, description="a number above 0")]
Shown = Annotated[str, AfterValidator(Foreign)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True, description=f"a whole number from 0 to {2**32 - 1}")]


class SettingsError(ValueError):
    """A setting that cannot work. The message is one sentence: file, key, what was given, what is accepted."""

    def __init__(self, message: str) -> None:
        super().__init__(line(message))  # it may quote what a file holds

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [f"SettingsError: {self}"]


class Strict(BaseModel):
    """Settings refuse keys they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Package(Strict):
    """A folder inside an installed Python package."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of the package on PyPI")
    folder: Place = Field(description="path inside site-packages")


class Matrix(Strict):
    """The axes of a suite that asks for every combination of their values.

    Each data set is a part of the suite, called `<suite>.<data>`: its runs train every model from the first seed, and
    time it. Every further seed and learning rate of a model is a point, which only learns.
    """

    data: list[Name] = Field(min_length=1, description="a list of names of suites whose data sets are taken, each once")
    model: list[Name] | None = Field(
        default=None, min_length=1, description="a list of names of files in params/models/, each once"
    )
    seed: list[Seed] | None = Field(default=None, min_length=1, description="a list of whole numbers from 0, each once")
    learning_rate: list[Positive] | None = Field(
        default=None, min_length=1, description="a list of numbers above 0, each once"
    )

    @field_validator("*")
    @classmethod
    def _each_once(cls, value: list[Any] | None, field: ValidationInfo) -> list[Any] | None:
        return each_once(cls, value, field)


def each_once(settings: type[BaseModel], value: T, field: ValidationInfo) -> T:
    """Refuse a list that has an entry twice.

    Raises:
        ValueError: it has; the message says what the field of the `settings` accepts.
    """
    if isinstance(value, list) and len(set(value)) < len(value):
        raise ValueError(f"got {value}; accepted: {settings.model_fields[str(field.field_name)].description}")
    return value


class Suite(Strict):
    """What is asked of every model. Every default stands in params/suites/starter.yaml."""

    suite: Name
    like: Name | None = Field(default=None, description="the suite to take all other keys from")
    suite_title: Shown = Field(description="the suite's name, for people")
    dataset: dict[str, Any] = Field(min_length=1, description="a mapping that says where the texts come from")
    models: list[Name] = Field(min_length=1, description="a list of names of files in params/models/, each once")
    matrix: Matrix | None = Field(
        default=None, description="a mapping of data, model, seed and learning_rate to the values of each"
    )
    weights: Literal["pretrained", "random", "available"] = Field(description="pretrained, random or available")
    seed: Seed
    seeds: list[Seed] = Field(min_length=1, description="a list of whole numbers from 0, each once")
    label_counts: list[Count] = Field(description="a list of whole numbers above 0")
    epochs: Positive
    max_steps: Count | None = Field(description="a whole number above 0, or null for whole epochs")
    random_weights_steps: Count
    batch_size: Count
    eval_batch_size: Count
    eval_rows: Count | None = Field(description="a whole number above 0, or null for all test texts")
    learning_rate: Positive
    learning_rates: list[Positive] = Field(description="a list of numbers above 0; empty to try none")
    tuning_steps: Count | None = Field(description="a whole number above 0, or null for as many as the fine-tune")
    validation_size: float = Field(gt=0, lt=1, description="a share between 0 and 1")
    warmup_steps: int = Field(ge=0, description="a whole number from 0")
    weight_decay: float = Field(ge=0, allow_inf_nan=False, description="a number from 0")
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
    runtimes: list[Name] = Field(description="a list of names of runtimes")
    random_weights_runtimes: list[Name] = Field(description="a list of names of runtimes")
    processes: Count
    latency_calls: Count
    length_samples: Count
    batch_cap_cpu: Count
    batch_cap_gpu: Count
    price_per_hour: Positive | None = Field(description="a number above 0, or null for no money")
    answer_limit_min: float = Field(gt=0, le=10080, strict=True, description="minutes, above 0, at most 10080 (a week)")

    @property
    def repeats(self) -> list[tuple[int, int | None]]:
        """Seed and number of training texts, None for all, of each fine-tune after the run's own."""
        further: list[tuple[int, int | None]] = [(seed, None) for seed in self.seeds[1:]]
        return further + [(seed, count) for count in self.label_counts for seed in self.seeds]

    @field_serializer("dataset", when_used="json")
    def _short(self, dataset: dict[str, Any]) -> dict[str, Any]:
        return {key: short_path(value) if isinstance(value, str) else value for key, value in dataset.items()}

    @field_validator("seeds", "models")
    @classmethod
    def _each_once(cls, value: list[Any], field: ValidationInfo) -> list[Any]:
        return each_once(cls, value, field)


class Tuned(Strict):
    """The learning rate that suits a model in a suite, and the record with the tries that show it."""

    learning_rate: Positive
    record: str = Field(description="a record under book/runs/, such as starter-rates/reference-cpu/minilm-l1.json")


class Model(Strict):
    """Who is fine-tuned and measured. Adding a model is adding one such file to params/models/."""

    model: Name
    title: Shown = Field(description="name of the model as readers know it")
    model_name: str = Field(description="id on the hub, or what stands in its place")
    summary: Shown = Field(description="one line on what it is")
    kind: Name = Field(default="transformer", description="the name of a kind of classifier")
    paper: str | None = Field(
        default=None, pattern=r"^\d{4}\.\d{4,5}$", description='an arXiv number such as "1908.08962"'
    )
    license: Shown | None = Field(default=None, description="license of the weights, as their publisher states it")
    revision: str | None = Field(default=None, description="a commit of the weights on the hub")
    package: Package | None = Field(default=None, description="name and folder of a package that carries the weights")
    path: Place | None = Field(default=None, description="a folder with config.json, weights and a tokenizer")
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the weights, 64 hex digits"
    )
    trust_remote_code: bool = Field(default=False, strict=True, description="true or false")
    keep_layers: list[Annotated[int, Field(ge=0)]] | None = Field(
        default=None, min_length=1, description="a list of layer numbers from 0, rising"
    )
    architecture: dict[str, Any] | None = Field(
        default=None, description="a mapping with model_type and keys of that model type's configuration"
    )
    tuned: dict[Name, Tuned] = Field(default={}, description="a mapping of suites to learning_rate and record")

    @model_validator(mode="after")
    def _fits_together(self) -> "Model":
        if self.package and not self.sha256:
            raise ValueError("key `sha256` is missing: weights from a package must name the SHA-256 they must have")
        if self.package and self.path:
            raise ValueError("key `path`: got a folder beside `package`; accepted: one of the two")
        if self.keep_layers and self.keep_layers != sorted(set(self.keep_layers)):
            raise ValueError(f"key `keep_layers`: got {self.keep_layers}; accepted: layer numbers, rising, each once")
        return self

    def asked(self, suite: Suite) -> Suite:
        """`suite` with the learning rate that this model carries for it, where it tries none."""
        if suite.suite not in self.tuned or suite.learning_rates:
            return suite
        return suite.model_copy(update={"learning_rate": self.tuned[suite.suite].learning_rate})

    @property
    def has_file(self) -> bool:
        """Whether a file describes it; else it has its name from an id on the hub, or from a folder."""
        source = self.path or self.model_name
        return "/" not in source or self.model != name_of(source) or (MODELS / f"{self.model}.yaml").is_file()

    @property
    def where(self) -> str:
        """What an error about it names: its file or, as for all that was given by hand, the parameters."""
        return f"params/models/{self.model}.yaml" if self.has_file else BY_HAND


def is_folder(source: str) -> bool:
    """Whether `source` means a folder of this machine, from the project's folder on, and no id on the hub."""
    try:
        return source.startswith((".", "/", "~")) or (ROOT / Path(source).expanduser()).is_dir()
    except (OSError, RuntimeError, ValueError):  # too long, ~ of nobody, a zero byte
        return False


def name_of(source: str) -> str:
    """The name of a model that no file describes, from its id on the hub or its folder; what is a name already stays.

    Four characters of a hash tell folders of the same name apart.
    """
    if "/" not in source:
        return source
    path = os.path.normpath(ROOT / os.path.expanduser(source))
    told = Path(path).name if is_folder(source) else source
    plain = unicodedata.normalize("NFKD", told.casefold()).encode("ascii", "ignore").decode()
    name = re.sub("[^a-z0-9]+", "-", plain)[: LONGEST_NAME - 10].strip("-") or "model"
    return f"{name}-{hashlib.sha256(path.encode()).hexdigest()[:4]}" if is_folder(source) else name


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint at the one of `known` that `word` may have meant; empty where none is close."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""
