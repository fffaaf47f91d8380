"""A data set of the hub with a split `train`, and a split to test on or a share of `train` for it."""

import contextlib
from collections.abc import Iterator

import datasets
from datasets import ClassLabel, load_dataset
from pydantic import Field

from compactbench.data.clean import Raw
from compactbench.data.readers import Source, TextColumns, plain
from compactbench.errors import LONGEST, one_line
from compactbench.settings import SettingsError
from compactbench.sources import hub


class HubDataset(Source):
    """A data set by its id, at a commit that is resolved and recorded."""

    key = "hub_id"

    hub_id: str = Field(description="a data set's id on the hub")
    revision: str | None = Field(default=None, description="a commit of it")
    config: str | None = Field(default=None, description="one of its configurations, where it has several")
    test_split: str = Field(default="test", description="name of the split to test on")
    text: TextColumns = Field(default=["text"], description="a column, or a list of columns to join")
    label: str = Field(default="label", description="name of the label column")

    def read(self) -> Raw:
        """The rows of both splits."""
        if not (hub.offline() or hub.hub_reachable() or hub.cached_dataset_commit(self.hub_id)):
            raise SettingsError(f"key `dataset.hub_id`: got {self.hub_id!r}, but {hub.unreachable()}.")
        given = f"key `dataset.hub_id`: got {self.hub_id!r}"
        try:
            with said_once():
                splits = load_dataset(self.hub_id, self.config, revision=self._commit())
        except Exception as error:  # the library raises several kinds of its own
            raise SettingsError(f"{given}, which cannot be loaded: {one_line(error, LONGEST)}") from error
        if "train" not in splits:
            accepted = f"a data set with a split `train`; this one has {', '.join(splits)}"
            raise SettingsError(f"{given}; accepted: {accepted}.")
        if self.test_split not in splits and "test_split" in self.model_fields_set:
            accepted = f"a split of {self.hub_id}: {', '.join(splits)}"
            raise SettingsError(f"key `dataset.test_split`: got {self.test_split!r}; accepted: {accepted}.")
        train, test = (
            plain(splits[name], self.text, self.label, self.hub_id) if name in splits else None
            for name in ("train", self.test_split)
        )
        kind = splits["train"].features[self.label]
        return Raw(train, test, classes=kind.names if isinstance(kind, ClassLabel) else None)

    def version(self) -> str:
        """The data set's id and commit."""
        return f"{self.hub_id} at {self._commit() or 'its newest cached revision'}"

    def _commit(self) -> str | None:
        """The commit, so that the texts are the same whenever they are asked for."""
        return hub.dataset_commit(self.hub_id, self.revision) or self.revision


SOURCE = HubDataset


@contextlib.contextmanager
def said_once() -> Iterator[None]:
    """While it is entered, `datasets` does not also log the errors that it raises."""
    before = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(before)
