"""Put nbgrader's own cells of a submission in order; what students wrote stays as it is.

nbgrader stops at a test cell that was copied, skips one that was deleted, and fails one that stands
before its answer. So each test cell is put back as released, once, after the answers that it tests.
"""

from __future__ import annotations

import copy
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.grading.cells import grade_id

_DEFINED = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)


def repair(notebook: NotebookNode, released: NotebookNode) -> list[str]:
    """Repair a submitted notebook in place; return what was done, in words for the student."""
    known = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
    notes: list[str] = []
    cells = [_with_known_metadata(cell, known) for cell in notebook.cells]
    answers_released = solution_ids(released)
    last = {grade_id(cell): number for number, cell in enumerate(cells)}
    for number, cell in enumerate(cells):
        answer = grade_id(cell)
        if answer in answers_released and number != last[answer]:
            del cell.metadata["nbgrader"]
            notes.append(
                f"The answer cell `{answer}` is there more than once; the last one counts."
            )
    for test, answers in _answers_of(released).items():
        wanted = [known[id] for id in answers]
        earlier = set(list(known)[: list(known).index(test)])
        place = max((i for i, cell in enumerate(cells) if grade_id(cell) in earlier), default=-1)
        cells = _with_test_in_place(cells, known[test], wanted, place, notes)
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    notebook.cells = cells
    return notes


def grade_ids(notebook: NotebookNode) -> set[str]:
    """The ids of all cells that nbgrader knows."""
    return {grade_id(cell) for cell in notebook.cells} - {""}


def solution_ids(released: NotebookNode) -> set[str]:
    """The ids of a released notebook's answer cells."""
    return {id for answers in _answers_of(released).values() for id in answers}


def _answers_of(released: NotebookNode) -> dict[str, list[str]]:
    """The ids of the answer cells before each test cell, by the test's."""
    tests: dict[str, list[str]] = {}
    waiting: list[str] = []
    for cell in released.cells:
        if grade_id(cell) and cell.metadata.nbgrader.solution:
            waiting.append(grade_id(cell))
        elif grade_id(cell) and cell.metadata.nbgrader.grade:
            tests[grade_id(cell)], waiting = waiting, []
    return tests


def _with_known_metadata(cell: NotebookNode, known: dict[str, NotebookNode]) -> NotebookNode:
    """The cell with nbgrader's metadata as released: none for a cell that was not."""
    release = known.get(grade_id(cell))
    if release is None:
        cell.metadata.pop("nbgrader", None)
        return cell
    if cell.cell_type != "code":
        cell = new_code_cell(cell.source, metadata=cell.metadata)
    cell.metadata["nbgrader"] = copy.deepcopy(release.metadata.nbgrader)
    return cell


def _with_test_in_place(
    cells: list[NotebookNode],
    released: NotebookNode,
    answers: list[NotebookNode],
    default_place: int,
    notes: list[str],
) -> list[NotebookNode]:
    """The cells with one fresh copy of a test where it belongs; adds to the notes what changed."""
    test = grade_id(released)
    found = [number for number, cell in enumerate(cells) if grade_id(cell) == test]
    answered = [_place_of(answer, cells) for answer in answers]
    if None in answered:
        missing = grade_id(answers[answered.index(None)])
        notes.append(
            f"The answer cell `{missing}` is missing, so `{test}` has nothing to test. Copy the "
            "cell from the released notebook and answer in it."
        )
    after = max((place for place in answered if place is not None), default=default_place)
    in_order = [number for number in found if number > after]
    if not found:
        notes.append(f"The test cell `{test}` was missing; it was put back.")
    elif len(found) > 1:
        notes.append(f"The test cell `{test}` was there {len(found)} times; it was run once.")
    elif cells[found[0]].source.strip() != released.source.strip():
        notes.append(f"The test cell `{test}` had been edited; it was put back as released.")
    elif not in_order and None not in answered:
        notes.append(f"The test cell `{test}` stood before its answer; it was run after it.")
    place = in_order[0] if in_order else after
    return [
        *(cell for cell in cells[: place + 1] if grade_id(cell) != test),
        copy.deepcopy(released),
        *(cell for cell in cells[place + 1 :] if grade_id(cell) != test),
    ]


def _place_of(answer: NotebookNode, cells: list[NotebookNode]) -> int | None:
    """Where an answer stands: its own cell, or the last cell that defines what it asks for."""
    for number, cell in enumerate(cells):
        if grade_id(cell) == grade_id(answer):
            return number
    wanted = set(_DEFINED.findall(answer.source))
    defining = [i for i, cell in enumerate(cells) if wanted & set(_DEFINED.findall(cell.source))]
    return max(defining, default=None)
