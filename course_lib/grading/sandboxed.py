"""Run a notebook's cells in the sandbox, by the warm process that this worker forks from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.util import Finalize

from course_lib.grading.sandbox.client import SandboxError, StudentProcess
from course_lib.grading.sandbox.isolation import Isolation, available
from course_lib.grading.sandbox.start import Forks, WarmProcess
from course_lib.grading.tasks import Limits
from course_lib.grading.transcript import Cell, Transcript, transcribe


@functools.cache
def best_isolation() -> Isolation:
    """The best that this machine has; raises SandboxError where it has none."""
    found = available()
    if found.isolation is Isolation.NONE:
        raise SandboxError(found.in_words())
    return found.isolation


def run_sandboxed(
    cells: Sequence[Cell],
    limits: Limits,
    *,
    files: Mapping[str, bytes],
    isolation: Isolation,
    forks: Forks | None,
) -> Transcript:
    """Have the cells run and take down what came of it.

    Raises SandboxError where no process can be started.
    """
    start = functools.partial(_student, limits, isolation)
    try:
        return transcribe(functools.partial(start, forks), cells, files, limits)
    except SandboxError:  # the warm process has died: once more, from another
        return transcribe(functools.partial(start, None), cells, files, limits)


def _student(limits: Limits, isolation: Isolation, forks: Forks | None) -> StudentProcess:
    """A process for the notebook; the warm one is started again if it is gone."""
    if forks is not None:
        with suppress(SandboxError):
            return StudentProcess(forks, limits)
    try:
        return StudentProcess(_warm(isolation).forks, limits)
    except SandboxError:
        warm = _warm(isolation)
        _warm.cache_clear()
        reason = warm.why_ended()
        warm.close()
        try:
            return StudentProcess(_warm(isolation).forks, limits)
        except SandboxError as problem:
            raise SandboxError(f"{problem} {reason} {_warm(isolation).why_ended()}") from None


@functools.cache
def _warm(isolation: Isolation) -> WarmProcess:
    """This worker's warm process, which ends with the worker."""
    warm = WarmProcess(isolation)
    Finalize(warm, warm.close, exitpriority=0)
    return warm
