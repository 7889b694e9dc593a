"""Grade a course in forks of one process, each struck at a moment of its own.

    interrupted.py COURSE NOTES

reads a line for each run from standard input: `kill 12` ends the run with SIGKILL at the twelfth
moment, `full 12` has the disk be full from then on, `none 0` lets it be. A moment comes before
everything that changes the disk, and before and after every statement and commit in the gradebook.
Answers each line with the run's exit status and the moments that it saw. NOTES gets a line for each
notebook that is graded.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys
from pathlib import Path

import nbformat
from nbgrader.utils import is_grade, is_solution, is_task
from sqlalchemy import Engine, event

from course_lib.grading import grade as grading
from course_lib.grading import run
from course_lib.grading.pool import outcome_of
from course_lib.grading.sandbox.isolation import Available, Isolation
from course_lib.grading.tasks import Result, Task

# Audit events of what changes the disk.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR


def grade(task: Task, notes: Path) -> Result:
    """A result that depends on the task alone, and a line that tells of it."""
    with notes.open("a") as file:
        file.write(f"{task.student}\n")
    cells = nbformat.reads(task.content, as_version=4).cells
    return Result(
        task.student,
        task.assignment,
        task.notebook,
        task.key,
        task.content,
        {
            cell.metadata.nbgrader.grade_id: float((task.seed + place) % 5)
            for place, cell in enumerate(cells)
            if is_grade(cell)
        },
        {
            cell.metadata.nbgrader.grade_id: task.student
            for cell in cells
            if is_solution(cell) or is_task(cell)
        },
    )


class Moments:
    """Counts them, and strikes at one."""

    def __init__(self, kind: str, fatal: int) -> None:
        self.kind, self.fatal, self.seen, self.is_over = kind, fatal, 0, False
        sys.addaudithook(self._on_event)
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, self._on_statement)

    def _on_event(self, name: str, details: tuple) -> None:
        is_writing = name == "open" and isinstance(details[2], int) and details[2] & WRITING
        if (is_writing or name in CHANGES) and self._strikes():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _on_statement(self, *details: object) -> None:
        if self._strikes():
            raise sqlite3.OperationalError("database or disk is full")

    def _strikes(self) -> bool:
        """Count a moment; whether the disk is full."""
        if self.is_over:
            return False
        self.seen += 1
        if self.kind == "kill" and self.seen == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.kind == "full" and self.seen >= self.fatal


def grade_course(course: Path, notes: Path, moments: Moments) -> int:
    """One run; returns its exit status."""
    grading.available = lambda: Available(Isolation.NAMESPACES, ("no code is run",))
    grading._on_this_machine = lambda tasks, *_: (
        (task, outcome_of(lambda task: grade(task, notes), task)) for task in tasks
    )
    grading._report = lambda *details: None  # which no grade depends on, and takes seconds
    run._BATCH = 2
    try:
        grading.grade_assignment(course, course, "ex1_overfitting")
        return 0
    except grading.GradingError as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        moments.is_over = True


def main() -> None:
    """Serve the lines."""
    course, notes = map(Path, sys.argv[1:])
    for line in sys.stdin:
        kind, number = line.split()
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            status = 70
            try:
                moments = Moments(kind, int(number))
                status = grade_course(course, notes, moments)
                os.write(writing, str(moments.seen).encode())
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as told:
            seen = told.read()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), seen or 0, flush=True)


if __name__ == "__main__":
    main()
