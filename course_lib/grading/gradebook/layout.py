"""An assignment as nbgrader's gradebook holds it: its notebooks, and the cells with points."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import Assignment, BaseCell, GradeCell, Notebook, TaskCell
from sqlalchemy import Connection, func, inspect, select


@dataclass(frozen=True)
class NotebookLayout:
    """One notebook's cells, by their grade ids."""

    id: str
    graded: dict[str, str] = field(default_factory=dict)  # ids of the cells with points
    commented: dict[str, str] = field(default_factory=dict)  # of those that may have a comment
    max_scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """One assignment."""

    id: str
    due: datetime | None
    notebooks: dict[str, NotebookLayout]  # by name


def read_layout(connection: Connection, assignment: str) -> Layout:
    """Read it; raises LookupError when the gradebook does not hold the assignment."""
    row = None
    if inspect(connection).has_table(Assignment.__tablename__):
        columns = Assignment.__table__.c
        query = select(columns.id, columns.duedate).where(columns.name == assignment)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(
            f"the gradebook holds no assignment {assignment!r}; enter it with "
            f"`nbgrader generate_assignment {assignment}`"
        )
    query = select(Notebook.name, Notebook.id).where(Notebook.assignment_id == row.id)
    notebooks = {name: NotebookLayout(id) for name, id in connection.execute(query)}
    by_id = {notebook.id: notebook for notebook in notebooks.values()}
    cell, grade, task = BaseCell.__table__, GradeCell.__table__, TaskCell.__table__
    query = (
        select(cell, func.coalesce(grade.c.max_score, task.c.max_score).label("max_score"))
        .outerjoin(grade, grade.c.id == cell.c.id)
        .outerjoin(task, task.c.id == cell.c.id)
        .where(cell.c.notebook_id.in_(by_id))
    )
    for found in connection.execute(query):
        notebook = by_id[found.notebook_id]
        if found.type != "SolutionCell":
            notebook.graded[found.name] = found.id
            notebook.max_scores[found.name] = found.max_score
        if found.type != "GradeCell":
            notebook.commented[found.name] = found.id
    return Layout(row.id, row.duedate, notebooks)
