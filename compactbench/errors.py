"""Errors of libraries, said in one line."""

LONGEST = 200
_MEMORY = "end other programs, or take a smaller model or batch"
CURES = {
    "No space left on device": "free some space on this disk",
    "Disk quota exceeded": "free some of your quota on this disk",
    "Read-only file system": "this disk must be writable",
    "Permission denied": "this folder must be yours to write",
    "Cannot allocate memory": _MEMORY,
    "MemoryError": _MEMORY,
    "OutOfMemoryError": _MEMORY,
    "bad_alloc": _MEMORY,
    "SIGKILL": _MEMORY,
}
"""Words of the system about a fault of the machine, in whatever error a library makes of it, and what to do."""


def one_line(error: BaseException, longest: int | None = None) -> str:
    """Kind and text of `error` without line breaks, cut at `longest` characters: some list a hundred classes.

    A fault of the machine is followed by what to do.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    cut = text if longest is None or len(text) <= longest else text[:longest] + " ..."
    cure = next((CURES[words] for words in CURES if words in text), None)
    return cut if cure is None or cure in text else f"{cut} ({cure})"


def broken(error: BaseException) -> BaseException:
    """The first failure of a file or connection that led to `error`, else `error`: what a library wraps says more."""
    found, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        found = cause if isinstance(cause, OSError) else found
        cause = cause.__cause__ or cause.__context__
    return found
