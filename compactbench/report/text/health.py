"""What the report could not read, as Markdown: each file with the reason."""

from collections.abc import Sequence

from compactbench.report.tables.collect import Problem
from compactbench.report.text.words import Markdown, markdown


def health(problems: Sequence[Problem]) -> Markdown:
    """Every file under book/runs that the report does without, a line each."""
    if not problems:
        return Markdown("Every file under `book/runs` could be read.")
    told = [f"- {markdown(problem.file)}: {markdown(problem.reason)}." for problem in problems]
    advice = "The next `make report` measures again what is due on this machine; move away what you put there yourself."
    return Markdown("\n".join([f"{_counted(problems)}. {advice}", "", *told]))


def note(problems: Sequence[Problem]) -> Markdown:
    """A sentence for those who do not look there; nothing where all is well."""
    return Markdown(f" {_counted(problems)}: [which, and why](machines.md)." if problems else "")


def _counted(problems: Sequence[Problem]) -> str:
    files = f"{len(problems)} files" if len(problems) > 1 else "One file"
    return f"{files} under `book/runs` cannot be used"
