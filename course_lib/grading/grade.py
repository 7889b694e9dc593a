"""Grade a cohort: from nbgrader's submitted/ folder to its autograded/ folder and gradebook."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from rich.console import Console
from traitlets.config import Config

from course_lib.grading import worker
from course_lib.grading.course import nbgrader_settings
from course_lib.grading.files import PARTIAL
from course_lib.grading.gradebook import GradebookWriter, sync_assignment
from course_lib.grading.keys import course_secret
from course_lib.grading.pool import Failure, grade_locally
from course_lib.grading.progress import Progress
from course_lib.grading.results import ResultStore
from course_lib.grading.run import Run, Summary
from course_lib.grading.sandbox.isolation import Isolation, available
from course_lib.grading.sandbox.start import WarmProcess
from course_lib.grading.students import misplaced, students_of
from course_lib.grading.submissions import read_assignment
from course_lib.grading.tasks import Limits, Result, Task

REPORTS = "reports"  # of the course folder
STATE = ".grading"  # what `course grade` keeps beside nbgrader's folders: results and the secret


class GradingError(RuntimeError):
    """Grading cannot begin or go on, for a reason that the instructor can mend."""


def grade_assignment(
    root: Path,
    course_folder: Path,
    assignment: str,
    *,
    workers: int | None = None,
    cluster: str = "",
    regrade: bool = False,
    trust_students: bool = False,
    limits: Limits | None = None,
    console: Console | None = None,
) -> Summary:
    """Grade every submission of an assignment that has no result yet.

    Args:
        root: the folder that holds nbgrader_config.py and solutions/.
        course_folder: the folder with submitted/, autograded/ and the gradebook; often `root`.
        assignment: its name.
        workers: processes on this machine; one for each core if None.
        cluster: the address of a dask.distributed scheduler to grade on instead.
        regrade: grade again what has a result.
        trust_students: grade without a sandbox.
        limits: what one notebook may use; if None, a cell has the seconds of nbgrader's own
            `Execute.timeout`.
        console: where progress is shown.

    Raises GradingError where grading cannot begin or go on; what is done by then is kept. What
    befalls single submissions is in the summary and stops no other.
    """
    started = monotonic()
    if sys.platform != "linux":  # even without a sandbox: processes are watched in Linux's ways
        raise GradingError(available().in_words())
    isolation = Isolation.NONE if trust_students else None if cluster else _sandbox()
    state = course_folder / STATE
    try:
        config = nbgrader_settings(root, course_folder)
        directory = CourseDirectory(config=config)
        with _alone(state):
            secret = course_secret(state)
            released = read_assignment(
                directory, assignment, secret, limits or _limits(config), trust_students
            )
            sync_assignment(root, course_folder, assignment)
            students = students_of(directory, assignment)
            summary = Summary(assignment, n_submissions=len(students))
            summary.failures += [
                (student, "", problem) for student, problem in misplaced(directory, assignment)
            ]
            with (
                GradebookWriter(config, assignment) as writer,
                Progress(len(students), console) as progress,
            ):
                store = ResultStore(state / assignment)
                run = Run(directory, released, store, writer, summary, progress.advance, regrade)
                tasks = run.tasks(students)
                with closing(
                    _on_cluster(tasks, isolation, cluster)
                    if cluster
                    else _on_this_machine(tasks, isolation, workers)
                ) as outcomes:
                    for task, outcome in outcomes:
                        run.take(task, outcome)
                run.flush()
    except (LookupError, ValueError, RuntimeError, OSError) as problem:
        raise GradingError(str(problem)) from problem
    summary.seconds = monotonic() - started
    try:
        _report(summary, run, directory, course_folder / REPORTS / f"{assignment}.html")
    except (ValueError, OSError) as problem:
        summary.report_problem = str(problem)
    return summary


def _on_this_machine(
    tasks: Iterator[Task], isolation: Isolation, workers: int | None
) -> Iterator[tuple[Task, Result | Failure]]:
    """Every task with its result, graded by processes of this machine."""
    first = next(tasks, None)
    if first is None:  # there is nothing to start
        return
    with WarmProcess(isolation) as warm:
        grade = functools.partial(worker.grade, isolation=isolation, forks=warm.forks)
        all_tasks, n = itertools.chain([first], tasks), workers or os.cpu_count() or 1
        del first
        yield from grade_locally(all_tasks, grade, n, preload=worker.PRELOAD)


def _on_cluster(
    tasks: Iterator[Task], isolation: Isolation | None, address: str
) -> Iterator[tuple[Task, Result | Failure]]:
    """The same from a cluster, whose workers choose their isolation where none is given."""
    from course_lib.grading.cluster import grade_on_cluster  # dask takes a second to import

    return grade_on_cluster(tasks, functools.partial(worker.grade, isolation=isolation), address)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Keep a second run out, and sweep up what one that was killed has left."""
    state.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(state / "lock", timeout=0):
            for path in state.rglob(PARTIAL):
                path.unlink()
            yield
    except Timeout:
        raise GradingError("another `course grade` is at work on this course; let it end") from None


def _report(summary: Summary, run: Run, directory: CourseDirectory, path: Path) -> None:
    """Write the instructor's page."""
    # Imports that take seconds, while the workers need the processors.
    from course_lib.checks import catalogue
    from course_lib.grading.report.cohort_report import write_report

    published = [
        {
            path.stem: path.read_text(encoding="utf-8")
            for path in Path(directory.format_path(kind, ".", summary.assignment)).glob("*.ipynb")
        }
        for kind in (directory.release_directory, directory.source_directory)
    ]
    write_report(
        path,
        summary.assignment,
        run.results(),
        summary.failures,
        catalogue(),
        released=published[0],
        solutions=published[1],
        seconds=summary.seconds,
    )
    summary.report = path


def _limits(config: Config) -> Limits:
    """The usual limits, but for a cell's seconds, which the course sets for nbgrader too."""
    seconds = Execute(config=config).timeout
    if seconds is None or seconds <= 0:  # without end, which nobody else could wait for
        return Limits()
    return Limits(
        cell_seconds=float(seconds),
        seconds=max(Limits.seconds, 4.0 * seconds),
        cpu_seconds=max(Limits.cpu_seconds, 3 * seconds),
    )


def _sandbox() -> Isolation:
    """The isolation that is in force here; raises GradingError where there is none."""
    found = available()
    if found.isolation is Isolation.NONE:
        raise GradingError(found.in_words())
    return found.isolation
