"""Run one case on an implementation and bring back an `Outcome`, whatever happens."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from course_lib.checks.base import Case, Check, Plain
from course_lib.checks.forbidden import refused
from course_lib.checks.global_state import (
    no_kept_gaussian,
    random_state,
    restore_random_state,
    unchanged_settings,
)
from course_lib.checks.line_budget import LIBRARY_FOLDERS, TooManyLines, line_budget
from course_lib.checks.plain import copy_plain, is_dense, same, to_plain

_MAX_PRINTED = 10_000
_MAX_MESSAGE = 2_000
ENDLESS = TooManyLines.__name__
_COURSE = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
STOPPED = "Stopped"  # not by the code itself: `error_message` says why


@dataclass(frozen=True)
class Outcome:
    """What one case did to an implementation, as plain data."""

    outputs: Plain = None  # what `run` returned
    error: str = ""  # the name of the exception that ended it, "" when none did
    error_message: str = ""  # its text
    error_place: str = ""  # the line of the student's code that raised it
    edited: tuple[str, ...] = ()  # the inputs that came back changed
    used_global_rng: bool = False  # whether global random state moved
    forbidden: tuple[str, ...] = ()  # names of forbidden functions that it called
    printed: str = ""  # what was written to stdout and stderr, the start of it


def execute_all(check: Check, implementation: Any, cases: Sequence[Case]) -> list[Outcome]:
    """Run every case, as `execute_each` does."""
    return list(execute_each(check, implementation, cases))


def execute_each(
    check: Check, implementation: Any, cases: Sequence[Case], forbidden: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Run one case after the other; once one ran out of lines, no more of its property.

    Of the other properties less is run then.

    Args:
        check: what is run and how.
        implementation: the student's object, or a tuple of them.
        cases: drawn from the check.
        forbidden: dotted names of functions that may not be called, beside the check's own.
    """
    exhausted: dict[str, Outcome] = {}
    with no_kept_gaussian():
        for case in cases:
            max_lines = check.max_lines // 10 if exhausted else check.max_lines
            outcome = exhausted.get(case.property) or execute(
                check, implementation, case, max_lines, forbidden
            )
            if outcome.error == ENDLESS:
                exhausted[case.property] = outcome
            yield outcome


def execute(
    check: Check,
    implementation: Any,
    case: Case,
    max_lines: int | None = None,
    forbidden: Sequence[str] = (),
) -> Outcome:
    """Run `case` on `implementation`; never raises because of it, except when interrupted."""
    given = Case(case.property, copy_plain(case.inputs), case.note)
    printed = _Printed()
    state = random_state()
    result, error, message, place = None, "", "", ""
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        unchanged_settings(),
        refused((*check.forbidden, *forbidden)) as called,
    ):
        warnings.simplefilter("ignore")
        try:
            with line_budget(max_lines or check.max_lines):
                result = check.run(implementation, given)
        except KeyboardInterrupt:
            raise
        except BaseException as exception:
            error, message = _in_words(exception)
            place = _student_line(exception)
    outputs = to_plain(result)
    used_global_rng = random_state() != state
    if used_global_rng:
        restore_random_state(state)
    edited = tuple(
        name for name, value in case.inputs.items() if not _is_as_it_was(given.inputs, name, value)
    )
    return Outcome(
        outputs=outputs,
        error=error,
        error_message=message,
        error_place=place,
        edited=edited,
        used_global_rng=used_global_rng,
        forbidden=tuple(dict.fromkeys(called)),
        printed=printed.text(),
    )


def _is_as_it_was(given: dict[str, Plain], name: str, value: Plain) -> bool:
    """Whether an input is unchanged; the copies that `to_plain` makes are spared where they can."""
    now = given.get(name)
    is_plain = type(now) is torch.Tensor and is_dense(now) and not vars(now)
    return same(now if is_plain else to_plain(now), value)


class _Printed(io.StringIO):
    """Keeps the start of what is printed, and stays open."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, _MAX_PRINTED - self.tell())])
        return len(text)

    def close(self) -> None:
        pass

    def text(self) -> str:
        return _printable(self.getvalue())


def _in_words(exception: BaseException) -> tuple[str, str]:
    """The name and the text of an exception, whose own methods may do anything."""
    try:
        with line_budget(100_000):
            return _printable(type(exception).__name__), _printable(str(exception)[:_MAX_MESSAGE])
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "an exception that cannot be shown", ""


def _printable(text: str) -> str:
    """The text without the lone surrogates that no file can hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def _student_line(exception: BaseException) -> str:
    """The innermost line outside the installed libraries, as "line 3: `return x / 0`".

    A line of the student's own comes before one of course_lib, which the student has called.
    """
    frames = [
        frame
        for frame in traceback.extract_tb(exception.__traceback__, limit=200)
        if not os.path.realpath(frame.filename).startswith(LIBRARY_FOLDERS)
        and not frame.filename.startswith(LIBRARY_FOLDERS)
    ]
    frames = [
        frame for frame in frames if not os.path.realpath(frame.filename).startswith(_COURSE)
    ] or frames
    if not frames:
        return ""
    text = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
    return _printable(f"line {frames[-1].lineno}" + (f": `{text}`" if text else ""))
