"""Lay out nbgrader's autograded/ folder, from which formgrader and feedback go on."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from course_lib.grading.files import write_atomically
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
    """Write a student's graded notebooks with what was handed in beside them, in a new folder.

    The notebooks come last, so that a folder which holds them all is whole. Raises OSError where
    the disk refuses a file.
    """
    if folder.exists():
        shutil.rmtree(folder)
    files = dict(handed_in.files)
    if handed_in.timestamp is not None:
        files[TIMESTAMP] = f"{handed_in.timestamp.isoformat()} UTC\n".encode()
    for result in results:
        files[f"{result.notebook}.ipynb"] = result.content.encode()
    for name, content in files.items():
        write_atomically(folder / name, content)
