"""Settings, records and data files of any content: nothing but the errors that are declared.

`HYPOTHESIS_PROFILE=long` tries 10,000 examples in place of 300, other ones each time.
"""

import copy
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compactbench import ROOT, parameters, yaml_file
from compactbench.benchmark.fingerprint import fingerprint
from compactbench.benchmark.plan import KNOWN, check_suite, plan
from compactbench.classifiers import decide_weights
from compactbench.data.load import load
from compactbench.parameters import load_model, load_suite
from compactbench.record.file import read
from compactbench.settings import Model, SettingsError, Suite
from compactbench.sources import hub

pytestmark = pytest.mark.slow

COMMON: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("short", max_examples=300, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=10_000, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

ODD_TEXTS = [
    "",
    " ",
    ".",
    "..",
    "/",
    "~",
    "~nobody/x",
    "../x",
    "con",
    "x.failed",
    "a" * 300,
    "\0",
    "*",
    "{{ 7 }}",
    "<b>",
]
ODD_TEXTS += ["nan", "null", "007", "1e999", "0x10", "2020-01-01", "\ufeff", "\u2028", "starter", "tfidf", "bert"]
ODD_NUMBERS = [0, -1, 1e308, 2**31, 2**63, 2**64, 10**400, 5e-324, float("nan"), float("inf")]
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(ODD_NUMBERS) | TEXTS
KEYS = sorted(KNOWN | {"hub_id", "name", "folder", "model_type", "text", "label", "config", "schema_version"})
WORDS = st.sampled_from(KEYS) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | SCALARS, inner, max_size=4),
    max_leaves=8,
)
GIVEN = st.dictionaries(st.sampled_from(sorted(KNOWN)) | TEXTS, VALUES, max_size=4)


