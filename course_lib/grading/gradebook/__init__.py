"""nbgrader's gradebook, written in bulk: row for row what `nbgrader autograde` would leave."""

from course_lib.grading.gradebook.submission import Submission
from course_lib.grading.gradebook.sync import sync_assignment
from course_lib.grading.gradebook.writer import GradebookWriter

__all__ = ["GradebookWriter", "Submission", "sync_assignment"]
