"""The chooser's page as a reader without a mouse uses it, and what the notebook answers to the same limits."""

import math
import random
from collections.abc import Mapping
from typing import Any

from compactbench.report.choice.recommend import recommend
from compactbench.report.statistics.paired import pairs
from compactbench.report.tables.metrics import METRICS
from compactbench.report.tables.results import Records, results
from compactbench.report.tables.runtimes import ANY, in_runtime


def sets_of_limits(group: dict[str, Any], count: int) -> list[tuple[dict[str, float], str]]:
    """Sets of one to three limits within the range of the candidates of a group, and its runtimes in turn."""
    draw, found = random.Random(0), []
    metrics = [group["sources"][0]["metric"], *group["metrics"]]
    measured = {
        metric["name"]: [value for one in group["candidates"] if (value := one["values"][metric["name"]])]
        for metric in metrics
    }
    names, runtimes = [name for name, values in measured.items() if values], [ANY, *map(str, group["runtimes"])]
    for number in range(count):
        limits = {}
        for name in draw.sample(names, draw.choice([1, 2, 3])):
            ends = math.log(min(measured[name])), math.log(max(measured[name]))
            limits[name] = float(f"{math.exp(draw.uniform(*ends)):.3g}")
        found.append((limits, runtimes[number % len(runtimes)]))
    return found


def recommended(records: Records, limits: Mapping[str, float], runtime: str) -> str | None:
    """The title of what the notebook recommends."""
    chosen = in_runtime(records, runtime, limits=limits)
    group = results(chosen)
    choice = recommend(group, limits, pairs(chosen))
    return dict(zip(group["model"], group["title"], strict=True)).get(choice.chosen)


def choose(page: Any, name: str, text: str) -> None:
    """Go to one of the chooser's selects and type the beginning of an option."""
    page.locator(f".chooser select[name={name}]").focus()
    page.keyboard.type(text)


def limit(page: Any, limits: Mapping[str, float]) -> None:
    """Type each limit, given in the column's own unit, into its field."""
    for name, value in limits.items():
        page.locator(f"#limit-{name}").focus()
        page.keyboard.type(f"{value * METRICS[name].scale:.12g}")


def told(page: Any) -> str:
    """The chooser's answer."""
    return page.locator(".chooser").get_by_role("status").inner_text()


def assert_told(page: Any, title: str | None, asked: object) -> None:
    """The chooser says to take the model of this title; without one, that there is none."""
    answer = told(page)
    expected = f"Take {title}: " if title else "No model of known accuracy keeps these limits."
    assert answer.startswith(expected), (asked, answer, title)


def lists(page: Any) -> dict[str, str]:
    """The text of each of the chooser's lists by its heading."""
    script = "all => all.map(heading => [heading.textContent, heading.nextSibling.textContent])"
    return dict(page.locator(".chooser h2").evaluate_all(script))


def marks(page: Any) -> dict[str, dict[str, str]]:
    """What the chart draws: the class, fill and opacity of the mark of each title."""
    script = """all => all.map(mark => {
      const {fill, opacity} = getComputedStyle(mark);
      return [mark.textContent.split(":")[0], {state: mark.getAttribute("class"), fill, opacity}];
    })"""
    return dict(page.locator(".chooser circle").evaluate_all(script))
