"""Grade in processes of this machine, any of which may end or hang at the cost of one task."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from time import monotonic, sleep

from course_lib.grading.tasks import Result, Task

SLACK_SECONDS = 60.0  # for all but the student's code: judging, and starting what runs that code
_END_SECONDS = 5.0  # for a process to clear away what it made


@dataclass(frozen=True)
class Failure:
    """Why a task has no result."""

    reason: str  # a sentence for the instructor
    traceback: str = ""  # of the grader, "" where it raised nothing


def grade_locally(
    tasks: Iterable[Task],
    grade: Callable[[Task], Result],
    workers: int,
    preload: Sequence[str] = (),
) -> Iterator[tuple[Task, Result | Failure]]:
    """Yield every task with its result, in the order in which they are done.

    `grade` is called in `workers` processes, forked from one that has imported its module and
    those that `preload` names. No more than one task beside those at work is drawn in advance, so
    memory stays flat. A task whose process ends is tried once more; one that takes too long is
    not. Close the generator to stop early: its processes end at once. Raises ValueError for less
    than one worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    context = _forkserver_with(grade, preload)
    waiting = iter(tasks)
    upcoming = next(waiting, None)
    idle: list[_Worker] = []
    busy: list[_Worker] = []
    finished: list[tuple[Task, Result | Failure]] = []
    try:
        while True:
            while upcoming is not None and len(busy) < workers:
                busy.append(idle.pop() if idle else _Worker(context, grade))
                busy[-1].begin(upcoming)
                upcoming = next(waiting, None)
            yield from finished  # while the workers go on
            if not busy:
                return
            _wait_for_any(busy)
            finished = []
            for worker in busy[:]:
                outcome = worker.outcome()
                if outcome is not None:
                    finished.append((worker.task, outcome))
                    busy.remove(worker)
                    idle.append(worker)
    finally:
        for worker in busy + idle:
            with suppress(ValueError):  # it has ended, and no other could be started
                worker.process.terminate()
        deadline = monotonic() + _END_SECONDS  # of all together
        for worker in busy + idle:
            with suppress(ValueError):
                worker.end(max(0.0, deadline - monotonic()))


def time_limit(task: Task) -> float:
    """The seconds after which the process that grades a task must be stuck."""
    return task.limits.seconds + SLACK_SECONDS


def outcome_of(grade: Callable[[Task], Result], task: Task) -> Result | Failure:
    """The result of a task, or the failure that the grader's own exception is."""
    try:
        return grade(task)
    except Exception as problem:
        reason = f"The grader failed: {type(problem).__name__}: {problem}"
        return Failure(reason, traceback.format_exc())


class _Worker:
    """A process that grades one task at a time, and is replaced when it ends."""

    task: Task

    def __init__(self, context: ForkServerContext, grade: Callable[[Task], Result]) -> None:
        self._context, self._grade = context, grade
        self._start()

    def _start(self) -> None:
        self.connection, theirs = self._context.Pipe()
        self.process = self._context.Process(target=_work, args=(theirs, self._grade), daemon=True)
        self.process.start()
        theirs.close()

    def begin(self, task: Task, last_try: bool = False) -> None:
        """Hand over a task."""
        self.task, self._last_try = task, last_try
        self._started = monotonic()
        with suppress(OSError):  # it has ended, as `outcome` will find
            self.connection.send(task)

    def seconds_left(self) -> float:
        """Until the task has taken too long."""
        return max(0.0, self._started + time_limit(self.task) - monotonic())

    def outcome(self) -> Result | Failure | None:
        """What the task came to, None while the worker is at it."""
        with suppress(EOFError, OSError):  # it has ended, perhaps in the middle of its answer
            if self.connection.poll():
                return self.connection.recv()
            if self.process.is_alive() and self.seconds_left():
                return None
        is_late = self.process.is_alive() and not self.seconds_left()
        ending = self._replace()
        if is_late:
            return Failure(
                f"Grading took more than {time_limit(self.task):.0f} seconds and was stopped."
            )
        if self._last_try:
            return Failure(f"The process that graded this ended twice, at last {ending}.")
        self.begin(self.task, last_try=True)
        return None

    def _replace(self) -> str:
        """Start another process in place of this one; return how this one ended."""
        self.process.join(0.1)  # it closes its connection a moment before it ends
        ended = self.process.exitcode
        self.end()
        self._start()
        if ended is not None and ended < 0:
            name = signal.Signals(-ended).name
            return f"by {name}" + (" (is there enough memory?)" if name == "SIGKILL" else "")
        return f"with exit status {ended}"

    def end(self, patience: float = _END_SECONDS) -> None:
        """End the process, by force after so many seconds, and release what it holds."""
        self.connection.close()
        self.process.terminate()
        self.process.join(patience)
        self.process.kill()
        self.process.join()
        self.process.close()


def _wait_for_any(busy: list[_Worker]) -> None:
    """Wait until a worker has answered, ended, or taken too long."""
    signs = [sign for worker in busy for sign in (worker.connection, worker.process.sentinel)]
    wait(signs, timeout=min(worker.seconds_left() for worker in busy))


def _work(connection: Connection, grade: Callable[[Task], Result]) -> None:
    """Grade what comes until the other side hangs up: the whole life of a worker."""
    os.setsid()  # Ctrl-C then reaches the parent alone, which ends this
    signal.signal(signal.SIGTERM, _clear_away)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(outcome_of(grade, task))


def _clear_away(*_: object) -> None:
    """End, with what `grade` has registered for the end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _end_with_parent() -> None:
    """End this process as soon as its parent has, however that came about."""
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_END_SECONDS)
    os._exit(1)


def _forkserver_with(grade: Callable[[Task], Result], preload: Sequence[str]) -> ForkServerContext:
    """The context whose processes are forked from one that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    module = getattr(grade, "func", grade).__module__  # a partial's is that of its function
    context.set_forkserver_preload([__name__, module, *preload])
    with _clean_environment():
        forkserver.ensure_running()
    return context


@contextmanager
def _clean_environment() -> Iterator[None]:
    """Hide from what is started what would change grades: the instructor's own settings."""
    before, options = dict(os.environ), sys.warnoptions[:]
    for name in before:
        if name.startswith(("PYTHON", "IPYTHON", "JUPYTER_CONFIG")):
            del os.environ[name]
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.warnoptions.clear()  # multiprocessing hands them on, those of PYTHONWARNINGS too
    try:
        yield
    finally:
        sys.warnoptions[:] = options
        os.environ.clear()
        os.environ.update(before)
