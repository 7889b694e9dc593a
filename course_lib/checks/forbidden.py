"""Refuse certain functions while a student's code runs: those that it is asked to write itself.

Best effort, since the student's code runs in the same process and could undo it. An honest student
who calls the library instead of writing the function is told so.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

from torch.overrides import TorchFunctionMode


class ForbiddenCallError(Exception):
    """The student's code called what it should have written."""


_lists: list[list[str]] = []  # those of the blocks that are open, the innermost last


@contextlib.contextmanager
def refused(names: Sequence[str]) -> Iterator[list[str]]:
    """While it lasts, a call of one of these raises; yields the list of those called so far.

    Where one such block lies in another, what was called in the inner one counts in the outer too.

    Args:
        names: dotted names of functions and classes; of a class, every method counts. What has not
            been imported cannot be called and is passed over.
    """
    called: list[str] = []
    compiled: dict[Any, str] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            for function in _functions(name):
                if isinstance(function, FunctionType):
                    stack.enter_context(_refused(function, name, called))
                else:
                    compiled[function] = name
        if compiled:
            stack.enter_context(_Watch(compiled, called))
        _lists.append(called)
        try:
            yield called
        finally:
            _lists.pop()
            if _lists:
                _lists[-1].extend(called)


def _functions(name: str) -> list[Callable]:
    """The function of that dotted name, or the methods of that class."""
    parent, _, attribute = name.rpartition(".")
    holder = sys.modules.get(parent)
    if holder is None:  # not a module: the name of a class, or not imported
        module, _, kind = parent.rpartition(".")
        holder = getattr(sys.modules.get(module), kind, None)
    found = inspect.unwrap(getattr(holder, attribute, None))
    if inspect.isclass(found):
        methods = map(inspect.unwrap, filter(inspect.isfunction, vars(found).values()))
        return list(methods)
    return [] if found is None else [found]


def _refuse(name: str, called: list[str]) -> None:
    called.append(name)
    raise ForbiddenCallError(f"`{name}` is not to be called here")


@contextlib.contextmanager
def _refused(function: FunctionType, name: str, called: list[str]) -> Iterator[None]:
    """Swap the function's code, so that whoever holds the function is affected."""
    code = function.__code__
    if not code.co_freevars:  # code with cells can only be swapped for code with as many
        refuse = functools.partial(_refuse, name, called)
        constants = tuple(refuse if c == _PLACE else c for c in _stub.__code__.co_consts)
        function.__code__ = _stub.__code__.replace(co_consts=constants)
    try:
        yield
    finally:
        function.__code__ = code


_PLACE = "the function that refuses"


def _stub(*args: object, **kwargs: object) -> None:
    # The code runs with the globals of whatever function it is given to: it may name none of them.
    refuse = "the function that refuses"
    refuse()


class _Watch(TorchFunctionMode):
    """Sees every call of torch's compiled functions, under whatever name."""

    def __init__(self, names: dict[Any, str], called: list[str]) -> None:
        super().__init__()
        self._names, self._called = names, called

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Refuse the forbidden, call the others."""
        if func in self._names:
            _refuse(self._names[func], self._called)
        return func(*args, **(kwargs or {}))
