"""Stop code that does not end, by counting the lines that it executes."""

from __future__ import annotations

import contextlib
import ctypes
import dis
import functools
import os
import site
import sys
import sysconfig
import threading
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

from course_lib.checks.cpu_timer import called_every

UNCOUNTED_SECONDS = 0.01

LIBRARY_FOLDERS = tuple(
    {
        os.path.realpath(sysconfig.get_path(name)) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    | {os.path.realpath(site.getusersitepackages()) + os.sep}
    | {os.path.dirname(os.path.realpath(__file__)) + os.sep}
    | {"<frozen "}  # parts of the standard library that are built into the interpreter
)


class TooManyLines(BaseException):
    """More lines were executed than the budget has; not an Exception, so rarely caught."""

    def __str__(self) -> str:
        """The same words whatever the budget, so that two endless loops can be told alike."""
        return "too many lines executed"


@contextlib.contextmanager
def line_budget(max_lines: int) -> Iterator[None]:
    """Raise `TooManyLines` once the code outside the installed libraries has executed `max_lines`.

    Code that is traced runs at half its speed, so lines count from the moment when
    `UNCOUNTED_SECONDS` of processor time are over: what ends before is never stopped, what stays
    within the budget neither, and an endless loop always is, the later the more each of its lines
    computes. Of a function without a loop all lines count at its call.

    Not counted: lines of the checks themselves, of threads, and of anything while a debugger or a
    coverage tool is tracing. A loop inside compiled code, such as `sum(itertools.count())`, is
    beyond reach: the notebook's own time limit ends it.
    """
    if sys.gettrace() is not None:
        yield
        return
    left = max_lines
    insistence: Insistence | None = None
    outside = sys._getframe(2)  # of whoever says `with line_budget(…)`

    def stop() -> None:
        nonlocal insistence
        insistence = Insistence()
        raise TooManyLines

    def count_lines(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if event in ("line", "opcode"):
            left -= 1
            if left < 0:
                stop()
        return count_lines

    # By the number of a code object, whose hash would take longer; both are kept, so it stays.
    known: dict[int, tuple[CodeType, int | None]] = {}

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        code = frame.f_code
        if (found := known.get(id(code))) is None:
            found = known[id(code)] = code, _lines_at_once(code)
        if (n_lines := found[1]) is None:
            frame.f_trace_opcodes = turns_on_the_spot(code)
            return count_lines
        left -= n_lines  # all at once: to be told of each takes longer than to run it
        if left < 0:
            stop()
        return None

    def begin(frame: FrameType | None) -> None:
        if sys.gettrace() is not None or insistence is not None:
            return  # it has begun, or steps are being counted
        while frame is not None and frame is not outside:  # what runs already
            if _lines_at_once(frame.f_code) is None:
                frame.f_trace = enter(frame, "call", None)
            frame = frame.f_back
        sys.settrace(enter)

    try:
        with called_every(UNCOUNTED_SECONDS, begin):
            yield
    finally:
        sys.settrace(None)
        if insistence is not None:
            insistence.end()


class Insistence:
    """Raises `TooManyLines` in this thread again and again, for code that catches everything.

    Python stops tracing once a trace function has raised, so counting cannot do it.
    """

    def __init__(self) -> None:
        self._target = ctypes.c_ulong(threading.get_ident())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._insist, daemon=True)
        self._thread.start()

    def _insist(self) -> None:
        while not self._ended.wait(0.05):
            raised = ctypes.py_object(TooManyLines)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, raised)

    def end(self) -> None:
        """Raise no more, and let what is on its way arrive here."""
        while True:
            try:
                self._ended.set()
                self._thread.join()
                for _ in range(100):  # an exception set by another thread is raised at a jump
                    pass
                return
            except TooManyLines:
                continue


@functools.cache
def _lines_at_once(code: CodeType) -> int | None:
    """What a call counts: 0 in a library, all lines without a loop, None where each must count."""
    if code.co_filename.startswith(LIBRARY_FOLDERS):
        return 0
    if code.co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR):  # resumed at will
        return None
    if jumps_backward(code):
        return None
    return len({line for _, _, line in code.co_lines()})


@functools.cache
def turns_on_the_spot(code: CodeType) -> bool:
    """Whether a loop is one instruction, as in `while True: pass`: Python traces no line there."""
    return any(jump.argval == jump.offset for jump in jumps_backward(code))


def jumps_backward(code: CodeType) -> list[dis.Instruction]:
    """The instructions that end a turn of a loop; Python traces a line where they arrive."""
    return [
        instruction
        for instruction in dis.get_instructions(code)
        if "JUMP_BACKWARD" in instruction.opname and "NO_INTERRUPT" not in instruction.opname
    ]
