"""Accuracy and its fellows, each from what was answered to each test text."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import norm, t

from recomputed import NOT_KEPT, Run

Z = norm.ppf(0.975)


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), int)


def answers(run: Run) -> tuple[np.ndarray, np.ndarray] | None:
    """True and predicted class of each test text; None where they were not kept."""
    true, found = run.data.get("test_labels"), run.one["quality"].get("predicted")
    return (numbers(true)[: len(found.split())], numbers(found)) if true and found else None


def right(run: Run) -> np.ndarray | None:
    """Whether each test text was classified right; None where that was not kept."""
    if both := answers(run):
        return both[0] == both[1]
    signs = run.one["quality"]["right"]
    return None if signs is None else np.array(list(signs)) == "1"


def wilson(share: float, trials: float, z: float = Z) -> tuple[float, float]:
    middle, half = share + z**2 / 2 / trials, z * np.sqrt(share * (1 - share) / trials + z**2 / 4 / trials**2)
    return (middle - half) / (1 + z**2 / trials), (middle + half) / (1 + z**2 / trials)


def own_accuracy(run: Run) -> Any:
    """Of the artefact, with Wilson's interval."""
    if not run.known or run.one["quality"] is None:
        return None, None, None
    signs = right(run)
    return (NOT_KEPT,) * 3 if signs is None else (signs.mean(), *wilson(signs.mean(), len(signs)))


def of_seeds(run: Run) -> list[float] | None:
    """The accuracy of each seed with all labels; None where the answers were not kept."""
    found, labels = [own_accuracy(run)[0]], run.data.get("test_labels")
    for one in further(run):
        true, predicted = one.get("true") or labels, one.get("predicted")
        found.append(np.mean(numbers(true) == numbers(predicted)) if true and predicted else NOT_KEPT)
    return None if NOT_KEPT in found else found


def further(run: Run) -> list[dict[str, Any]]:
    return [one for one in run.record["repeats"] if one["labels"] == sum(run.data["train_counts"])]


def accuracy(run: Run) -> Any:
    """The mean over seeds, with the interval over seeds and texts; of a single one, its own."""
    if not run.known or run.one["quality"] is None or not further(run):
        return own_accuracy(run)
    found = of_seeds(run)
    if found is None:
        return (NOT_KEPT,) * 3
    mean = np.mean(found)
    return two_level(run, found, mean * (1 - mean) / sum(run.data["test_counts"])) or (mean, *own_accuracy(run)[1:])


def two_level(run: Run, found: list[float], of_text: float) -> Any:
    """The mean over seeds with its interval; None where the texts alone leave none."""
    mean, texts = np.mean(found), sum(run.data["test_counts"])
    splits = {run.data["fingerprint"], *(one["split"] for one in further(run))}
    shared = texts / (texts + sum(run.data["train_counts"])) if len(splits) > 1 else 1.0
    of_seed = np.var(found, ddof=1) / len(found)
    if not of_text:
        return None
    whole = of_seed + shared * of_text
    z = t.ppf(0.975, (len(found) - 1) * whole**2 / of_seed**2) if of_seed else Z
    return mean, *wilson(mean, mean * (1 - mean) / whole, z)


def seeds(run: Run, statistic: Callable[..., Any], least: int = 2) -> Any:
    if not run.known or run.one["quality"] is None or 1 + len(further(run)) < least:
        return None
    if statistic is len:
        return 1 + len(further(run))
    found = of_seeds(run)
    return NOT_KEPT if found is None else statistic(found)


def resampled(counts: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).multinomial(counts.sum(), counts / counts.sum(), size=1000)


def macro_f1(run: Run) -> Any:
    """Likewise."""
    if not run.known or run.one["quality"] is None:
        return None, None, None
    mean, low, high = own_macro_f1(run)
    found, labels = [mean], run.data.get("test_labels")
    for one in further(run):
        true, predicted = one.get("true") or labels, one.get("predicted")
        if not true or not predicted:
            return (NOT_KEPT,) * 3
        found.append(f1(confusion(numbers(true), numbers(predicted), len(run.data["classes"]))))
    if len(found) == 1:
        return mean, low, high
    return two_level(run, found, ((high - low) / 2 / Z) ** 2) or (np.mean(found), low, high)


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def f1(counts: np.ndarray) -> np.ndarray:
    """The mean over the classes of confusion matrices, shape (..., classes, classes)."""
    both = counts.sum(-1) + counts.sum(-2)
    return np.where(both > 0, 2 * np.diagonal(counts, axis1=-2, axis2=-1) / np.maximum(both, 1), 0).mean(-1)


