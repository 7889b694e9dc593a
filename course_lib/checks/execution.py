"""Run one case on an implementation and bring back an `Outcome`, whatever happens."""

from __future__ import annotations

import contextlib
import dis
import functools
import io
import linecache
import os
import random
import site
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy
import torch

from course_lib.checks.base import Case, Check, Plain
from course_lib.checks.plain import copy_plain, same, to_plain

_LIBRARY_FOLDERS = tuple(
    {
        os.path.realpath(sysconfig.get_path(name)) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    | {os.path.realpath(site.getusersitepackages()) + os.sep}
    | {os.path.dirname(os.path.realpath(__file__)) + os.sep}
    | {"<frozen "}  # parts of the standard library that are built into the interpreter
)
_MAX_PRINTED = 10_000


@dataclass(frozen=True)
class Outcome:
    """What one case did to an implementation, as plain data."""

    outputs: Plain = None  # what `run` returned
    error: str = ""  # the name of the exception that ended it, "" when none did
    error_message: str = ""  # its text
    error_place: str = ""  # the line of the student's code that raised it
    edited: tuple[str, ...] = ()  # the inputs that came back changed
    used_global_rng: bool = False  # whether global random state moved
    printed: str = ""  # what was written to stdout and stderr, the start of it


class TooManyLines(BaseException):
    """More lines were executed than the budget has; not an Exception, so rarely caught."""


def execute_all(check: Check, implementation: Any, cases: Sequence[Case]) -> list[Outcome]:
    """Run every case, but no more of a property once one of its cases has run out of lines."""
    outcomes: list[Outcome] = []
    exhausted: dict[str, Outcome] = {}
    for case in cases:
        outcome = exhausted.get(case.property) or execute(check, implementation, case)
        if outcome.error == TooManyLines.__name__:
            exhausted[case.property] = outcome
        outcomes.append(outcome)
    return outcomes


def execute(check: Check, implementation: Any, case: Case) -> Outcome:
    """Run `case` on `implementation`; never raises because of it, except when interrupted."""
    given = Case(case.property, copy_plain(case.inputs), case.note)
    printed = io.StringIO()
    random_state = _global_random_state()
    outputs, error, message, place = None, "", "", ""
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        _unchanged_defaults(),
    ):
        warnings.simplefilter("ignore")
        try:
            with _line_budget(check.max_lines):
                outputs = check.run(implementation, given)
            outputs = to_plain(outputs)
        except KeyboardInterrupt:
            raise
        except BaseException as exception:
            error, message = type(exception).__name__, _text_of(exception)
            place = _student_line(exception)
        used_global_rng = _global_random_state() != random_state
        _restore_global_random_state(random_state)
    edited = tuple(
        name for name, value in case.inputs.items() if not same(given.inputs.get(name), value)
    )
    return Outcome(
        outputs, error, message, place, edited, used_global_rng, printed.getvalue()[:_MAX_PRINTED]
    )


@contextlib.contextmanager
def _line_budget(max_lines: int) -> Iterator[None]:
    """Raise `TooManyLines` once the code outside the installed libraries has executed `max_lines`.

    An endless loop ends this way in about a second. Where a debugger or a coverage tool is tracing
    already, lines are not counted.
    """
    if sys.gettrace() is not None:
        yield
        return
    left = max_lines

    def count_lines(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if event in ("line", "opcode"):
            left -= 1
            if left < 0:
                raise TooManyLines(f"more than {max_lines:,} lines executed")
        return count_lines

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename.startswith(_LIBRARY_FOLDERS):
            return None
        frame.f_trace_opcodes = _has_one_line_loop(frame.f_code)
        return count_lines

    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(None)


@functools.lru_cache
def _has_one_line_loop(code: CodeType) -> bool:
    """Whether some loop never leaves its line (`while True: pass`): Python traces no line there."""
    lines = {start: line for start, _, line in code.co_lines()}
    line, line_of = None, {}
    for instruction in dis.get_instructions(code):
        line = lines.get(instruction.offset, line)
        line_of[instruction.offset] = line
    return any(
        "JUMP_BACKWARD" in instruction.opname
        and line_of.get(instruction.argval) == line_of[instruction.offset]
        for instruction in dis.get_instructions(code)
    )


def _global_random_state() -> tuple[Any, ...]:
    name, keys, *rest = numpy.random.get_state()
    torch_state = torch.get_rng_state().numpy().tobytes()
    return torch_state, (name, keys.tobytes(), *rest), random.getstate()


def _restore_global_random_state(state: tuple[Any, ...]) -> None:
    torch_state, (name, keys, *rest), python_state = state
    torch.set_rng_state(torch.frombuffer(bytearray(torch_state), dtype=torch.uint8))
    numpy.random.set_state((name, numpy.frombuffer(keys, dtype=numpy.uint32), *rest))
    random.setstate(python_state)


@contextlib.contextmanager
def _unchanged_defaults() -> Iterator[None]:
    """Put torch's global switches back, whatever the implementation set them to."""
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)


def _text_of(exception: BaseException) -> str:
    try:
        return str(exception)[:2000]
    except Exception:  # an exception whose own __str__ fails
        return ""


def _student_line(exception: BaseException) -> str:
    """The innermost line outside the installed libraries, as "line 3: `return x / 0`"."""
    frames = [
        frame
        for frame in traceback.extract_tb(exception.__traceback__, limit=200)
        if not os.path.realpath(frame.filename).startswith(_LIBRARY_FOLDERS)
        and not frame.filename.startswith(_LIBRARY_FOLDERS)
    ]
    if not frames:
        return ""
    text = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
    return f"line {frames[-1].lineno}" + (f": `{text}`" if text else "")
