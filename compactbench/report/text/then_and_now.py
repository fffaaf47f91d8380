"""What of 2021 still holds: its figures against today's, and each of its conclusions tested on the runs at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from scipy.stats import spearmanr

from compactbench.report.choice.pareto import front
from compactbench.report.choice.recommend import in_sentence
from compactbench.report.statistics.paired import Pairs
from compactbench.report.tables.columns import Metric, Row
from compactbench.report.tables.metrics import ACCURACY, LATENCY, METRICS, SIZE
from compactbench.report.tables.results import by_model, plain_rows
from compactbench.report.text.words import Markdown, listed, markdown, markdown_table

QUOTED = "data/reference-2021.csv"
"""The results of 2021, below book/."""
AT_ONCE_MS = 100
"""An answer within so many milliseconds seems instantaneous (Nielsen, 1993, Usability Engineering, chapter 5)."""
MEMORY, SPEED = METRICS["finetune_peak_ram_mb"], METRICS["throughput_sentences_per_s"]
TRAINING = METRICS["finetune_samples_per_s"]
SMALL_BERTS = ("bert-small", "bert-mini", "bert-tiny")
HEAVY = ("albert", "mobilebert")
GOOGLE = "google/"
NOT_KNOWN = "cannot be told here"


@dataclass(frozen=True)
class Front:
    """A column of 2021 beside what is measured now.

    Args:
        then: the column of 2021.
        now: today's metric.
        alike: whether both are of the same thing on a like machine, so that their ratio says something.
        why: what differs, where that is not so.
        turned: whether less was better then, and more is now.
    """

    then: str
    now: Metric
    alike: bool
    why: str = ""
    turned: bool = False

    def pairs(self, rows: Mapping[str, Row], quoted: list[Row]) -> list[tuple[float, float]]:
        """The figure of 2021 and today's of each model that has both."""
        both = [(old[self.then], rows[old["name"]][self.now.name]) for old in quoted if old["name"] in rows]
        return [(then, now) for then, now in both if then is not None and now is not None]


FRONTS = (
    Front("cpu_latency_ms", LATENCY, True),
    Front("artefact_size_mb", SIZE, True),
    Front("batched_prediction_speed", SPEED, False, "a GPU then"),
    Front("finetune_time_s", TRAINING, False, "a GPU, other texts and more steps then", turned=True),
    Front("gpu_memory_finetune_mb", MEMORY, False, "memory of a GPU then, typed in by hand"),
    Front("eval_accuracy", ACCURACY, False, "AG News then"),
)
"""What 2021 compared its models by."""


def fronts(group: pd.DataFrame, quoted: pd.DataFrame) -> Markdown:
    """For each front how well the order of the models agrees with 2021, and today's figure as a multiple of then.

    Args:
        group: the rows of one suite on one machine, each model as trained.
        quoted: the results of 2021.
    """
    rows, old = by_model(group), plain_rows(quoted)
    body = []
    for one in FRONTS:
        both = one.pairs(rows, old)
        ratios = sorted(now / then for then, now in both)
        spread = f"{ratios[0]:.2g} to {ratios[-1]:.2g}" if one.alike and ratios else "–"
        body.append([one.now.label, f"{len(both)}", _rank(one, both), spread, one.why])
    head = ["Front", "Models", "Rank correlation", "Today's figure / that of 2021", "Not alike"]
    return markdown_table(head, body, "lrrrl")


def _rank(one: Front, both: list[tuple[float, float]]) -> str:
    """Spearman's rank correlation with 2021; of two models, or of equal ones, it would say nothing."""
    if len(both) < 3 or any(len(set(values)) == 1 for values in zip(*both, strict=True)):
        return "–"
    then, now = zip(*both, strict=True)
    found = float(spearmanr(then, now).statistic)
    return f"{-found if one.turned else found:.2f}"


def latencies(group: pd.DataFrame, quoted: pd.DataFrame) -> Markdown:
    """The CPU latency of each model then and now, and how many times as fast it is."""
    rows, body = by_model(group), []
    for old in plain_rows(quoted):
        now = rows.get(old["name"], {}).get(LATENCY.name)
        times = "–" if now is None else f"{old['cpu_latency_ms'] / now:.1f} ×"
        body.append([old["model_name"], f"{old['cpu_latency_ms']:.1f}", LATENCY.text(now, unit=False), times])
    return markdown_table(["Model", "2021 (ms)", "Today (ms)", "Times as fast"], body)


