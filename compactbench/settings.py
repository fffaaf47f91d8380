"""What a user may set, declared once: the keys of a model file, of a suite file, and a few overrides."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

DEFAULT_SUITE = "starter"

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
    license: str = Field(description="what the texts may be used for")
    text: Literal["headline and first sentence"] = Field(description="headline and first sentence")
    test_size: float = Field(gt=0, lt=1, description="a share between 0 and 1")


class HubData(Strict):
    """A data set of the hub with a split `train`, and a split to test on or a share of `train` for it."""

    hub_id: str = Field(description="a data set's id on the hub")
    revision: str | None = Field(default=None, description="a commit of it")
    config: str | None = Field(default=None, description="one of its configurations, where it has several")
    test_split: str = Field(default="test", description="name of the split to test on")
    name: str | None = Field(default=None, description="name of the data set, for people")
    cite: str = Field(default="not stated", description="whom to cite")
    license: str = Field(default="not stated", description="what the texts may be used for")
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
    license: str = Field(default="not stated", description="what the texts may be used for")

    @model_validator(mode="after")
    def _one_way_to_a_test(self) -> "FileData":
        if self.test_path and self.test_size:
            raise ValueError("key `test_size`: got a share beside `test_path`; accepted: one of the two")
        return self


class Suite(Strict):
    """What is asked of every contender. Every default stands in params/suites/starter.yaml."""

    suite: Name
    like: Name | None = Field(default=None, description="the suite to take all other keys from")
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
    learning_rates: list[Positive] = Field(description="a list of numbers above 0; empty to try none")
    tuning_steps: Count | None = Field(description="a whole number above 0, or null for as many as the fine-tune")
    validation_size: float = Field(gt=0, lt=1, description="a share between 0 and 1")
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
    license: str | None = Field(default=None, description="license of the weights, as their publisher states it")
    revision: str | None = Field(default=None, description="a commit of the weights on the hub")
    package: Package | None = Field(default=None, description="name and folder of a package that carries the weights")
    path: str | None = Field(default=None, description="a folder with config.json, weights and a tokenizer")
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file with the weights, 64 hex digits"
    )
    trust_remote_code: bool = Field(default=False, strict=True, description="true or false")
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
        if self.package and self.path:
            raise ValueError("key `path`: got a folder beside `package`; accepted: one of the two")
        if self.kind == "tfidf" and (self.package or self.path or self.architecture or self.keep_layers):
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


def nearest(word: str, known: Any) -> str:
    """A hint at the one of `known` that `word` may have meant; empty where none is close."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _listed(columns: Any) -> Any:
    """One column stands for a list of one."""
    return [columns] if isinstance(columns, str) else columns
