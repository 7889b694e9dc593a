"""Bring an assignment into the gradebook as its source has it, without touching the course's files.

Only where the gradebook differs is nbgrader's generate_assignment run on it: that takes seconds.
"""

from __future__ import annotations

import copy
import re
import tempfile
from itertools import takewhile
from pathlib import Path

import nbformat
from nbgrader.api import Notebook, SourceCell
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import capture_log, is_grade, is_locked, is_solution, is_task
from sqlalchemy import Connection, select
from traitlets.config import Config

from course_lib.grading.course import nbgrader_settings
from course_lib.grading.gradebook.layout import read_layout
from course_lib.grading.gradebook.transaction import open_gradebook, transact

# By notebook and grade id: the checksum, which covers text, kind and points, and a task's points.
Cells = dict[str, dict[str, tuple[str | None, float | None]]]

_REFUSAL = re.compile("Cannot (?:modify existing|add or remove).*")


def sync_assignment(root: Path, course_folder: Path, assignment: str) -> None:
    """Make the gradebook of `course_folder` hold the assignment as `root`'s solutions/ has it.

    Raises LookupError when there is no such assignment, RuntimeError when nbgrader refuses, as it
    does once submissions hang on cells that are gone, and TimeoutError or OSError when the
    gradebook is locked for long or cannot be used.
    """
    config = nbgrader_settings(root, course_folder)
    config.CourseDirectory.db_url = CourseDirectory(config=config).db_url
    config.CourseDirectory.root = str(root.resolve())
    config.CourseDirectory.assignment_id = assignment
    course = CourseDirectory(config=config)
    source = Path(course.format_path(course.source_directory, ".", assignment))
    if not any(source.glob("*.ipynb")):
        raise LookupError(f"there is no assignment {assignment!r}: {source} holds no notebook")
    engine = open_gradebook(course.db_url)
    if transact(engine, lambda opened: _in_gradebook(opened, assignment)) != _in_source(config):
        with tempfile.TemporaryDirectory() as scratch:
            _generate(config, scratch)


def _in_gradebook(connection: Connection, assignment: str) -> Cells | None:
    try:
        layout = read_layout(connection, assignment)
    except LookupError:
        return None
    cell, notebook = SourceCell.__table__.c, Notebook.__table__.c
    query = (
        select(notebook.name, cell.name, cell.checksum)
        .join_from(Notebook.__table__, SourceCell.__table__, cell.notebook_id == notebook.id)
        .where(notebook.assignment_id == layout.id)
    )
    cells: Cells = {name: {} for name in layout.notebooks}
    for name, grade_id, checksum in connection.execute(query):
        points = layout.notebooks[name].max_scores.get(grade_id)
        cells[name][grade_id] = (checksum, points)
    return cells


def _in_source(config: Config) -> Cells:
    """The cells that nbgrader would save: what its steps before that make of the source."""
    config = copy.deepcopy(config)
    steps = GenerateAssignment(config=config).preprocessors
    config.GenerateAssignment.preprocessors = [
        *takewhile(lambda step: step is not SaveCells, steps)
    ]
    config.GenerateAssignment.no_database = True
    with tempfile.TemporaryDirectory() as scratch:
        _generate(config, scratch)
        return {
            path.stem: {
                cell.metadata.nbgrader.grade_id: (
                    cell.metadata.nbgrader.get("checksum"),
                    float(cell.metadata.nbgrader.points)
                    if is_grade(cell) or is_task(cell)
                    else None,
                )
                for cell in nbformat.read(path, as_version=4).cells
                if is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)
            }
            for path in Path(scratch).glob("**/*.ipynb")
        }


def _generate(config: Config, target: str) -> None:
    config = copy.deepcopy(config)
    config.CourseDirectory.release_directory = target
    step = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    result = capture_log(step)
    if not result["success"]:
        log = f"{result.get('log', '')}\n{result['error']}"
        if refusal := _REFUSAL.search(log):
            raise RuntimeError(
                f"the source of {config.CourseDirectory.assignment_id} has changed since it was "
                f"first graded, and nbgrader says: {refusal[0]}. Undo the change, or start over "
                "with another name or gradebook"
            )
        raise RuntimeError(
            f"nbgrader cannot generate {config.CourseDirectory.assignment_id}: {log}"
        )
