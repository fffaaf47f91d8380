"""Under what a run was measured: machine, versions, data, kind of classifier, and the fingerprint of it all."""

import hashlib
import json
from collections import Counter
from typing import Any, Literal

from pydantic import Field, model_validator

from compactbench.record.base import Amount, Count, Device, Number, Numbers, Raw, Share, Strict, parted

UNBALANCED = 2.0
"""Classes are unbalanced when the largest has more than so many times the test texts of the smallest.

The ratio is the usual measure (Fernandez et al., 2008, Fuzzy Sets and Systems 159, call 1.5 to 9 low). Two, because
data sets that are taken for balanced reach 1.6 (20 Newsgroups), and accuracy is then a fair mean of the classes still.
"""


class Machine(Strict):
    """What the run was measured on; null with a default is what an earlier version did not ask."""

    cpu: str = Field(description="name of the CPU model")
    cpu_identity: str | None = Field(default=None, description="its maker, family, model and stepping; null: not told")
    cpu_instructions: list[str] | None = Field(
        default=None, description="those of its instructions that decide how fast matrices are multiplied"
    )
    cpu_caches: list[str] | None = Field(default=None, description="caches that its first core has or shares")
    virtual: bool | None = Field(default=None, description="whether it is a virtual machine")
    thread_variables: dict[str, str] | None = Field(
        default=None, description="variables of the environment by which libraries set their threads"
    )
    cores: Number = Field(description="cores this process may use")
    ram_mb: Amount = Field(description="main memory of the machine, MB")
    os: str = Field(description="operating system and its version")
    gpu: str | None = Field(description="name of the GPU model; null without one")
    gpu_memory_mb: Amount | None = Field(description="memory of the GPU, MB")
    gpu_driver: str | None = Field(description="version of the GPU's driver")
    gpu_clock_mhz: Amount | None = Field(description="highest clock of the GPU's cores, MHz")
    gpu_power_limit_w: Amount | None = Field(default=None, description="power that the GPU may draw, W")
    governor: str | None = Field(description="frequency governor of the first core; null where it cannot be read")
    cpu_limit: Amount | None = Field(description="cores that the container grants; null without a limit")
    ram_limit_mb: Amount | None = Field(description="memory that the container grants, MB; null without a limit")


class Conditions(Strict):
    """Everything else that a number depends on."""

    machine: Machine
    device: Device = Field(description="where the fine-tune ran")
    threads: Number = Field(description="threads that torch used, unless a field says otherwise")
    seed: Count = Field(description="seed of split, initial weights and order of batches of the run's artefact")
    versions: dict[str, str] = Field(description="version of each package that can change a number")
    git_commit: str | None = Field(description="commit of the measuring code; null outside a checkout")
    git_dirty: bool | None = Field(description="whether the checkout had changes of its own")


class Fingerprint(Strict):
    """What decides the numbers of a run, in parts, each a mapping of names to short hashes or plain values."""

    settings: dict[str, str] = Field(description="each setting of model and suite that can change a number")
    data: dict[str, str] = Field(description="where the texts come from, exactly enough to tell whether they changed")
    weights: dict[str, str] = Field(description="the kind of weights, and the SHA-256 or commit they have")
    code: dict[str, str] = Field(description="each file of the measuring code, without comments and docstrings")
    versions: dict[str, str] = Field(description="version of each package that can change a number")

    @property
    def digest(self) -> str:
        """SHA-256 of all parts."""
        return _sha256(self.model_dump())

    @property
    def parts(self) -> dict[str, str]:
        """The start of the SHA-256 of each part, by its name: short enough to be handed from host to host."""
        return {part: _sha256(values)[:16] for part, values in self.model_dump().items()}


class Job(Strict):
    """Where a command ran the run, and as which attempt; a run by hand has none."""

    host: str = Field(description="first signs of the SHA-256 of the host's name, which tell hosts apart and name none")
    scheduler: Literal["slurm"] | None = Field(description="what gave the run its host; null: the command's own host")
    id: str | None = Field(description="number of the scheduler's job; null without a scheduler")
    node: str | None = Field(description="the scheduler's name of the host; null without a scheduler")
    attempt: Count = Field(description="how often the scheduler had begun this job before")


class Classifier(Strict):
    """The kind of classifier that learned, as its file in classifiers/ declares it."""

    kind: str = Field(description="name of the kind, as a model's file gives it")
    label: str = Field(description="what a legend calls such models")
    fine_tuned: bool = Field(description="whether an encoder's weights learned from the training texts")
    baseline: bool = Field(description="whether it is a baseline without an encoder, which a transformer must beat")


class Data(Strict):
    """The data set as it was used; null where an earlier version did not count."""

    name: str = Field(description="name of the data set")
    cite: str = Field(description="whom to cite")
    license: str = Field(description="what the texts may be used for")
    source: str = Field(description="where it came from, with its version or revision")
    fingerprint: str = Field(description="SHA-256 of every text, label and split, in order")
    classes: list[str] = Field(min_length=1, description="names of the classes, in the order of their numbers")
    train_counts: list[Count] = Field(description="training texts per class")
    test_counts: list[Count] = Field(description="test texts per class")
    test_labels: Raw[Numbers | None] = Field(
        default=None, description="true class of each test text, in their order; null where they were not kept"
    )
    duplicates_dropped: Count = Field(description="texts left out because an earlier text is exactly the same")
    leaked_dropped: Count | None = Field(description="training texts left out because they are test texts too")
    empty_dropped: Count | None = Field(description="rows left out because their text is empty")
    unlabelled_dropped: Count | None = Field(description="rows left out because their label is empty")
    undecodable: Count | None = Field(description="texts with bytes that are no UTF-8, which were replaced")
    words_p50: Amount = Field(description="median words per text")
    words_p95: Amount | None = Field(description="words that 95 % of the texts do not exceed")
    words_max: Count = Field(description="words of the longest text")
    first_words: Number | None = Field(
        default=None, description="words of each text that were kept, from its first one on; null where all were"
    )
    languages: dict[str, Share] | None = Field(
        description="share of the texts in each language that a tenth or more are in, by its ISO 639 code"
    )
    read_as: list[str] | None = Field(description="in which form each file was found, such as its encoding")

    @property
    def unbalanced(self) -> bool:
        """Whether macro F1 decides in place of accuracy, which the large classes alone would decide."""
        return max(self.test_counts) > UNBALANCED * min(self.test_counts)

    @model_validator(mode="after")
    def _counts_each_class(self) -> "Data":
        if not len(self.classes) == len(self.train_counts) == len(self.test_counts):
            raise ValueError("`train_counts` and `test_counts` have a number for each of the `classes`")
        if not sum(self.test_counts):
            raise ValueError("`test_counts` names no text")
        if self.test_labels is not None:
            found = Counter(parted(self.test_labels))
            if found != Counter(dict(enumerate(self.test_counts))):
                raise ValueError("`test_labels` has as many texts of each class as `test_counts`")
        return self


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