@st.composite
def cut_up(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole`, with something else in a few of its places."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(whole)))
        put = draw(st.binary(max_size=12) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
        whole = whole[:start] + put + whole[start + draw(st.sampled_from([0, 0, 1, 5, 40, 10**6])) :]
    return whole


@st.composite
def replaced(draw: st.DrawFn, tree: Any) -> Any:
    """A copy of `tree` with another value in a few of its places, some of them of another key, or gone."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        at = tree
        while True:
            places = list(at) if isinstance(at, dict) else list(range(len(at)))[:20]
            if not places:
                break
            place = draw(st.sampled_from(places))
            if isinstance(at[place], dict | list) and draw(st.integers(0, 3)):
                at = at[place]
                continue
            what = draw(st.sampled_from(["other", "other", "other", "gone", "more"]))
            if what == "gone":
                del at[place]
            elif what == "more" and isinstance(at, dict):
                at[draw(TEXTS)] = draw(VALUES)
            else:
                at[place] = draw(VALUES)
            break
    return tree


def as_json(value: Any) -> bytes:
    """The value as JSON; what is none, as the words that Python has for it."""
    return json.dumps(value, default=str, skipkeys=True).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that holds only the starter, out of reach of the hub, with its own cache of rows."""
    folder, starter = tmp_path_factory.mktemp("fuzz"), ROOT / "params" / "suites" / "starter.yaml"
    for kind in ("models", "suites"):
        (folder / "params" / kind).mkdir(parents=True)
    (folder / "params" / "suites" / "starter.yaml").write_bytes(starter.read_bytes())
    (folder / "params" / "models" / "tfidf.yaml").write_bytes((ROOT / "params" / "models" / "tfidf.yaml").read_bytes())
    content, read_file = yaml_file.read(starter), yaml_file.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "ROOT", folder)
        # reading it again for each example would take most of the time
        patch.setattr(yaml_file, "read", lambda path: dict(content) if path.stem == "starter" else read_file(path))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        patch.setattr("compactbench.benchmark.fingerprint.versions", dict)
        patch.setenv("HF_HUB_OFFLINE", "1")
        hub.hub_reachable.cache_clear()
        yield folder
    hub.hub_reachable.cache_clear()


def only(kind: type[Exception], done: Callable[[], object]) -> None:
    """Do it; an error of another kind, or in more than one line, fails the test."""
    try:
        done()
    except kind as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 2000, str(error)
        str(error).encode()


def of_file(suite: Suite, model: Model) -> None:
    """What `make check` does with settings, up to the texts."""
    check_suite(suite)
    weights = decide_weights(model, suite)
    fingerprint(model, suite, weights, "as it was").model_dump_json()


MODEL, SUITE = (
    (ROOT / "params" / name).read_bytes() for name in ("models/minilm-l3.yaml", "suites/ag-news-tuned.yaml")
)
YAML = st.builds(lambda value: yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"), GIVEN)


@given(content=st.binary(max_size=60) | cut_up(MODEL) | YAML)
def test_a_models_file(folder: Path, content: bytes) -> None:
    (folder / "params" / "models" / "fuzz.yaml").write_bytes(content.replace(b"minilm-l3", b"fuzz"))
    only(SettingsError, lambda: of_file(load_suite("starter"), load_model("fuzz")))


@given(content=st.binary(max_size=60) | cut_up(SUITE.replace(b"like: ag-news", b"like: starter")) | YAML)
def test_a_suites_file(folder: Path, content: bytes) -> None:
    (folder / "params" / "suites" / "fuzz.yaml").write_bytes(content.replace(b"ag-news-tuned", b"fuzz"))
    only(SettingsError, lambda: of_file(load_suite("fuzz"), load_model("tfidf")))


@given(parameters=GIVEN)
def test_parameters_by_hand(folder: Path, parameters: dict[str, Any]) -> None:
    def planned() -> None:
        found = plan(**({"model": "tfidf", "suite": "starter"} | parameters))
        of_file(found.suite, found.model)

    only(SettingsError, planned)


RECORD = json.loads((ROOT / "book" / "runs" / "starter" / "reference-cpu" / "tfidf.json").read_text())
NESTED = st.integers(1, 5000).map(lambda depth: b"[" * depth + b"]" * depth)


@given(
    content=st.binary(max_size=60)
    | NESTED
    | VALUES.map(as_json)
    | replaced(RECORD).map(as_json)
    | cut_up(json.dumps(RECORD).encode())
)
def test_a_record(folder: Path, content: bytes) -> None:
    path = folder / "fuzz.json"
    path.write_bytes(content)
    only(ValueError, lambda: read(path))


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, bytes]:
    """The ending and the bytes of a file with a few rows."""
    ending = draw(st.sampled_from([".csv", ".tsv", ".json", ".jsonl", ".parquet"]))
    cells = TEXTS if draw(st.booleans()) else VALUES
    rows = draw(st.lists(st.fixed_dictionaries({"t": cells, "l": cells}), max_size=6))
    rows += [{"t": f"text {number}", "l": number % 2} for number in range(draw(st.sampled_from([0, 8])))]
    if ending == ".parquet":
        try:
            table = pa.table({name: [row[name] for row in rows] for name in ("t", "l")})
            pq.write_table(table, buffer := io.BytesIO())
        except (pa.ArrowException, ValueError, TypeError, OverflowError):  # no table can be made of such cells
            return ending, draw(st.binary(max_size=60))
        content = buffer.getvalue()
    elif ending.startswith(".json"):
        content = as_json(rows) if draw(st.booleans()) else b"\n".join(map(as_json, rows))
    else:
        parts = [
            ["t", "l"],
            *([str(value)[:400] for value in row.values() if not isinstance(value, int)] for row in rows),
        ]
        mark = "\t" if ending == ".tsv" else ","
        content = "\n".join(mark.join(part) for part in parts).encode("utf-8", "surrogatepass")
    return ending, draw(st.just(content) | cut_up(content) | st.binary(max_size=60))


@given(
    table=tables(), more=st.dictionaries(st.sampled_from(["columns", "label_names", "max_rows", "test_size"]), VALUES)
)
def test_a_data_file(folder: Path, table: tuple[str, bytes], more: dict[str, Any]) -> None:
    ending, content = table
    path = folder / f"fuzz{ending}"
    path.write_bytes(content)
    dataset = {"path": str(path), "text": "t", "label": "l", **(more if len(more) == 1 else {})}
    only(SettingsError, lambda: load(load_suite("starter").model_copy(update={"dataset": dataset})))
