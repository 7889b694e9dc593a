"""Name the bug: find the wrong implementation that behaves as the student's does."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch

from course_lib.checks.base import Bug, Case, Check, Plain
from course_lib.checks.execution import Outcome, execute
from course_lib.checks.plain import same

# Two implementations with the same mistake may still round differently: how far apart, relatively
# and absolutely, the results of the coarser one may be. Of each float64 is right to 16 digits,
# float32 to 7, bfloat16 to 2 or 3.
ALIKE = {torch.float64: (1e-6, 1e-9), torch.float32: (1e-4, 1e-5)}
ALIKE_IN_16_BITS = (2e-2, 2e-2)


Problem = Callable[[Check, Case, Outcome], str | None]  # what is wrong with an outcome


class BugOutcomes:
    """What each bug does on each case; looked at when first asked for, and only once."""

    def __init__(self, check: Check, cases: Sequence[Case], problem: Problem) -> None:
        self._check, self._cases, self._problem = check, cases, problem
        self.of = functools.cache(self._run)
        self.symptoms = functools.cache(self._look)
        self.is_wrong = functools.cache(self._judge)

    def _run(self, bug_place: int, case_place: int) -> Outcome:
        bug = self._check.bugs[bug_place]
        return execute(self._check, bug.implementation, self._cases[case_place])

    def _look(self, bug_place: int, case_place: int) -> Plain:
        return symptoms(self._check, self._cases[case_place], self.of(bug_place, case_place))

    def _judge(self, bug_place: int, case_place: int) -> bool:
        """A right value in a wrong type is not the bug's doing."""
        outcome = self.of(bug_place, case_place)
        return self._problem(self._check, self._cases[case_place], outcome) is not None


class Diagnosis:
    """Compares a student's outcomes with the bugs'."""

    def __init__(
        self,
        check: Check,
        cases: Sequence[Case],
        outcomes: Sequence[Outcome],
        bugs: BugOutcomes,
    ) -> None:
        self._check, self._cases, self._outcomes, self._bugs = check, cases, outcomes, bugs
        self._behaves = functools.cache(self._compare)
        self._students_symptoms = functools.cache(self._look_at_student)

    def bug_behind(self, failed: Sequence[int]) -> Bug | None:
        """Return the bug that fails as the student does on every failed case, or None.

        Where several do, the one that also agrees on the most of all cases is taken; some bugs
        must agree on all.

        Args:
            failed: the places, among the cases, of those that failed.
        """
        everywhere = range(len(self._cases))
        alike = [
            place
            for place, bug in enumerate(self._check.bugs)
            if all(self._behaves(place, i) and self._bugs.is_wrong(place, i) for i in failed)
            and (not bug.everywhere or all(self._behaves(place, i) for i in everywhere))
        ]
        if not alike:
            return None
        best = max(alike, key=lambda place: sum(self._behaves(place, i) for i in everywhere))
        return self._check.bugs[best]

    def _compare(self, bug_place: int, case_place: int) -> bool:
        """Whether the bug does what the student's code does."""
        student, theirs = self._outcomes[case_place], self._bugs.of(bug_place, case_place)
        if (theirs.error, theirs.error_message) != (student.error, student.error_message):
            return False
        if (theirs.edited, theirs.used_global_rng) != (student.edited, student.used_global_rng):
            return False
        tolerances = max(_tolerances(outcome.outputs) for outcome in (student, theirs))
        ours = self._students_symptoms(case_place)
        return same(self._bugs.symptoms(bug_place, case_place), ours, *tolerances)

    def _look_at_student(self, case_place: int) -> Plain:
        return symptoms(self._check, self._cases[case_place], self._outcomes[case_place])


def symptoms(check: Check, case: Case, outcome: Outcome) -> Plain:
    """What of an outcome shows which mistake was made."""
    if check.symptoms is None or outcome.error:
        return _forgetting_kinds(outcome.outputs)
    try:
        return _forgetting_kinds(check.symptoms(case, outcome.outputs))
    except Exception:  # outputs that are not even of the right kind share no symptom with a bug
        return _forgetting_kinds(outcome.outputs)


def _tolerances(value: Plain) -> tuple[float, float]:
    """How far apart two results may be to count as alike: what the coarsest tensor asks for."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return ALIKE.get(value.dtype, ALIKE_IN_16_BITS)
    parts = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(parts, list | tuple):
        return ALIKE[torch.float64]
    return max(map(_tolerances, parts), default=ALIKE[torch.float64])


def _forgetting_kinds(value: Plain) -> Plain:
    """Forget whether a number came as a float, an int, or a tensor of whatever precision."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e300 else str(value)[:99]
    if isinstance(value, torch.Tensor) and not value.ndim:
        return _forgetting_kinds(value.item())
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.double()
    if isinstance(value, dict):
        return {key: _forgetting_kinds(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_forgetting_kinds(item) for item in value]
    return value
