"""Refuse the course's own implementation while the student's is judged.

Best effort: this runs beside the student's code, which could undo it. What it finds is reported; an
honest student who calls the library instead of writing the function is told so.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType


class CallsTheReferenceError(Exception):
    """The student's code called what it should have written."""


@contextlib.contextmanager
def refused(references: Sequence[str]) -> Iterator[list[str]]:
    """While it lasts, a call of one of these raises; yields the list of those called so far."""
    called: list[str] = []
    with contextlib.ExitStack() as stack:
        for reference in references:
            for function in _functions(reference):
                stack.enter_context(_refused(function, reference, called))
        yield called


def _functions(reference: str) -> list[FunctionType]:
    """The function of that dotted name, or how instances of that class are made."""
    module, _, name = reference.rpartition(".")
    found = getattr(sys.modules.get(module), name, None)  # only imported ones can be called
    if inspect.isclass(found):
        found = vars(found).get("__init__")
    found = inspect.unwrap(found) if callable(found) else None
    return [found] if isinstance(found, FunctionType) else []


@contextlib.contextmanager
def _refused(function: FunctionType, reference: str, called: list[str]) -> Iterator[None]:
    """Swap the function's code, so that every name that it has been given is affected."""

    def refuse() -> None:
        called.append(reference)
        name = reference.rpartition(".")[2]
        raise CallsTheReferenceError(f"`{name}` is the course's own; write it yourself")

    code = function.__code__
    if not code.co_freevars:  # code with cells can only be swapped for code with as many
        constants = tuple(refuse if c == _REFUSE else c for c in _stub.__code__.co_consts)
        function.__code__ = _stub.__code__.replace(co_consts=constants)
    try:
        yield
    finally:
        function.__code__ = code


_REFUSE = "the function that refuses"


def _stub(*args: object, **kwargs: object) -> None:
    # The code runs with the globals of whatever function it is given to: it may name none of them.
    refuse = "the function that refuses"
    refuse()
