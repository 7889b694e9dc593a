"""Lay out nbgrader's autograded/ folder, from which formgrader and feedback go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from course_lib.grading.files import PARTIAL, write_atomically
from course_lib.grading.submissions import TIMESTAMP, HandedIn
from course_lib.grading.tasks import Result


def autograded_folder(directory: CourseDirectory, student: str, assignment: str) -> Path:
    """Where nbgrader looks for a student's graded notebooks."""
    return Path(directory.format_path(directory.autograded_directory, student, assignment))


def is_laid_out(folder: Path, results: Iterable[Result]) -> bool:
    """Whether a file lies there for every result, and for no other notebook."""
    names = {f"{result.notebook}.ipynb" for result in results}
    return names == {path.name for path in folder.glob("*.ipynb")}


def write_autograded(folder: Path, handed_in: HandedIn, results: Iterable[Result]) -> None:
    """Write a student's graded notebooks with what was handed in beside them.

    Raises OSError where the disk refuses a file.
    """
    for path in folder.glob(PARTIAL):
        path.unlink()
    wanted = {}
    for result in results:
        wanted[f"{result.notebook}.ipynb"] = result.content.encode()
    for name, content in {**handed_in.files, **wanted}.items():
        write_atomically(folder / name, content)
    if handed_in.timestamp is not None:
        write_atomically(folder / TIMESTAMP, f"{handed_in.timestamp.isoformat()} UTC\n".encode())
    for path in folder.glob("*.ipynb"):
        if path.name not in wanted:
            path.unlink()
