"""What becomes known of a cohort as its results pass by, one at a time."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from course_lib.grading.report.answers import answers, in_reading_order
from course_lib.grading.report.shingles import MAX_CHARACTERS, shingles, tokens_of
from course_lib.grading.tasks import Result

if TYPE_CHECKING:
    from course_lib.checks import Check

MAX_INCIDENTS = 20  # of one notebook that are kept
FAILED = "no result"  # the kind of a notice about a notebook that has none


@dataclass(frozen=True)
class Notice:
    """Something about one notebook that an instructor may want to look at."""

    kind: str  # an IncidentKind's value, or FAILED
    student: str
    notebook: str
    text: str


@dataclass
class Exercise:
    """How one exercise went. Who handed in no answer has 0 points."""

    id: str
    title: str
    max_points: int
    points: dict[str, float] = field(default_factory=dict)  # by student
    answered: set[str] = field(default_factory=set)  # students who changed what was released
    bugs: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  # properties, of those who answered


class Cohort:
    """Takes results in and keeps what a report needs; of the notebooks only shingles and answers.

    Raises ValueError where a notebook's content is none, or an exercise is not among the checks.
    """

    def __init__(
        self,
        assignment: str,
        checks: Mapping[str, Check],
        released: Mapping[str, str],
        solutions: Mapping[str, str],
    ) -> None:
        self._checks = checks
        self._assignment = assignment
        released_code = self._by_exercise(released)
        if unknown := released_code.keys() - checks.keys():
            raise ValueError(f"no check for {sorted(unknown)[0]!r}")
        solved_code = self._by_exercise(solutions)
        self._released_tokens = {id: tokens_of(code) for id, code in released_code.items()}
        self.released = {id: shingles(tokens) for id, tokens in self._released_tokens.items()}
        self.solutions = {id: shingles(tokens_of(code)) for id, code in solved_code.items()}
        self.exercises = {
            id: Exercise(id, checks[id].title, checks[id].max_points) for id in released_code
        }
        self.documents: dict[str, dict[str, np.ndarray]] = {id: {} for id in released_code}
        self.students: set[str] = set()
        self.notices: list[Notice] = []
        self.n_notebooks = 0
        self.cpu_seconds = 0.0
        self._answers: dict[tuple[str, str], bytes] = {}  # compressed, by student and notebook
        self._notebook_of = {
            f"{assignment}/{id}": name for name, text in released.items() for id in answers(text)
        }

    def _by_exercise(self, notebooks: Mapping[str, str]) -> dict[str, str]:
        return {
            f"{self._assignment}/{id}": code
            for _, content in in_reading_order(notebooks.items())
            for id, code in answers(content).items()
        }

    def add(self, result: Result) -> None:
        """Take in one notebook's result."""
        self.n_notebooks += 1
        self.students.add(result.student)
        self.cpu_seconds += result.cpu_seconds
        self._add_answers(result)
        for outcome in result.exercises:
            if (exercise := self.exercises.get(outcome.exercise)) is None:
                raise ValueError(
                    f"{result.student}, {result.notebook}: {outcome.exercise!r} was not released"
                )
            exercise.points[result.student] = outcome.points
            exercise.bugs.update(outcome.bugs)
            if outcome.points:  # an answer in a cell of their own
                exercise.answered.add(result.student)
            if result.student in exercise.answered:
                exercise.failed.update(outcome.failed)
        for incident in result.incidents[:MAX_INCIDENTS]:
            self.notices.append(
                Notice(incident.kind.value, result.student, result.notebook, incident.text[:1_000])
            )

    def _add_answers(self, result: Result) -> None:
        own = {
            id: code[:MAX_CHARACTERS]
            for grade_id, code in answers(result.content).items()
            if self._notebook_of.get(id := f"{self._assignment}/{grade_id}") == result.notebook
        }
        for id, code in own.items():
            tokens = tokens_of(code)
            if tokens and tokens != self._released_tokens[id]:
                self.exercises[id].answered.add(result.student)
                self.documents[id][result.student] = shingles(tokens)
        packed = zlib.compress(json.dumps(own).encode())
        self._answers[result.student, result.notebook] = packed

    def fail(self, student: str, notebook: str, reason: str) -> None:
        """Note a notebook that has no result."""
        self.n_notebooks += 1
        self.students.add(student)
        self.notices.append(Notice(FAILED, student, notebook, reason[:1_000]))

    def answer(self, student: str, exercise: str) -> str:
        """What a student wrote."""
        packed = self._answers[student, self._notebook_of[exercise]]
        return json.loads(zlib.decompress(packed))[exercise]

    def points(self, exercise: Exercise) -> list[float]:
        """Everyone's points for an exercise, in the order of students."""
        return [exercise.points.get(student, 0.0) for student in sorted(self.students)]

    @property
    def totals(self) -> list[float]:
        """Everyone's points for all exercises."""
        each = [self.points(exercise) for exercise in self.exercises.values()]
        return [sum(points) for points in zip(*each, strict=True)]

    @property
    def max_points(self) -> int:
        """The points there are."""
        return sum(exercise.max_points for exercise in self.exercises.values())

    def n_with(self, kind: str) -> int:
        """How many notebooks have a notice of a kind."""
        return len({(n.student, n.notebook) for n in self.notices if n.kind == kind})
