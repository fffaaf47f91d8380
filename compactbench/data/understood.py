"""What was understood of a data set, said before anything is measured."""

from collections.abc import Iterator

from compactbench.data.labels import near_equal
from compactbench.errors import cut
from compactbench.foreign import line
from compactbench.record import Data

SHOWN = 20
"""Classes that are listed."""
LONGEST = 80
"""Characters of a text that are shown."""


def understood(data: Data, first: tuple[str, str]) -> str:
    """A few lines on the data set, and a warning for each thing that is accepted but may be a mistake.

    Args:
        data: as it was read and split.
        first: text and label of the first row.
    """
    told = [(what, line(said)) for what, said in _facts(data, first)]
    return "\n".join(
        [*(f"  {what:<10} {said}" for what, said in told), *(line(f"  warning: {it}") for it in warnings(data))]
    )


def _facts(data: Data, first: tuple[str, str]) -> Iterator[tuple[str, str]]:
    for form in data.read_as or []:
        yield "read", str(form)
    yield "first row", cut(f"{str(first[1])!r}: {first[0]}", LONGEST)
    yield "rows", f"{sum(data.train_counts):,} to learn from, {sum(data.test_counts):,} to test on"
    dropped = {
        "duplicates": data.duplicates_dropped,
        "test texts among the training texts": data.leaked_dropped,
        "without a text": data.empty_dropped,
        "without a label": data.unlabelled_dropped,
    }
    if any(dropped.values()):
        yield "left out", ", ".join(f"{count:,} {what}" for what, count in dropped.items() if count)
    counts = zip(data.classes, data.train_counts, data.test_counts, strict=True)
    classes = [f"{name!s} {train:,} + {test:,}" for name, train, test in counts]
    more = f", and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    yield "classes", f"{len(classes)}: {', '.join(classes[:SHOWN])}{more}"
    kept = f"of each text the first {data.first_words:,}; " if data.first_words else ""
    yield "words", f"{kept}half of the texts have {data.words_p50:.0f} or fewer, the longest has {data.words_max:,}"
    shares = (data.languages or {}).items()
    yield "languages", ", ".join(f"{code!s} {share:.0%}" for code, share in shares) or "none that is known"


def warnings(data: Data) -> Iterator[str]:
    """What may be a mistake."""
    texts = dict(zip(data.classes, map(sum, zip(data.train_counts, data.test_counts, strict=True)), strict=True))
    for group in near_equal(data.classes):
        named = " and ".join(f"{str(name)!r} ({texts[name]:,})" for name in group)
        yield f"the classes {named} differ in spaces, case or accents alone; `label_names` can join them"
    untested = [repr(str(name)) for name, count in zip(data.classes, data.test_counts, strict=True) if not count]
    if untested:
        yield f"no text to test on: {cut(', '.join(untested), LONGEST)}; macro F1 counts 0 for each such class"
    if data.undecodable:
        yield f"{data.undecodable:,} texts have bytes that do not fit the encoding; the key `encoding` names another"
    if data.languages and data.languages.get("en", 0) < 0.5:
        yield "most texts are not English: choose multilingual models, as models of English text are a poor guess"
