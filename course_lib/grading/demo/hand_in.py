"""Edit a released notebook the way students do."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.grading.cells import grade_id

_STUB = re.compile(r"^( +)# Your code here\.\n +raise NotImplementedError\(\)", re.MULTILINE)
_COMMENTARY = re.compile(r"(?:\n(?: *#.*)?)*\n *### END SOLUTION")
_BEGIN = re.compile(r"\n *### BEGIN SOLUTION")


@dataclass(frozen=True)
class Course:
    """One assignment, as released and as solved, by the notebooks' names."""

    released: dict[str, NotebookNode]
    solved: dict[str, NotebookNode]

    @classmethod
    def read(cls, root: Path, assignment: str) -> Course:
        """Read the committed notebooks."""
        released, solved = (
            {
                path.stem: nbformat.read(path, as_version=4)
                for path in sorted((root / folder / assignment).glob("*.ipynb"))
            }
            for folder in ("exercises", "solutions")
        )
        return cls(released, solved)

    def answered(
        self, name: str, wrong: type | None = None, exercises: int | None = None
    ) -> NotebookNode:
        """The release with right answers; wrong ones where `wrong` has a function of that name.

        With `exercises` given, only the answers to the first so many test cells.
        """
        notebook = copy.deepcopy(self.released[name])
        right = {grade_id(cell): cell.source for cell in self.solved[name].cells}
        tests = 0
        for cell in notebook.cells:
            if not grade_id(cell):
                continue
            if cell.metadata.nbgrader.grade:
                tests += 1
            elif exercises is None or tests < exercises:
                cell.source = _with_wrong_body(cell.source, wrong) or _plain(right[grade_id(cell)])
        return notebook


def _plain(source: str) -> str:
    """A solved cell without the markers and without the commentary before the last of them."""
    return _BEGIN.sub("", _COMMENTARY.sub("", source))


def _with_wrong_body(released: str, answers: type | None) -> str | None:
    """The released cell with its stub replaced by the body of the function of that name."""
    match = re.search(r"^def (\w+)", released, re.MULTILINE)
    if match is None or not hasattr(answers, match[1]):
        return None
    body = body_of(getattr(answers, match[1]))
    return _STUB.sub(lambda stub: textwrap.indent(body, stub[1]), released)


def as_json(notebook: NotebookNode) -> str:
    """A notebook as a file: nbformat would repair what students break."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def body_of(function: Callable) -> str:
    """The source of a function's body, at no indentation."""
    source = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(source).body
    return textwrap.dedent("\n".join(source.splitlines()[node.body[0].lineno - 1 :]))


def find(notebook: NotebookNode, id: str) -> int:
    """Where the cell of a grade id stands."""
    return next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == id)


def delete(notebook: NotebookNode, *ids: str) -> NotebookNode:
    """Without the cells of these grade ids."""
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in ids]
    return notebook


def duplicate(notebook: NotebookNode, *ids: str) -> NotebookNode:
    """With each of these cells twice, as copy and paste leaves them, metadata and all."""
    for id in ids:
        place = find(notebook, id)
        notebook.cells.insert(place, copy.deepcopy(notebook.cells[place]))
    return notebook


def move_before(notebook: NotebookNode, id: str, other: str) -> NotebookNode:
    """With the cell of one grade id moved before that of another."""
    cell = notebook.cells.pop(find(notebook, id))
    notebook.cells.insert(find(notebook, other), cell)
    return notebook


def rewrite(notebook: NotebookNode, id: str, old: str, new: str) -> NotebookNode:
    """With a text in a cell replaced, which must be there."""
    cell = notebook.cells[find(notebook, id)]
    if old not in cell.source:
        raise ValueError(f"the cell {id!r} does not hold {old!r}")
    cell.source = cell.source.replace(old, new)
    return notebook


def insert_code(notebook: NotebookNode, before: str, source: str) -> NotebookNode:
    """With a code cell of the student's own before a graded one."""
    notebook.cells.insert(find(notebook, before), new_code_cell(source, id="of-their-own"))
    return notebook
