"""Articles inside an installed package: a folder per class, a file per article, its first line the headline."""

import re
from pathlib import Path
from typing import Literal

from datasets import Dataset
from pydantic import Field

from compactbench.data.clean import Raw
from compactbench.data.readers import Source
from compactbench.settings import Package
from compactbench.sources.local import package_folder, package_version


class Articles(Source):
    """Each article cut down to its headline and first sentence."""

    key = "package"

    package: Package = Field(description="name and folder of an installed package")
    text: Literal["headline and first sentence"] = Field(description="headline and first sentence")

    def read(self) -> Raw:
        """Every article, its folder's name as its label."""
        files = sorted(package_folder(self.package, "dataset.package").glob("*/*.txt"))
        texts = [headline_and_first_sentence(_decoded(file)) for file in files]
        return Raw(Dataset.from_dict({"text": texts, "label": [file.parent.name for file in files]}))

    def version(self) -> str:
        """The package with its version."""
        return package_version(self.package, "dataset.package")


SOURCE = Articles


def headline_and_first_sentence(article: str) -> str:
    """The first line of `article`, a full stop, and the first sentence of the rest; nothing where it is empty."""
    lines = [line.strip() for line in article.splitlines() if line.strip()]
    if not lines:
        return ""
    headline, *body = lines
    first_sentence = re.split(r"(?<=[.!?])\s+", " ".join(body), maxsplit=1)[0]
    return f"{headline}. {first_sentence}"


def _decoded(file: Path) -> str:
    """UTF-8, or the older Windows encoding that a few files are in."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
