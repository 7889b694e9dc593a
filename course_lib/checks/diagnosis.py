"""Name the bug: find the wrong implementation that behaves as the student's does."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch

from course_lib.checks.base import Bug, Case, Check, Plain
from course_lib.checks.execution import Outcome, execute
from course_lib.checks.plain import same

# Two implementations with the same mistake may still round differently.
RTOL, ATOL = 1e-6, 1e-9


class Diagnosis:
    """Compares a student's outcomes with the bugs'; each bug runs on a case at most once."""

    def __init__(self, check: Check, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> None:
        self._check, self._cases, self._outcomes = check, cases, outcomes
        self._behaves = functools.cache(self._compare)

    def bug_behind(self, failed: Sequence[int]) -> Bug | None:
        """Return the bug that gives the student's outcome on every failed case, or None.

        Where several do, the one that also agrees on the most of all cases is taken.

        Args:
            failed: the places, among the cases, of those that failed.
        """
        if all(self._outcomes[i].error == "NotImplementedError" for i in failed):
            return None
        alike = [
            place
            for place in range(len(self._check.bugs))
            if all(self._behaves(place, i) for i in failed)
        ]
        if not alike:
            return None
        everywhere = range(len(self._cases))
        best = max(alike, key=lambda place: sum(self._behaves(place, i) for i in everywhere))
        return self._check.bugs[best]

    def _compare(self, bug_place: int, case_place: int) -> bool:
        check, case = self._check, self._cases[case_place]
        student = self._outcomes[case_place]
        theirs = execute(check, check.bugs[bug_place].implementation, case)
        return (
            (theirs.error, theirs.error_message) == (student.error, student.error_message)
            and theirs.edited == student.edited
            and theirs.used_global_rng == student.used_global_rng
            and same(_symptoms(check, case, theirs), _symptoms(check, case, student), RTOL, ATOL)
        )


def _symptoms(check: Check, case: Case, outcome: Outcome) -> Plain:
    if check.symptoms is None or outcome.error:
        return _as_tensors(outcome.outputs)
    try:
        return _as_tensors(check.symptoms(case, outcome.outputs))
    except Exception:  # outputs that are not even of the right kind share no symptom with a bug
        return _as_tensors(outcome.outputs)


def _as_tensors(value: Plain) -> Plain:
    """Forget whether a number came as a float, an int, or a tensor of whatever precision."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return torch.tensor(value, dtype=torch.float64)
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.double()
    if isinstance(value, dict):
        return {key: _as_tensors(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_tensors(item) for item in value]
    return value
