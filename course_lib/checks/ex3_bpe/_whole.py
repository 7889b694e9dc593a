"""Show short lists whole where they differ: a shift is then seen at a glance."""

from __future__ import annotations

from course_lib.checks.base import Plain
from course_lib.checks.compare import differs, is_scalar, show

_LONGEST = 16  # items that are read at a glance


def whole_differs(got: Plain, expected: list[int], what: str) -> str | None:
    """As `differs`, for a list of numbers; two short lists are shown whole."""
    problem = differs(got, expected, what=what)
    if problem is None or not isinstance(got, list | tuple):
        return problem
    if max(len(got), len(expected)) <= _LONGEST and all(map(is_scalar, got)):
        return f"expected {what} to be {show(expected)}, got {show(list(got))}"
    return problem
