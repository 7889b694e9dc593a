"""Small notebooks made of an assignment's own cells and of the student's, graded one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.grading import worker
from course_lib.grading.demo.hand_in import Course, find
from course_lib.grading.sandbox.isolation import Isolation
from course_lib.grading.sandbox.start import Forks
from course_lib.grading.tasks import Incident, IncidentKind, Limits, Task

ROOT = Path(__file__).parents[2]
ASSIGNMENT, NOTEBOOK = "ex1_overfitting", "fitting"
IMPORTS = """
import torch
from jaxtyping import Float
from torch import Tensor

from course_lib.checks import check
""".strip()


@cache
def course() -> Course:
    """The assignment as it is released and as it is solved."""
    return Course.read(ROOT, ASSIGNMENT)


def answer(exercise: str, source: str | None = None) -> NotebookNode:
    """An answer cell, with the right answer if no other is given."""
    solved = course().answered(NOTEBOOK)
    cell = solved.cells[find(solved, f"{exercise}-answer")]
    if source is not None:
        cell.source = source
    return cell


def the_test(exercise: str) -> NotebookNode:
    """The test cell of an exercise."""
    released = course().released[NOTEBOOK]
    return released.cells[find(released, exercise)]


def notebook_of(*cells: str | NotebookNode) -> NotebookNode:
    """A notebook of these cells; a text is a cell of the student's own."""
    made = [new_code_cell(cell) if isinstance(cell, str) else cell.copy() for cell in cells]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    return new_notebook(cells=made)


@dataclass(frozen=True)
class Graded:
    """What came of a notebook."""

    content: str
    points: dict[str, float | None]  # by exercise
    incidents: tuple[Incident, ...]

    @property
    def kinds(self) -> list[IncidentKind]:
        """Of what the instructor hears."""
        return [incident.kind for incident in self.incidents]

    def outputs(self, place: int) -> list[NotebookNode]:
        """What the code cell of that place shows."""
        return nbformat.reads(self.content, as_version=4).cells[place].outputs

    def texts(self, place: int) -> list[str]:
        """The same as text, a piece an output."""
        return [_text(output) for output in self.outputs(place)]

    def report(self, exercise: str) -> str:
        """The feedback of a test cell, as HTML."""
        cells = nbformat.reads(self.content, as_version=4)
        return cells.cells[find(cells, exercise)].outputs[0].data["text/html"]


def _text(output: Any) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return output.data["text/plain"]


def graded(
    *cells: str | NotebookNode,
    isolation: Isolation,
    limits: Limits | None = None,
    seed: int = 7,
    files: dict[str, bytes] | None = None,
    forks: Forks | None = None,
) -> Graded:
    """Grade a notebook as a worker does, with hidden cases drawn from the seed."""
    content = nbformat.writes(notebook_of(IMPORTS, *cells))
    limits = limits or Limits()
    task = Task("ada", ASSIGNMENT, NOTEBOOK, content, files or {}, seed, "key", limits)
    result = worker.grade(task, isolation, forks)
    return Graded(result.content, result.scores, result.incidents)
