"""How long a run will take, from what an earlier one took."""

from dataclasses import dataclass

from compactbench import ROOT
from compactbench.benchmark.due import Plan
from compactbench.record import Data, Record
from compactbench.record.file import RecordError, read
from compactbench.settings import Model, Suite

PER_TEST_TEXT = ("quality", "export")
"""Stages whose time grows with the texts; the export classifies the test texts in every runtime."""
OF_EACH_REPEAT = ("parameters", "finetune", "quality")
"""What the fine-tune from a further seed, or with fewer labels, goes through again."""


@dataclass(frozen=True)
class Forecast:
    """What is expected of a run.

    Args:
        minutes: of all its stages.
        finetune_min: minutes of the training loop alone.
        finetune_ram_mb: highest memory of its process, libraries included.
        disk_mb: of its artefact.
        like: the earlier run it is judged by.
    """

    minutes: float
    finetune_min: float
    finetune_ram_mb: float
    disk_mb: float
    like: str


def forecast(plan: Plan, model: Model, data: Data) -> Forecast | None:
    """What is expected of the run of `model`; None where it never ran with weights of this kind.

    Best is an earlier run in the same suite, then one on the same machine, then any. Time in proportion to the texts
    and to their median words.
    """
    paths = (ROOT / "book" / "runs").glob(f"*/*/{model.model}.json")
    near = sorted(paths, key=lambda path: (path.parts[-3] != plan.suite.suite, path.parts[-2] != plan.machine, path))
    for path in near:
        try:
            run = read(path)
        except RecordError:
            continue  # the report's page of machines tells
        if isinstance(run, Record) and run.weights == plan.weights[model.model]:
            return _scaled(run, plan.suite, data)
    return None


def _scaled(run: Record, suite: Suite, data: Data) -> Forecast:
    longer, samples = data.words_p50 / run.data.words_p50, _samples(suite, data, run)
    growth = {"finetune": samples / run.finetune.samples * longer}
    if run.weights != "random":  # which classify two batches alone
        growth |= dict.fromkeys(PER_TEST_TEXT, sum(data.test_counts) / sum(run.data.test_counts) * longer)
    seconds = {str(stage): took * growth.get(str(stage), 1.0) for stage, took in run.stage_seconds.items()}
    seconds["repeats"] = _repeats_s(seconds, suite, data) if run.weights != "random" else 0.0
    learns = run.weights != "random" and run.classifier.fine_tuned
    seconds["tuning"] = _tuning_s(seconds, suite, samples) if learns else 0.0
    sizes = [sum(runtime.artefact.files.values()) for runtime in run.runtimes if runtime.artefact]
    return Forecast(
        minutes=sum(seconds.values()) / 60,
        finetune_min=run.finetune.time_for(samples) * longer / 60,
        finetune_ram_mb=run.finetune.peak_ram_for(samples),
        disk_mb=sum(sizes) / 1e6,
        like="/".join(map(str, (run.suite, run.machine, run.model))),
    )


def _repeats_s(seconds: dict[str, float], suite: Suite, data: Data) -> float:
    """Time of the suite's repeats, from what each stage takes with all labels, s."""
    texts = sum(data.train_counts)
    shares = [1.0 if labels is None else min(1.0, labels / texts) for _, labels in suite.repeats]
    return sum(
        seconds.get(stage, 0.0) * (share if stage == "finetune" else 1.0)
        for share in shares
        for stage in OF_EACH_REPEAT
    )


def _tuning_s(seconds: dict[str, float], suite: Suite, samples: float) -> float:
    """Time of the suite's tries of learning rates, from what a fine-tune of so many samples takes, s."""
    share = min(1.0, suite.tuning_steps * suite.batch_size / samples) if suite.tuning_steps else 1.0
    return len(suite.learning_rates) * (seconds.get("parameters", 0.0) + seconds["finetune"] * share)


def _samples(suite: Suite, data: Data, run: Record) -> float:
    """Texts that the fine-tune will see, repeats counted."""
    if run.weights == "random":
        return suite.random_weights_steps * suite.batch_size
    if not run.classifier.fine_tuned:
        return sum(data.train_counts)
    return suite.max_steps * suite.batch_size if suite.max_steps else suite.epochs * sum(data.train_counts)
