"""What "correct" means for every exercise, and the wrong ways that can be named.

    report = check("ex1_overfitting/rmse", rmse, seed=0)

`checks` imports nothing else of course_lib, so that it can never compare the reference with itself.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from typing import Any

from course_lib.checks.base import Check
from course_lib.checks.execution import execute_all
from course_lib.checks.judging import report_on
from course_lib.checks.report import Finding, Report

__all__ = ["Check", "Finding", "Report", "catalogue", "check"]


def check(exercise: str, *objects: Any, seed: int = 0) -> Report:
    """Check what a student wrote: one object, or several in the order the exercise asks for them.

    Args:
        exercise: an id of the catalogue, such as "ex1_overfitting/rmse".
        objects: the functions or classes, in the order of the exercise's names.
        seed: what the random cases are drawn from; the edge cases are always included.

    Never raises because of the objects. Raises ValueError for an unknown exercise or a wrong number
    of objects.
    """
    found = _checks().get(exercise)
    if found is None:
        near = difflib.get_close_matches(str(exercise), _checks(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no exercise {exercise!r}{hint}")
    if len(objects) != len(found.names):
        call = f"check({exercise!r}, {', '.join(found.names)})"
        raise ValueError(f"expected {len(found.names)} objects, got {len(objects)}: write {call}")
    implementation = objects[0] if len(objects) == 1 else objects
    cases = found.drawn_cases(seed)
    return report_on(found, cases, execute_all(found, implementation, cases))


def catalogue() -> dict[str, Check]:
    """Every exercise's check by its id, in the order of assignments and names."""
    return dict(_checks())


@functools.cache
def _checks() -> dict[str, Check]:
    checks = {}
    for assignment in pkgutil.iter_modules(__path__, f"{__name__}."):
        if not assignment.ispkg:
            continue
        package = importlib.import_module(assignment.name)
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.name.rpartition(".")[2].startswith("_"):
                found = importlib.import_module(module.name).CHECK
                checks[found.id] = found
    return checks
