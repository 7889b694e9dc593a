"""Refuse the course's own tokenizer to a student's, and not to itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from course_lib.checks.forbidden import ForbiddenCallError, refused

_REFERENCE = "course_lib.tokenizer.base.Tokenizer"


@contextlib.contextmanager
def own_work(implementation: Any, *methods: str) -> Iterator[None]:
    """While it lasts, the course's Tokenizer may not do these methods' work for another class.

    The check's `forbidden` cannot say so: in a notebook, the reference is checked by the same
    names. Where a grader refuses the references altogether, nothing changes.
    """
    name = f"{getattr(implementation, '__module__', '')}."
    if name + getattr(implementation, "__qualname__", "") == _REFERENCE:
        yield
        return
    with refused([f"{_REFERENCE}.{method}" for method in methods]) as called:
        yield
    if called:  # and caught
        raise ForbiddenCallError(f"`{called[0]}` is not to be called here")
