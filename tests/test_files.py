"""Files as people have them: each is read right, or refused in one sentence."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.files import Right
from helpers.text_files import TEXT_FILES
from helpers.typed_files import TYPED_FILES

from compactbench.data.load import load
from compactbench.data.readers import of_suite
from compactbench.data.understood import understood
from compactbench.parameters import load_suite
from compactbench.settings import SettingsError, Suite


def suite(path: Path, **keys: Any) -> Suite:
    return load_suite(
        "my-data", {"suite": "my-data", "dataset": {"path": str(path), "text": "text", "label": "label"} | keys}
    )


FILES = [*TEXT_FILES, *TYPED_FILES]


@pytest.mark.parametrize("right", FILES, ids=[right.name for right in FILES])
def test_a_file_is_read_right_or_refused(right: Right, tmp_path: Path) -> None:
    path = tmp_path / right.name
    path.write_bytes(right.content)
    asked = suite(path, **right.keys)
    if right.counts is None:
        with pytest.raises(SettingsError) as refused:
            load(asked)
        assert re.search(right.told, str(refused.value)) and len(str(refused.value)) < 600, refused.value
        return
    rows = of_suite(asked).read().train
    assert rows[0]["text"] == right.first
    split, data = load(asked)
    names = split["train"].features["label"].names
    found = Counter(names[number] for part in split.values() for number in part["label"])
    assert found == right.counts
    assert re.search(right.told, understood(data, ("", "")))
