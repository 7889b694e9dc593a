"""Assemble a solved notebook, nbgrader's source, from MyST text and course_lib's references."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.checks import Check
from course_lib.grading.imports import Imports
from course_lib.grading.matching import match_answers
from course_lib.grading.source import Answer, AuthorError, Code, Test, Text, read_source
from course_lib.grading.stub import (
    Reference,
    add_imports,
    answer_source,
    find_reference,
    imports_before,
)

INSTALL = """\
# Where the course's library is missing (on Colab, for example), install it.
import importlib.util

if importlib.util.find_spec("course_lib") is None:
    %pip install --quiet git+{repository}\
"""

BORROWED = """\
# From here on these names mean the course's own, whatever you wrote above: no mistake counts twice.
# (Before you test your own once more, run its cell again.)
"""


def solved_notebook(
    path: Path, assignment: str, checks: Mapping[str, Check], repository: str
) -> str:
    """The notebook of one source, with answers, as nbgrader reads it; the same bytes each time."""
    cells = read_source(path)
    references = {cell: find_reference(cell) for cell in cells if isinstance(cell, Answer)}
    grade_ids = match_answers(cells, assignment, checks, path.name)
    first_code = next((i for i, cell in enumerate(cells) if isinstance(cell, Code)), None)
    if first_code is None or not isinstance(cells[0], Text):
        raise AuthorError(f"{path.name}: begin with a title, then a code cell with the imports")
    cell_ids = _CellIds()
    built = [
        _answer_cell(cell, references[cell], grade_ids[cell.reference])
        if isinstance(cell, Answer)
        else _other_cell(cell, checks, cell_ids)
        for cell in cells
    ]
    answered = frozenset(reference.name for reference in references.values())
    imports = _needed_imports(references, answered)
    try:
        rest = imports.take_from(built[first_code].source)
    except SyntaxError as problem:
        raise AuthorError(
            f"{path.name}, cell {first_code + 1}, line {problem.lineno} of the cell: "
            f"{problem.msg}; the cell with the imports must be plain Python, without magics"
        ) from None
    built[first_code].source = "\n\n".join(filter(None, [str(imports), rest]))
    install = new_code_cell(
        INSTALL.format(repository=repository),
        id="install",
        metadata={"jupyter": {"source_hidden": True}, "tags": ["hide-cell"]},
    )
    for place, cell in reversed(list(enumerate(cells))):
        borrowed = isinstance(cell, Answer) and imports_before(references[cell], answered)
        if borrowed:
            source = BORROWED + borrowed
            built.insert(place, new_code_cell(source, id=cell_ids.of_content(source)))
    notebook = new_notebook(
        cells=[built[0], install, *built[1:]],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _needed_imports(references: Mapping[Answer, Reference], answered: frozenset[str]) -> Imports:
    imports = Imports()
    for answer, reference in references.items():
        add_imports(reference, answered, answer.place, imports)
    return imports


def _answer_cell(answer: Answer, reference: Reference, grade_id: str) -> nbformat.NotebookNode:
    source = answer_source(reference, answer)
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": _nbgrader(grade_id)})


def _other_cell(
    cell: Text | Code | Test, checks: Mapping[str, Check], cell_ids: _CellIds
) -> nbformat.NotebookNode:
    if isinstance(cell, Text):
        return new_markdown_cell(cell.source, id=cell_ids.of_content(cell.source))
    if isinstance(cell, Code):
        metadata = {"tags": list(cell.tags)} if cell.tags else {}
        return new_code_cell(cell.source, id=cell_ids.of_content(cell.source), metadata=metadata)
    grade_id = cell.exercise.rpartition("/")[2]
    points = checks[cell.exercise].max_points
    metadata = {"nbgrader": _nbgrader(grade_id, points), "deletable": False, "editable": False}
    return new_code_cell(cell.source, id=grade_id, metadata=metadata)


def _nbgrader(grade_id: str, points: int | None = None) -> dict:
    """The metadata of a test cell worth `points`, or of an answer cell."""
    is_test = points is not None
    metadata = {
        "grade": is_test,
        "grade_id": grade_id,
        "locked": is_test,
        "schema_version": 3,
        "solution": not is_test,
        "task": False,
    }
    return metadata | ({"points": points} if is_test else {})


class _CellIds:
    """Ids from a hash of the content; a repeated content gets a number."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def of_content(self, source: str) -> str:
        digest = "cell-" + hashlib.sha256(source.encode()).hexdigest()[:12]
        self._used[digest] = self._used.get(digest, 0) + 1
        return digest if self._used[digest] == 1 else f"{digest}-{self._used[digest]}"
