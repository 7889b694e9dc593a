"""The feedback for a file that could not be graded: why, and what to do."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from course_lib.grading.files import write_atomically

NOT_GRADED = "Not graded: 0 points for now."

_PAGE = Path(__file__).parent / "templates" / "not_graded.html"


def feedback_page(course_folder: Path, assignment: str, student: str, name: str) -> Path:
    """Where the feedback for one file lies, for nbgrader too."""
    return course_folder / "feedback" / student / assignment / f"{name}.html"


def write_not_graded(
    course_folder: Path, assignment: str, student: str, name: str, problem: str
) -> None:
    """Write the page that tells a student in plain words what the problem is."""
    page = Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=html.escape(f"{assignment}: {name}"),
        headline=NOT_GRADED,
        problem=html.escape(problem),
    )
    write_atomically(feedback_page(course_folder, assignment, student, name), page.encode())
