"""What several tests share."""

from pathlib import Path

import pytest
from helpers.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return Project(tmp_path)
