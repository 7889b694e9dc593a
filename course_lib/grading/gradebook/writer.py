"""Commit many results at once, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Connection, select
from traitlets.config import Config

from course_lib.grading.gradebook.entries import Entries
from course_lib.grading.gradebook.late import LatePenalties
from course_lib.grading.gradebook.layout import read_layout
from course_lib.grading.gradebook.submission import Graded, check_batch, check_known
from course_lib.grading.gradebook.transaction import PATIENCE, open_gradebook, transact

_AT_ONCE = 250  # submissions whose rows are in memory, and whose ids fit into one query


class GradebookWriter:
    """Commits results to the gradebook that `config.CourseDirectory.db_url` names.

    Entering raises LookupError when the gradebook does not hold the assignment. Entering and
    writing raise TimeoutError when another program locks it for longer than `patience` seconds, and
    OSError when it cannot be read or written.
    """

    def __init__(self, config: Config, assignment: str, patience: float = PATIENCE) -> None:
        self._engine = open_gradebook(CourseDirectory(config=config).db_url)
        self._penalties = LatePenalties(config)
        self._assignment = assignment
        self._patience = patience

    def __enter__(self) -> Self:
        """Make sure that the gradebook can be read and holds the assignment."""
        transact(self._engine, lambda opened: read_layout(opened, self._assignment), self._patience)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the gradebook."""
        self._engine.dispose()

    def scores(self) -> dict[str, dict[tuple[str, str], float | None]]:
        """What the gradebook holds: by student, the auto_score by notebook and grade id."""
        query = (
            select(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.auto_score)
            .select_from(SubmittedAssignment)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .where(Assignment.name == self._assignment)
        )
        found: dict[str, dict[tuple[str, str], float | None]] = {}
        rows = transact(self._engine, lambda opened: opened.execute(query).all(), self._patience)
        for student, notebook, cell, score in rows:
            found.setdefault(student, {})[notebook, cell] = score
        return found

    def write(self, batch: Sequence[Graded]) -> None:
        """Commit a batch in one transaction; writing it again changes nothing.

        A notebook that was handed in and has no result here keeps its grades. Manual scores,
        comments and extra credit stay; where a person has graded a cell before, nbgrader is told
        that it needs to be looked at again. Raises LookupError for a notebook or cell that the
        gradebook does not know, and ValueError for a result that cannot be.
        """
        check_batch(batch, self._assignment)
        transact(self._engine, lambda connection: self._write(connection, batch), self._patience)

    def _write(self, connection: Connection, batch: Sequence[Graded]) -> None:
        layout = read_layout(connection, self._assignment)
        check_known(batch, layout)
        for start in range(0, len(batch), _AT_ONCE):
            Entries(connection, layout, batch[start : start + _AT_ONCE]).write(self._penalties)
