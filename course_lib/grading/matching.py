"""Match every test cell with the answer cells that it checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_lib.checks import Check
from course_lib.grading.source import Answer, AuthorError, Cell, Test


def match_answers(
    cells: Sequence[Cell], assignment: str, checks: Mapping[str, Check], file: str
) -> dict[str, str]:
    """The grade id of every answer by its reference: "rmse-answer", "rmse-answer-2" and so on.

    Raises AuthorError unless each test follows exactly the answers that its exercise asks for, and
    each exercise occurs once. A test with no answer since the last test may test the same answers
    once more: a class whose methods are exercises of their own.
    """
    grade_ids: dict[str, str] = {}
    waiting: list[Answer] = []
    tested: list[Answer] = []
    exercises: set[str] = set()
    for cell in cells:
        if isinstance(cell, Answer):
            waiting.append(cell)
        elif isinstance(cell, Test):
            check = _check_of(cell, assignment, checks)
            answered_again = {answer.reference for answer in waiting} & set(grade_ids)
            if cell.exercise in exercises or answered_again:
                raise AuthorError(
                    f"{cell.place}: {cell.exercise!r} is there twice; keep one answer and one test"
                )
            exercises.add(cell.exercise)
            is_again = not waiting and tuple(a.reference for a in tested) == check.references
            _require_match(cell, tested if is_again else waiting, check)
            if is_again:
                continue
            name = cell.exercise.rpartition("/")[2]
            for number, answer in enumerate(waiting, 1):
                grade_ids[answer.reference] = f"{name}-answer" + (
                    f"-{number}" if number > 1 else ""
                )
            waiting, tested = [], waiting
    if waiting:
        raise AuthorError(
            f"{waiting[0].place}: an answer without a test; add its test cell after it"
        )
    if not grade_ids:
        raise AuthorError(f"{file}: no exercise; add an answer cell and its test cell")
    return grade_ids


def _check_of(test: Test, assignment: str, checks: Mapping[str, Check]) -> Check:
    known = [id for id in checks if id.startswith(assignment + "/")]
    if test.exercise not in known:
        raise AuthorError(
            f"{test.place}: {assignment} has no exercise {test.exercise!r}; "
            f"there are {', '.join(known) or 'none'}"
        )
    return checks[test.exercise]


def _require_match(test: Test, answers: Sequence[Answer], check: Check) -> None:
    references = tuple(answer.reference for answer in answers)
    if references != check.references:
        raise AuthorError(
            f"{test.place}: before it must stand the answers to {', '.join(check.references)}; "
            f"since the last test there are {', '.join(references) or 'none'}"
        )
    if test.names != check.names:
        raise AuthorError(f"{test.place}: write check({test.exercise!r}, {', '.join(check.names)})")
