"""Turn outcomes into findings: this half of a check never touches a student's object."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.checks.base import Case, Check, Property
from course_lib.checks.compare import show
from course_lib.checks.diagnosis import Run, diagnose
from course_lib.checks.execution import Outcome
from course_lib.checks.report import Finding, Report


def report_on(check: Check, runs: Sequence[Run]) -> Report:
    """Judge what an implementation did on every case and put it together for its author."""
    problems = [_problem(check, case, outcome) for case, outcome in runs]
    findings = tuple(_finding(check, prop, runs, problems) for prop in check.properties)
    printed = next((outcome.printed for _, outcome in runs if outcome.printed), "")
    return Report(check.id, check.title, findings, check.takeaway, printed)


def _finding(
    check: Check, prop: Property, runs: Sequence[Run], problems: Sequence[str | None]
) -> Finding:
    failed = [
        (run, problem)
        for run, problem in zip(runs, problems, strict=True)
        if problem and run[0].property == prop.name
    ]
    if not failed:
        return Finding(prop)
    (case, _), message = failed[0]
    return Finding(prop, message, _show(case), diagnose(check, runs, [run for run, _ in failed]))


def _problem(check: Check, case: Case, outcome: Outcome) -> str | None:
    """What is wrong on one case: how the code ended, what it touched, what it returned."""
    if outcome.error == "TooManyLines":
        return f"Your code was stopped after {check.max_lines:,} lines: a loop that never ends?"
    if outcome.error == "NotImplementedError":
        return "Nothing is written here yet: replace `raise NotImplementedError()` with your code."
    if outcome.error:
        at = f" at {outcome.error_place}" if outcome.error_place else ""
        return f"Your code raised {outcome.error}{at}: {outcome.error_message}"
    if outcome.edited:
        return (
            f"Your code changed its argument `{'`, `'.join(outcome.edited)}` in place; "
            "whoever calls it still needs the old values. Work on a copy."
        )
    if outcome.used_global_rng:
        return (
            "Your code draws from global random state, so its result cannot be repeated. "
            "Draw from the generator that is passed in."
        )
    try:
        problem = check.judge(case, outcome.outputs)
    except Exception as exception:  # a result too strange for the judge to read
        return f"Your result could not be read ({type(exception).__name__}: {exception})."
    return problem and problem[0].upper() + problem[1:] + ("" if problem.endswith(".") else ".")


def _show(case: Case) -> str:
    inputs = [f"{name} = {show(value)}" for name, value in case.inputs.items()]
    return "\n".join([f"({case.note})"] * bool(case.note) + inputs)
