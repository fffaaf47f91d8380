"""Errors of libraries, said in one line."""

from compactbench.foreign import line

LONGEST = 200


def one_line(error: BaseException, longest: int | None = None) -> str:
    """Kind and text of `error` without line breaks, cut at `longest` characters: some list a hundred classes."""
    text = line(f"{type(error).__name__}: {error}")
    return text if longest is None or len(text) <= longest else text[:longest] + " ..."


def broken(error: BaseException) -> BaseException:
    """The first failure of a file or connection that led to `error`, else `error`: what a library wraps says more."""
    found, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        found = cause if isinstance(cause, OSError) else found
        cause = cause.__cause__ or cause.__context__
    return found
