"""Who handed in what, with the results; nothing else gets into the gradebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from course_lib.grading.gradebook.layout import Layout
from course_lib.grading.tasks import Result

_NAME_LENGTH = 128  # of a student in nbgrader's tables
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # characters that no database stores


@dataclass(frozen=True)
class Submission:
    """That a student has handed in, and what."""

    student: str
    timestamp: datetime | None  # as in timestamp.txt, None where there is none
    handed_in: frozenset[str]  # the assignment's notebooks that are there; the others score 0

    def __post_init__(self) -> None:
        """Refuse a name that no gradebook can hold."""
        if not 0 < len(self.student) <= _NAME_LENGTH or _NO_TEXT.search(self.student):
            raise ValueError(
                f"a student's name is a text of 1 to {_NAME_LENGTH} characters, "
                f"got {self.student!r}"
            )


Graded = tuple[Submission, Sequence[Result]]


def check_batch(batch: Iterable[Graded], assignment: str) -> None:
    """Raise ValueError unless each student is there once, with one own result for a notebook."""
    seen: set[str] = set()
    for submission, results in batch:
        student = submission.student
        if student in seen:
            raise ValueError(f"{student} is in one batch twice")
        seen.add(student)
        for result in results:
            if (result.student, result.assignment) != (student, assignment):
                raise ValueError(
                    f"a result of {result.student} for {result.assignment} stands with the "
                    f"submission of {student} for {assignment}"
                )
        names = [result.notebook for result in results]
        if len(set(names)) < len(names) or not submission.handed_in.issuperset(names):
            raise ValueError(
                f"{student} has results for {names}, but handed in {sorted(submission.handed_in)}"
            )


def check_known(batch: Iterable[Graded], layout: Layout) -> None:
    """Raise LookupError for an unknown notebook or cell, ValueError for a score beyond its cell."""
    for submission, results in batch:
        if unknown := submission.handed_in - layout.notebooks.keys():
            raise LookupError(
                f"{submission.student}: the gradebook holds no notebook {min(unknown)!r}"
            )
        for result in results:
            notebook = layout.notebooks[result.notebook]
            place = f"{result.student}, {result.notebook}"
            unknown = (result.scores.keys() - notebook.graded.keys()) | (
                result.comments.keys() - notebook.commented.keys()
            )
            if unknown:
                raise LookupError(f"{place}: the gradebook holds no cell {min(unknown)!r}")
            for cell, score in result.scores.items():
                if score is not None and not 0 <= score <= notebook.max_scores[cell]:
                    raise ValueError(
                        f"{place}: {score} points for {cell!r}, "
                        f"which is worth {notebook.max_scores[cell]}"
                    )
