"""What `nbgrader autograde` would leave in the gradebook's tables for some submissions."""

from __future__ import annotations

from collections.abc import Sequence

from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import parse_utc
from sqlalchemy import Connection, func, select

from course_lib.grading.gradebook.late import LatePenalties, seconds_late
from course_lib.grading.gradebook.layout import Layout
from course_lib.grading.gradebook.rows import Rows
from course_lib.grading.gradebook.submission import Graded


class Entries:
    """The rows of these submissions, with the grades that they have so far."""

    def __init__(self, connection: Connection, layout: Layout, batch: Sequence[Graded]) -> None:
        self._connection = connection
        self._layout = layout
        self._batch = batch
        names = [submission.student for submission, _ in batch]
        self._students = Rows(connection, Student, ("id",), Student.id.in_(names))
        self._submissions = Rows(
            connection,
            SubmittedAssignment,
            ("student_id", "assignment_id"),
            SubmittedAssignment.student_id.in_(names),
            SubmittedAssignment.assignment_id == layout.id,
        )
        self._submission_ids = {
            name: self._submissions.ensure(name, layout.id)["id"] for name in names
        }
        self._notebooks = Rows(
            connection,
            SubmittedNotebook,
            ("assignment_id", "notebook_id"),
            SubmittedNotebook.assignment_id.in_(self._submission_ids.values()),
            SubmittedNotebook.notebook_id.in_([one.id for one in layout.notebooks.values()]),
        )
        self._notebook_ids = {
            (student, name): self._notebooks.ensure(submission_id, notebook.id)["id"]
            for student, submission_id in self._submission_ids.items()
            for name, notebook in layout.notebooks.items()
        }
        # Grades and comments are indexed by cell and notebook, so both are always asked for.
        self._cells = [
            cell
            for notebook in layout.notebooks.values()
            for cell in {*notebook.graded.values(), *notebook.commented.values()}
        ]

    def write(self, penalties: LatePenalties) -> None:
        """Write every table, each before those that refer to it."""
        for submission, _ in self._batch:
            self._students.ensure(submission.student)
            if submission.timestamp is not None:  # else an earlier one stays
                timestamp = parse_utc(submission.timestamp)
                self._submissions.change(submission.student, self._layout.id, timestamp=timestamp)
        self._students.save()
        self._submissions.save("timestamp")
        self._notebooks.save()
        self._write_grades()
        self._write_comments()
        if penalties.enabled:
            self._write_penalties(penalties)

    def _write_grades(self) -> None:
        grades = self._rows_of_cells(Grade)
        for submission, results in self._batch:
            scores = {result.notebook: result.scores for result in results}
            for name, notebook in self._layout.notebooks.items():
                for cell, cell_id in notebook.graded.items():
                    key = (self._notebook_ids[submission.student, name], cell_id)
                    grade = grades.ensure(*key)
                    if name not in submission.handed_in:
                        grades.change(*key, auto_score=0.0, needs_manual_grade=False)
                    elif cell in scores.get(name, {}):
                        score = scores[name][cell]
                        unsure = score is None or grade["manual_score"] is not None
                        grades.change(*key, auto_score=score, needs_manual_grade=unsure)
        grades.save("auto_score", "needs_manual_grade")

    def _write_comments(self) -> None:
        comments = self._rows_of_cells(Comment)
        for submission, results in self._batch:
            said = {result.notebook: result.comments for result in results}
            for name, notebook in self._layout.notebooks.items():
                for cell, cell_id in notebook.commented.items():
                    key = (self._notebook_ids[submission.student, name], cell_id)
                    comments.ensure(*key)
                    if cell in said.get(name, {}):
                        comments.change(*key, auto_comment=said[name][cell])
        comments.save("auto_comment")

    def _rows_of_cells(self, model: type[Grade] | type[Comment]) -> Rows:
        return Rows(
            self._connection,
            model,
            ("notebook_id", "cell_id"),
            model.notebook_id.in_(self._notebook_ids.values()),
            model.cell_id.in_(self._cells),
        )

    def _write_penalties(self, penalties: LatePenalties) -> None:
        """Set the penalty of every notebook that was handed in; those of the others stay."""
        seconds = {}
        for student in self._submission_ids:
            row = self._submissions.ensure(student, self._layout.id)
            seconds[student] = seconds_late(row["timestamp"], self._layout.due, row["extension"])
        late = [id for (student, _), id in self._notebook_ids.items() if seconds[student]]
        query = (
            select(Grade.notebook_id, func.sum(Grade.score))
            .where(Grade.notebook_id.in_(late), Grade.cell_id.in_(self._cells))
            .group_by(Grade.notebook_id)
        )
        scores = dict(self._connection.execute(query).all()) if late else {}
        for submission, _ in self._batch:
            student = submission.student
            for name in submission.handed_in:
                score = scores.get(self._notebook_ids[student, name], 0.0)
                self._notebooks.change(
                    self._submission_ids[student],
                    self._layout.notebooks[name].id,
                    late_submission_penalty=penalties.penalty(student, score, seconds[student]),
                )
        self._notebooks.save("late_submission_penalty")
