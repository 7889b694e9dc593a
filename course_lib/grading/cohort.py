"""Grade every student of an assignment, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic

from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from course_lib.grading.course import nbgrader_settings
from course_lib.grading.one_student import HANDED_IN, grade_student

TIME_LIMIT = 600  # seconds for one student, after which the process is ended


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
    root: Path,
    course_folder: Path,
    assignment: str,
    on_done: Callable[[str, str], None] = lambda student, problem: None,
    n_processes: int = 2,
) -> None:
    """Grade all who handed in; calls `on_done(student, problem)` after each, problem "" if none.

    More than two processes gain little: nbgrader's gradebook admits one writer at a time.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["course_lib.grading.one_student"])
    waiting = students_of(course_folder, assignment)[::-1]
    running: dict[int, tuple[str, multiprocessing.process.BaseProcess, float]] = {}
    with _clean_environment():
        while waiting or running:
            while waiting and len(running) < n_processes:
                student = waiting.pop()
                process = context.Process(
                    target=_grade_quietly, args=(root, course_folder, assignment, student)
                )
                process.start()
                running[process.sentinel] = student, process, monotonic()
            ended = set(wait(list(running), timeout=1.0))
            for sentinel, (student, process, started) in list(running.items()):
                if sentinel in ended:
                    process.join()
                    on_done(student, f"ended with code {process.exitcode}" * bool(process.exitcode))
                    del running[sentinel]
                elif monotonic() - started > TIME_LIMIT:
                    process.terminate()


def _grade_quietly(root: Path, course_folder: Path, assignment: str, student: str) -> None:
    """Grade with everything that nbgrader and its kernels print in logs/<student>.log."""
    log = course_folder / "logs" / f"{student}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    grade_student(root, course_folder, assignment, student)


class _clean_environment:
    """Hide what would change grades: the instructor's Python and Jupyter settings."""

    def __enter__(self) -> None:
        self._before = dict(os.environ)
        for name in list(os.environ):
            if name.startswith(("PYTHON", "IPYTHON", "JUPYTER_CONFIG")):
                del os.environ[name]
        os.environ["OMP_NUM_THREADS"] = "1"

    def __exit__(self, *exception: object) -> None:
        os.environ.clear()
        os.environ.update(self._before)


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
