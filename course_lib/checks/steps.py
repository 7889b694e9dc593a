"""Count the steps that code takes, for exercises that allow so many: never seconds.

A step is one turn of a loop (of a comprehension too), one call of a function written in Python, or
one item that `max`, `min`, `sum`, `sorted`, `list.sort`, a `Counter` or a function of `heapq` is
given to look at. So a step is about one thing touched, whether code is written in many lines or
few. Installed libraries are not counted, but for the course's own functions and for `heapq`; what
numpy and torch do is only noted, in `out_of_sight`.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import dis
import functools
import heapq
import os
import sys
from collections.abc import Callable, Iterator
from inspect import CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

from course_lib.checks.line_budget import (
    LIBRARY_FOLDERS,
    Insistence,
    TooManyLines,
    jumps_backward,
    turns_on_the_spot,
)

_FRAMEWORK = os.path.dirname(os.path.realpath(__file__)) + os.sep
_COURSE = os.path.dirname(os.path.dirname(_FRAMEWORK)) + os.sep
_LOOKING = {"max", "min", "sum", "sorted"}  # builtins that go through all that they are given
_ON_BEHALF = {collections.__file__, heapq.__file__}  # of whoever calls most_common or nlargest
_OUT_OF_SIGHT = {"numpy", "torch"}  # they go through all that they are given, and say nothing


class Steps:
    """How many steps were taken so far."""

    def __init__(self, most: int) -> None:
        self.n = 0
        self.most = most
        self.insistence: Insistence | None = None
        self.out_of_sight: set[str] = set()  # libraries that were at work where nothing counts

    def add(self, n: int) -> None:
        """Count n steps more; raises TooManyLines once there are more than the most."""
        self.n += n
        if self.n > self.most and self.insistence is None:
            self.insistence = Insistence()
            raise TooManyLines


@contextlib.contextmanager
def counted_steps(most: int) -> Iterator[Steps]:
    """Count the steps of what runs inside; more than `most` end it with TooManyLines.

    It takes the place of a `line_budget` around it, which goes on afterwards.
    """
    steps = Steps(most)
    tracers: dict[int, tuple[CodeType, Callable | None, int]] = {}  # as in line_budget

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        if (found := tracers.get(id(code))) is None:
            found = tracers[id(code)] = (code, *_tracer(code, steps))
            replace_in(frame.f_globals)
        _, tracer, n_steps = found
        if n_steps:
            steps.add(n_steps)
        if tracer is not None and turns_on_the_spot(code):
            frame.f_trace_opcodes = True
        return tracer

    def call(frame: FrameType, event: str, function: Any) -> None:
        if event != "c_call":
            return
        if function.__name__ == "sort" and isinstance(function.__self__, list):
            if _is_counted(frame.f_code.co_filename):
                steps.add(len(function.__self__))
        elif (library := str(function.__module__).partition(".")[0]) in _OUT_OF_SIGHT:
            steps.out_of_sight.add(library)

    def replace_in(names: dict[str, Any]) -> None:
        for name in [name for name, value in names.items() if value is heapify]:
            names[name] = heapq.heapify
            undo.callback(names.__setitem__, name, heapify)

    around, around_calls, heapify = sys.gettrace(), sys.getprofile(), heapq.heapify
    with contextlib.ExitStack() as undo:
        for module, name in [
            *((builtins, name) for name in sorted(_LOOKING)),
            (collections, "_count_elements"),
            (heapq, "heapify"),
        ]:
            function = getattr(module, name)
            undo.callback(setattr, module, name, function)
            setattr(module, name, _looking(function, steps, name == "_count_elements"))
        sys.settrace(enter)
        sys.setprofile(call)
        try:
            yield steps
        finally:
            sys.settrace(None)
            sys.setprofile(around_calls)
            if steps.insistence is not None:
                steps.insistence.end()
            sys.settrace(around)


@functools.cache
def _is_counted(file: str) -> bool:
    """Whether the steps of code from this file count."""
    folder = os.path.dirname(os.path.realpath(file)) + os.sep
    if folder.startswith(_COURSE):
        return folder != _FRAMEWORK
    return file == heapq.__file__ or not file.startswith(LIBRARY_FOLDERS)


def _tracer(code: CodeType, steps: Steps) -> tuple[Callable | None, int]:
    """What counts the turns of a function's loops, if it has any, and the steps of its call."""
    if not _is_counted(code.co_filename):
        return None, 0
    is_call = not code.co_flags & CO_GENERATOR and not code.co_name.startswith("<")
    is_call = is_call or code.co_name == "<lambda>"
    heads = _heads(code)
    if not heads:
        return None, int(is_call)

    def count_turns(frame: FrameType, event: str, argument: object) -> Any:
        if (event == "line" and frame.f_lineno in heads) or event == "opcode":
            steps.add(1)
        return count_turns

    return count_turns, int(is_call)


def _heads(code: CodeType) -> set[int | None]:
    """The lines at which a turn of a loop begins."""
    line, line_of = None, {}
    starts = {start: line for start, _, line in code.co_lines()}
    for instruction in dis.get_instructions(code):
        line = line_of[instruction.offset] = starts.get(instruction.offset, line)
    return {line_of[jump.argval] for jump in jumps_backward(code)}


def _looking(function: Callable, steps: Steps, second: bool) -> Callable:
    """A function that counts the items it is given: in its only argument, or in its second."""

    @functools.wraps(function)
    def look(*args: Any, **kwargs: Any) -> Any:
        file = sys._getframe(1).f_code.co_filename
        place = 1 if second else 0
        several = function.__name__ in ("max", "min") and len(args) > 1
        if len(args) > place and not several and (_is_counted(file) or file in _ON_BEHALF):
            items = args[place]
            if not hasattr(items, "__len__"):
                items = list(items)
            steps.add(len(items))
            args = (*args[:place], items, *args[place + 1 :])
        return function(*args, **kwargs)

    return look
