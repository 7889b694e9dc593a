"""What a notebook's cells are to nbgrader and to the grader."""

from __future__ import annotations

import ast

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str:
    """The id under which nbgrader knows a cell, "" for a cell that is the student's own."""
    metadata = cell.metadata.get("nbgrader")
    return str(metadata.get("grade_id", "")) if isinstance(metadata, dict) else ""


def parse_test(source: str) -> tuple[str, tuple[str, ...]]:
    """The exercise and the names in `check("exercise", name, …)`.

    Raises ValueError for any other source.
    """
    try:
        (statement,) = ast.parse(source).body
        exercise, *objects = statement.value.args
        is_id = isinstance(exercise, ast.Constant) and isinstance(exercise.value, str)
        if is_id and statement.value.func.id == "check" and not statement.value.keywords:
            return exercise.value, tuple(name.id for name in objects)
    except (SyntaxError, ValueError, AttributeError):
        pass
    raise ValueError(
        f'a test cell is the one line check("exercise/id", the_object), not {source[:80]!r}'
    )
