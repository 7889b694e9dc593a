"""Grade one student with stock nbgrader, so that no submission can stop the others."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback

from course_lib.grading.course import nbgrader_settings, run_nbgrader
from course_lib.grading.files import write_atomically
from course_lib.grading.intake import take_in
from course_lib.grading.not_graded import write_not_graded

HANDED_IN = "handed_in"  # handed_in/<student>/<assignment>/*.ipynb, as the students left it


def grade_student(root: Path, course_folder: Path, assignment: str, student: str) -> None:
    """Take in, autograde and write the feedback for one submission.

    Leaves the scores in the gradebook and a page for every file in
    feedback/<student>/<assignment>/, whatever the submission holds.
    """
    released = {
        path.stem: nbformat.read(path, as_version=4)
        for path in sorted((course_folder / "exercises" / assignment).glob("*.ipynb"))
    }
    _record_zeros(root, course_folder, assignment, student)
    intake = take_in(course_folder / HANDED_IN / student / assignment, released)
    for name, problem in intake.refused.items():
        write_not_graded(course_folder, assignment, student, name, problem)
    submitted = course_folder / "submitted" / student / assignment
    submitted.mkdir(parents=True, exist_ok=True)
    for name, notebook in intake.notebooks.items():
        write_atomically(submitted / f"{name}.ipynb", nbformat.writes(notebook).encode())
    for name in intake.notebooks:
        try:
            run_nbgrader(Autograde, root, course_folder, assignment, student, name)
        except RuntimeError as problem:
            told = _in_plain_words(name, str(problem))
            write_not_graded(course_folder, assignment, student, name, told)
        else:
            run_nbgrader(GenerateFeedback, root, course_folder, assignment, student, name)


def _record_zeros(root: Path, course_folder: Path, assignment: str, student: str) -> None:
    """Enter the submission with 0 points everywhere; autograde replaces what it can grade."""
    settings = nbgrader_settings(root, course_folder).CourseDirectory
    with Gradebook(settings.db_url, settings.course_id) as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(assignment, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()


def _in_plain_words(name: str, log: str) -> str:
    """Why nbgrader could not grade a notebook, from its log."""
    if "DeadKernelError" in log or "Kernel died" in log:
        return (
            f"Python ended while {name}.ipynb was running, so it could not be graded. Look for "
            "exit(), os._exit() or a call that needs too much memory; then restart the kernel, run "
            "all cells, and hand the notebook in again."
        )
    if "CellTimeoutError" in log or "unresponsive" in log:
        return (
            f"A cell of {name}.ipynb never ended and could not be interrupted. Look for a loop "
            "that catches every exception; then restart the kernel, run all cells, and hand the "
            "notebook in again."
        )
    last_line = log.strip().splitlines()[-1]
    return f"{name}.ipynb could not be graded; please show this to your instructor: {last_line}"
