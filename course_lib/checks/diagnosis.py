"""Name the bug: find the wrong implementation that behaves as the student's does."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from course_lib.checks.base import Bug, Case, Check, Plain
from course_lib.checks.execution import Outcome, execute
from course_lib.checks.plain import same

# Two implementations with the same mistake may still round differently.
RTOL, ATOL = 1e-6, 1e-9

Run = tuple[Case, Outcome]


def diagnose(check: Check, runs: Sequence[Run], failed: Sequence[Run]) -> Bug | None:
    """Return the bug that gives the student's outcome on every failed case, or None.

    Where several do, the one that also agrees on the most of the other cases is taken.
    """
    if not failed or all(outcome.error == "NotImplementedError" for _, outcome in failed):
        return None
    alike = [bug for bug in check.bugs if all(_behaves(check, bug, run) for run in failed)]
    return max(alike, key=lambda bug: sum(_behaves(check, bug, run) for run in runs), default=None)


def _behaves(check: Check, bug: Bug, run: Run) -> bool:
    case, student = run
    theirs = execute(check, bug.implementation, case)
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
