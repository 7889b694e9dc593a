"""Show short lists whole where they differ: a shift is then seen at a glance."""

from __future__ import annotations

from course_lib.checks.base import Plain
from course_lib.checks.compare import differs, show

_LONGEST = 16  # items that are read at a glance


def whole_differs(got: Plain, expected: list[int], what: str) -> str | None:
    """As `differs`, for a list of whole numbers; two short lists of those are shown whole."""
    problem = differs(got, expected, what=what)
    if problem is None or not isinstance(got, list | tuple):
        return problem
    if max(len(got), len(expected)) <= _LONGEST and all(type(item) is int for item in got):
        return f"expected {what} to be {show(expected)}, got {show(list(got))}"
    return problem
