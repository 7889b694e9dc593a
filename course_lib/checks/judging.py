"""Turn outcomes into findings: this half of a check never touches a student's object."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from course_lib.checks.base import Case, Check, Plain
from course_lib.checks.compare import show
from course_lib.checks.diagnosis import BugOutcomes, Diagnosis
from course_lib.checks.execution import ENDLESS, STOPPED, Outcome
from course_lib.checks.modules import ModuleProblem
from course_lib.checks.report import Finding, Report

_LONGEST, _MOST_NAMES = 2_000, 5  # characters of a message, names in it
UNWRITTEN = NotImplementedError.__name__
NOTHING_WRITTEN = (
    "Nothing is written here yet: replace `raise NotImplementedError()` with your code."
)


def report_on(
    check: Check,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    bug_outcomes: BugOutcomes | None = None,
    known: Sequence[str | None] = (),
) -> Report:
    """Judge what an implementation did on every case and put it together for its author.

    Whoever judges many implementations on the same cases can pass the same `outcomes_of_bugs`, and
    whoever knows the `problems` of the first cases can pass these.
    """
    found = [*known, *problems(check, cases[len(known) :], outcomes[len(known) :])]
    diagnosis = Diagnosis(check, cases, outcomes, bug_outcomes or outcomes_of_bugs(check, cases))
    findings = []
    shown = []  # the places of the cases that the findings show
    for prop in check.properties:
        failed = [
            place for place, case in enumerate(cases) if case.property == prop.name and found[place]
        ]
        if failed:
            smallest = min(failed, key=lambda place: _size(cases[place].inputs))
            shown.append(smallest)
            error = outcomes[smallest].error
            unwritten = error == UNWRITTEN
            case = "" if unwritten else _show(cases[smallest], error == ModuleProblem.__name__)
            bug = None if unwritten else diagnosis.bug_behind(failed)
            findings.append(Finding(prop, found[smallest], case, bug))
        else:
            findings.append(Finding(prop))
    places = [*shown, *range(len(cases))]
    printed = next((outcomes[place].printed for place in places if outcomes[place].printed), "")
    return Report(check.id, check.title, tuple(findings), check.takeaway, printed)


def problems(check: Check, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> list[str | None]:
    """What is wrong on each case, None where nothing is."""
    return [_problem(check, *run) for run in zip(cases, outcomes, strict=True)]


def outcomes_of_bugs(check: Check, cases: Sequence[Case]) -> BugOutcomes:
    """What the check's bugs do on these cases, for whoever judges many on the same."""
    return BugOutcomes(check, cases, _problem)


def _problem(check: Check, case: Case, outcome: Outcome) -> str | None:
    """What is wrong on one case: how the code ended, what it touched, what it returned."""
    if outcome.error == ENDLESS:
        return "Your code was stopped: too many lines executed. Is there a loop that never ends?"
    if outcome.error in (STOPPED, ModuleProblem.__name__):
        return outcome.error_message
    if outcome.forbidden:
        names = "`, `".join(outcome.forbidden[:_MOST_NAMES])
        return (
            f"Your code calls `{names}`, which does the work that this exercise asks you to do. "
            "Compute it yourself."
        )
    if outcome.error == UNWRITTEN:
        return NOTHING_WRITTEN
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
            "Draw from the generator that is passed in or, where there is none, from your own."
        )
    try:
        problem = check.judge(case, outcome.outputs)
    except Exception as exception:  # a result too strange for the judge to read
        return f"Your result could not be read ({type(exception).__name__}: {exception})."
    if problem is None:
        return None
    problem = problem[:_LONGEST]
    return problem[0].upper() + problem[1:] + ("" if problem.endswith(".") else ".")


def _size(value: Plain) -> int:
    """How much there is to read."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 1


def _show(case: Case, only_numbers: bool = False) -> str:
    """A case in words; of a module that cannot be used only the sizes matter, not the tensors."""
    inputs = [
        f"{name} = {show(value)}"
        for name, value in case.inputs.items()
        if not only_numbers or isinstance(value, bool | int | float | str)
    ]
    return "\n".join([f"({case.note})"] * (bool(case.note) and not only_numbers) + inputs)
