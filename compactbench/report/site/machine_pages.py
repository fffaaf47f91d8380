"""A page for each machine, written into the book before it is read: its headings here, its words by name."""

from pathlib import Path

from compactbench.report.tables.results import Records
from compactbench.report.text.machine_page import measured

FOLDER = "machines"
PAGE = """# Machine {machine}

```{{fact}} machines/{machine}/words
```

{suites}

## How steady it is

```{{fact}} machines/{machine}/noise
```

## Hardware and system

```{{fact}} machines/{machine}/hardware
```

## Versions

```{{fact}} machines/{machine}/versions
```
"""
SUITE = """## Suite {suite}

```{{fact}} machines/{machine}/suite/{suite}
```
"""


def write_machine_pages(book: Path, records: Records) -> None:
    """Write the page of each machine that finished a run, where it is not there already, and delete all others."""
    groups, folder = measured(records), book / FOLDER
    folder.mkdir(exist_ok=True)
    pages = {}
    for machine in dict.fromkeys(machine for machine, _ in groups):
        names = {"machine": str(machine)}  # a name is letters, digits, dots, dashes and low lines
        suites = [SUITE.format(suite=str(suite), **names) for one, suite in groups if one == machine]
        pages[folder / f"{machine!s}.md"] = PAGE.format(suites="\n".join(suites), **names)
    for path in set(folder.glob("*.md")) - pages.keys():
        path.unlink()
    for path, text in pages.items():
        if not path.is_file() or path.read_text("utf-8") != text:  # an unchanged file is not read again
            path.write_text(text, "utf-8")