def own_macro_f1(run: Run) -> Any:
    """Of the artefact, with its bootstrap interval."""
    both, classes = answers(run), len(run.data["classes"])
    counts = np.array(run.one["quality"]["confusion"])
    if both:
        counts = confusion(*both, classes)
    cells = counts.nonzero()
    drawn = np.zeros((1000, classes, classes))
    drawn[:, *cells] = resampled(counts[cells])

    return f1(counts), *np.quantile(f1(drawn), (0.025, 0.975))


def probabilities(run: Run) -> np.ndarray | None:
    """Shape (texts, classes); None where they were not kept."""
    found = run.record.get("probabilities")
    return np.array([numbers(row) for row in found]) / 10_000 if found and answers(run) else None


def loss(run: Run) -> Any:
    if not run.known or run.one["quality"] is None:
        return None, None, None
    if (found := probabilities(run)) is None:
        return (NOT_KEPT,) * 3
    true = numbers(run.data["test_labels"])
    nats = -np.log(np.maximum(found[np.arange(len(true)), true], 0.00005))
    half = Z * nats.std() / np.sqrt(len(nats))
    return nats.mean(), max(0, nats.mean() - half), nats.mean() + half


def calibration(run: Run) -> Any:
    if not run.known or run.one["quality"] is None:
        return None, None, None
    if (found := probabilities(run)) is None:
        return (NOT_KEPT,) * 3
    sure, signs = found.max(1), right(run)
    assert signs is not None
    bins = np.minimum((sure * 15).astype(int), 14)
    kinds = [(bins == number) & (signs == sign) for number in range(15) for sign in (False, True)]
    gaps = np.array([(sure - signs)[kind].sum() for kind in kinds])
    counts = np.array([kind.sum() for kind in kinds])
    drawn = resampled(counts) * (gaps / np.maximum(counts, 1)) / len(sure)
    errors = [np.abs(one.reshape(-1, 15, 2).sum(-1)).sum(-1) for one in (gaps[None] / len(sure), drawn)]
    return errors[0][0], *np.quantile(errors[1], (0.025, 0.975))


def agreement(run: Run) -> Any:
    first = Run(run.record, run.record["runtimes"][0], run.drift, run.noisy)
    if not run.known or run.one is first.one or run.one["quality"] is None or run.one["error"]:
        return None
    mine, theirs = answers(run), answers(first)
    return np.mean(mine[1] == theirs[1][: len(mine[1])]) if mine and theirs else NOT_KEPT


def undertrained(run: Run) -> str | None:
    if not run.known or not run.record["classifier"]["fine_tuned"] or run.one["quality"] is None:
        return None
    counts = np.array(run.one["quality"]["confusion"])
    learned = np.array(run.data["train_counts"])
    common = learned >= learned.mean() / 2  # of a rarer class a model need not have learned enough
    never = counts.any(axis=1) & ~counts.any(axis=0)
    if never.sum() > 2 and 3 * never.sum() > len(never):
        return f"it never predicted {never.sum()} of the {len(never)} classes"
    missed = [name for name, is_missed in zip(run.data["classes"], never & common, strict=True) if is_missed]
    if missed:
        return "it never predicted " + " or ".join(missed[:3]) + " ..." * (len(missed) > 3)
    finetune = run.record["finetune"]
    losses = [point["loss"] for point in finetune["loss_curve"]]
    epoch = finetune["steps"] / max(finetune["epochs"], 1)
    seen_last = [point for point in finetune["loss_curve"] if finetune["steps"] - point["step"] < epoch]
    few = min(len(losses) // 5, len(seen_last) // 2)
    if not few:
        return None
    before, last = np.mean(losses[-2 * few : -few]), np.mean(losses[-few:])
    return "its loss was still falling" if before - last > 0.05 * (losses[0] - last) else None