def conclusions(group: pd.DataFrame, quoted: pd.DataFrame, compared: Pairs) -> Markdown:
    """Each of the five conclusions of 2021, whether it holds here, and by which numbers."""
    rows, old = by_model(group), plain_rows(quoted)
    told = [
        ("ALBERT and MobileBERT are heavier and slower than expected.", _heavy(rows)),
        ("The small BERTs surprise; BERT-small above all is a nice trade.", _nice_trade(group, rows, compared)),
        ("Most candidates come from Google.", _from_google(old)),
        ("One prediction on a CPU is fast enough for many uses.", _fast_enough(rows, old)),
        ("The parameter count is not everything: TinyBERT has more than ALBERT and is faster.", _parameters(rows)),
    ]
    body = [[claim, Markdown(f"**{verdict}**"), why] for claim, (verdict, why) in told]
    return markdown_table(["2021 said", "Here", "Why"], body, "lll")


def _heavy(rows: Mapping[str, Row]) -> tuple[str, Markdown]:
    """Whether both are shown to be slower than each of the small BERTs and take more memory to fine-tune."""
    if missing := _missing(rows, (*HEAVY, *SMALL_BERTS), LATENCY, MEMORY):
        return NOT_KNOWN, missing
    pairs = [(rows[heavy], rows[small]) for heavy in HEAVY for small in SMALL_BERTS]
    slower = all(LATENCY.below(small, heavy) for heavy, small in pairs)
    heavier = all(heavy[MEMORY.name] > small[MEMORY.name] for heavy, small in pairs)
    numbers = listed(_numbers(rows, (*HEAVY, "bert-small"), LATENCY, MEMORY))
    return _verdict(slower, heavier), numbers


def _nice_trade(group: pd.DataFrame, rows: Mapping[str, Row], compared: Pairs) -> tuple[str, Markdown]:
    """Whether BERT-small is on the front of accuracy and latency."""
    if missing := _missing(rows, SMALL_BERTS, ACCURACY, LATENCY):
        return NOT_KNOWN, missing
    on = set(group.loc[front(group, LATENCY, ACCURACY, compared), "model"])
    return _verdict("bert-small" in on), listed(_numbers(rows, SMALL_BERTS, ACCURACY, LATENCY))


def _from_google(quoted: list[Row]) -> tuple[str, Markdown]:
    """Whether most of the models of 2021 are published under Google's name on the hub."""
    count = sum(row["model_name"].startswith(GOOGLE) for row in quoted)
    return _verdict(count > len(quoted) / 2), Markdown(f"{count} of the {len(quoted)} are published by `google`")


def _fast_enough(rows: Mapping[str, Row], quoted: list[Row]) -> tuple[str, Markdown]:
    """Whether the 95th percentile of each is within what seems instantaneous."""
    p95 = METRICS["cpu_latency_p95_ms"]
    names = [row["name"] for row in quoted]
    if missing := _missing(rows, names, p95):
        return NOT_KNOWN, missing
    slowest = max((rows[name] for name in names), key=lambda row: row[p95.name])
    why = f"the slowest, {markdown(slowest['title'])}, answers 95\u00a0% of calls within {p95.of(slowest)}"
    told = Markdown(f"{why}; up to {AT_ONCE_MS}\u00a0ms seem instantaneous")
    return _verdict(slowest[p95.name] <= AT_ONCE_MS), told


def _parameters(rows: Mapping[str, Row]) -> tuple[str, Markdown]:
    """Whether TinyBERT has more parameters than ALBERT and is shown to be faster."""
    if missing := _missing(rows, ("tinybert", "albert"), LATENCY):
        return NOT_KNOWN, missing
    tinybert, albert = rows["tinybert"], rows["albert"]
    more = tinybert["parameters"] > albert["parameters"]
    numbers = listed(_numbers(rows, ("tinybert", "albert"), METRICS["parameters"], LATENCY))
    return _verdict(more and LATENCY.below(tinybert, albert)), numbers


def _verdict(*holds: bool) -> str:
    return "holds" if all(holds) else "holds in part" if any(holds) else "fails"


def _missing(rows: Mapping[str, Row], names: Sequence[str], *metrics: Metric) -> Markdown:
    """What is not known of them; empty where all is."""
    for metric in metrics:
        lacking = [name for name in names if rows.get(name, {}).get(metric.name) is None]
        if lacking:
            return Markdown(f"{in_sentence(metric)} is not known of {listed(lacking)}")
    return Markdown()


def _numbers(rows: Mapping[str, Row], names: Sequence[str], *metrics: Metric) -> list[Markdown]:
    """Each model with its figures: "ALBERT (29 ms, 900 MB)"."""
    return [Markdown(f"{markdown(rows[n]['title'])} ({', '.join(m.of(rows[n]) for m in metrics)})") for n in names]
