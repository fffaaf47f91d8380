"""Work that is done once for a record, however many tables, charts and sentences ask for it."""

import functools
import weakref
from collections.abc import Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from compactbench.record import Record

Function = TypeVar("Function", bound=Callable[..., Any])


def once(function: Function) -> Function:
    """Have `function` keep what it gave for as long as its first argument lives: a record, or a part of one.

    Records never change, and are told apart by identity: to compare two takes longer than most of what is kept. What is
    kept must not hold the first argument, which would then live for ever.
    """
    known: dict[int, dict[tuple[Any, ...], tuple[Any, Any]]] = {}

    @functools.wraps(function)
    def kept(owner: BaseModel, *others: Any) -> Any:
        if id(owner) not in known:
            known[id(owner)] = {}
            weakref.finalize(owner, known.pop, id(owner))
        found = known[id(owner)]
        key = tuple(id(one) if isinstance(one, BaseModel) else one for one in others)
        if key not in found:
            found[key] = others, function(owner, *others)  # while the others live, nothing new has their identity
        return found[key][1]

    return cast(Function, kept)


class Same(tuple[Record, ...]):
    """Records in an order, equal to the very same ones alone: a key for what is worked out of several."""

    def __hash__(self) -> int:
        return hash(tuple(map(id, self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and list(map(id, self)) == list(map(id, other))
