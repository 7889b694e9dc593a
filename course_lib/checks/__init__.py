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

from course_lib.checks.base import Case, Check
from course_lib.checks.diagnosis import BugOutcomes
from course_lib.checks.execution import execute_all
from course_lib.checks.judging import outcomes_of_bugs, report_on
from course_lib.checks.report import Finding, Report

__all__ = ["Check", "Finding", "Report", "catalogue", "check", "module_names"]


def check(exercise: str, *objects: Any, seed: int = 0) -> Report:
    """Check what a student wrote: one object, or several in the order the exercise asks for them.

    Args:
        exercise: an id of the catalogue, such as "ex1_overfitting/rmse".
        objects: the functions or classes, in the order of the exercise's names.
        seed: what the random cases are drawn from; the edge cases are always included.

    Never raises because of the objects. Raises ValueError for an unknown exercise, a wrong number
    of objects, or a seed that is no whole number.
    """
    if not isinstance(seed, int):
        raise ValueError(f"seed must be a whole number, got {seed!r}")
    if not isinstance(exercise, str) or exercise not in _modules():
        near = difflib.get_close_matches(str(exercise), _modules(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no exercise {exercise!r}{hint}")
    found = _load(exercise)
    if len(objects) != len(found.names):
        call = f"check({exercise!r}, {', '.join(found.names)})"
        raise ValueError(f"expected {len(found.names)} objects, got {len(objects)}: write {call}")
    implementation = objects[0] if len(objects) == 1 else objects
    cases, bug_outcomes = _drawn(exercise, seed)
    return report_on(found, cases, execute_all(found, implementation, cases), bug_outcomes)


def catalogue() -> dict[str, Check]:
    """Every exercise's check by its id, in the order of assignments and names."""
    return {exercise: _load(exercise) for exercise in _modules()}


def module_names() -> tuple[str, ...]:
    """The names of the modules that hold the catalogue's checks, for whoever preloads them."""
    return tuple(_modules().values())


@functools.lru_cache(maxsize=2)
def _drawn(exercise: str, seed: int) -> tuple[list[Case], BugOutcomes]:
    """The cases, with what the bugs do on them: whoever checks again need not wait for it again."""
    found = _load(exercise)
    cases = found.drawn_cases(seed)
    return cases, outcomes_of_bugs(found, cases)


def _load(exercise: str) -> Check:
    return importlib.import_module(_modules()[exercise]).CHECK


@functools.cache
def _modules() -> dict[str, str]:
    """Every exercise's module by its id, found by the path, none of them imported."""
    return {
        f"{assignment.name}/{module.name.replace('_', '-')}": (
            f"{__name__}.{assignment.name}.{module.name}"
        )
        for assignment in pkgutil.iter_modules(__path__)
        if assignment.ispkg
        for module in pkgutil.iter_modules([f"{__path__[0]}/{assignment.name}"])
        if not module.name.startswith("_")
    }
