"""Commit many results at once, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from nbgrader.api import Assignment, SubmittedAssignment
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

    def students(self) -> set[str]:
        """Everyone who has a submission for this assignment in the gradebook."""
        student, table = SubmittedAssignment.student_id, SubmittedAssignment.__table__
        query = (
            select(student)
            .select_from(table.join(Assignment.__table__))
            .where(Assignment.name == self._assignment)
        )
        return transact(self._engine, lambda opened: {*opened.scalars(query)}, self._patience)

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
