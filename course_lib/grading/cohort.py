"""Grade every student of an assignment, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic

import psutil
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from course_lib.grading.course import nbgrader_settings
from course_lib.grading.intake import page_name
from course_lib.grading.not_graded import feedback_page, write_not_graded
from course_lib.grading.one_student import HANDED_IN, grade_student

TIME_LIMIT = 600  # seconds for one student, after which the process is ended
N_PROCESSES = 2  # more gain little: nbgrader's gradebook admits one writer at a time


@dataclass(frozen=True)
class Score:
    """What one student has for one notebook."""

    points: float
    max_points: float


def students_of(course_folder: Path, assignment: str) -> list[str]:
    """Everyone who handed something in."""
    folders = (course_folder / HANDED_IN).glob(f"*/{assignment}")
    return sorted(folder.parent.name for folder in folders)


def grade_cohort(
    root: Path, course_folder: Path, assignment: str, on_done: Callable[[str, str], None]
) -> None:
    """Grade all who handed in; calls `on_done(student, problem)` after each, problem "" if none.

    Every file gets a page of feedback, also where the process that graded it was ended or failed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["course_lib.grading.one_student"])
    waiting = students_of(course_folder, assignment)[::-1]
    running: list[_Worker] = []
    with _clean_environment():
        while waiting or running:
            while waiting and len(running) < N_PROCESSES:
                student = waiting.pop()
                process = context.Process(
                    target=_grade_quietly, args=(root, course_folder, assignment, student)
                )
                process.start()
                running.append(_Worker(student, process, monotonic()))
            wait([worker.process.sentinel for worker in running], timeout=1.0)
            for worker in running[:]:
                if not worker.process.is_alive():
                    running.remove(worker)
                    problem = _problem(worker)
                    if problem:
                        _write_missing_pages(course_folder, assignment, worker.student, problem)
                    on_done(worker.student, problem)
                elif monotonic() - worker.started > TIME_LIMIT:
                    worker.stopped = True
                    end_with_children(worker.process.pid)


@dataclass
class _Worker:
    """A process that grades one student."""

    student: str
    process: multiprocessing.process.BaseProcess
    started: float
    stopped: bool = False


def _problem(worker: _Worker) -> str:
    """Why a worker that has ended did not grade everything, "" if it did."""
    if worker.stopped:
        return (
            f"Running this took more than {TIME_LIMIT // 60} minutes, so it was stopped. Look for "
            "a loop that never ends or a call that waits; then restart the kernel, run all cells, "
            "and hand the notebook in again."
        )
    if code := worker.process.exitcode:
        return f"The grader failed here (code {code}); please show this to your instructor."
    return ""


def _write_missing_pages(course_folder: Path, assignment: str, student: str, problem: str) -> None:
    """Tell the problem in place of every page of feedback that the student should have."""
    taken_in, handed_in = (
        sorted((course_folder / folder / student / assignment).glob("*.ipynb"))
        for folder in ("submitted", HANDED_IN)
    )
    for name in [page_name(path) for path in taken_in or handed_in]:
        if not feedback_page(course_folder, assignment, student, name).exists():
            write_not_graded(course_folder, assignment, student, name, problem)


def end_with_children(pid: int) -> None:
    """Kill a process and all that it started: a notebook's kernel runs in a session of its own."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _grade_quietly(root: Path, course_folder: Path, assignment: str, student: str) -> None:
    """Grade with everything that nbgrader and its kernels print in logs/<student>.log."""
    log = course_folder / "logs" / f"{student}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    grade_student(root, course_folder, assignment, student)


@contextmanager
def _clean_environment() -> Iterator[None]:
    """Hide what would change grades: the instructor's Python and Jupyter settings."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("PYTHON", "IPYTHON", "JUPYTER_CONFIG")):
            del os.environ[name]
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def scores(root: Path, course_folder: Path, assignment: str) -> dict[str, dict[str, Score]]:
    """The gradebook's points by student and notebook."""
    settings = nbgrader_settings(root, course_folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        return {
            submission.student.id: {
                notebook.name: Score(notebook.score, notebook.max_score)
                for notebook in sorted(submission.notebooks, key=lambda notebook: notebook.name)
            }
            for submission in gradebook.assignment_submissions(assignment)
        }


def export_grades(root: Path, course_folder: Path) -> Path:
    """Write all grades with nbgrader's own exporter; return the CSV file."""
    settings = nbgrader_settings(root, course_folder).CourseDirectory
    target = course_folder / "grades.csv"
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        CsvExportPlugin(to=str(target)).export(gradebook)
    return target
