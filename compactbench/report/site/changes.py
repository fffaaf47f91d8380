"""What changed since the site was last built, told by stamps that differ and never by which is later.

A clock can be set back: then what was written last looks older than the page that was made of it, and would be kept.
"""

import glob
import hashlib
from collections.abc import Iterable
from pathlib import Path

import nbformat
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from compactbench.record.file import FINISHED, remove
from compactbench.record.page import broken


def changed_pages(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], gone: set[str]) -> list[str]:
    """The pages whose file is not the one that was read: Sphinx would take them for older than its own copy."""
    before: dict[str, str] = getattr(env, "compactbench_stamps", {})
    files = {page: Path(env.doc2path(page)) for page in env.found_docs}
    now = {page: stamp([file], Path(env.srcdir)) for page, file in files.items()}
    env.compactbench_stamps = now  # type: ignore[attr-defined]
    return [page for page in now if before.get(page, now[page]) != now[page]]


def remove_gone(app: Sphinx, error: Exception | None) -> None:
    """Take away what was built of runs and machines that have no page any more: Sphinx leaves it where it is."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for built in [*out.glob("runs/*/*/*.html"), *out.glob("machines/*.html")]:
        page = built.relative_to(out).as_posix().removesuffix(".html")
        if page not in app.env.found_docs:
            for file in (built, *(out / "_sources").glob(f"{glob.escape(page)}.*")):
                file.unlink(missing_ok=True)
            remove(out / f"{page}{FINISHED}")


def stamp(files: Iterable[Path], root: Path) -> str:
    """What differs once one of `files`, which lie in `root`, is written, comes or goes."""
    told = [(str(file.relative_to(root)), (now := file.lstat()).st_mtime_ns, now.st_size) for file in sorted(files)]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def report_code(root: Path) -> list[Path]:
    """What makes the pages of the records: they are made again where it changed."""
    return [path for part in ("report", "record") for path in (root / "compactbench" / part).rglob("*.py")]


def sign(page: Path, made_from: str) -> None:
    """Note in the notebook `page` the stamp of what it was made from."""
    notebook = nbformat.read(page, as_version=4)
    notebook.metadata["made_from"] = made_from
    nbformat.write(notebook, page)


def is_made_from(page: Path, made_from: str) -> bool:
    """Whether the notebook `page` is whole and made from just that, as far as it says.

    A page without a stamp counts where a reader executed it with parameters of their own, and is signed now.
    """
    if not page.exists() or broken(page):
        return False
    told = nbformat.read(page, as_version=4).metadata
    if "made_from" not in told and told.papermill.parameters:
        sign(page, made_from)
        return True
    return bool(told.get("made_from") == made_from)
