"""Judge what a student's process did on the cases: only here does anybody earn points."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.checks import Check, Finding, Report
from course_lib.checks.base import Case
from course_lib.checks.diagnosis import BugOutcomes
from course_lib.checks.execution import STOPPED, Outcome
from course_lib.checks.judging import (
    NOTHING_WRITTEN,
    UNWRITTEN,
    outcomes_of_bugs,
    problems,
    report_on,
)
from course_lib.checks.plain import same, to_plain
from course_lib.grading.legible import legible

NOTEBOOK_SEED = 0  # of the cases that `check` draws in a student's own notebook
ONLY_HIDDEN = (
    "Right on the cases that your notebook draws, wrong on others of the same kind: grading draws "
    "new ones for each submission. Does the code do what the text asks for every input?"
)
NOT_ENDED = "Your code did not come to its end here"


@dataclass(frozen=True)
class PublicCases:
    """The cases of a student's own notebook, with what the bugs do on them."""

    first: Sequence[Case]  # the same for every seed: everybody is judged on them
    rest: Sequence[Case]  # only run where there is a mistake, to show what it looks like
    bugs: BugOutcomes  # on both, in this order


@functools.cache
def public_cases(check: Check) -> PublicCases:
    """The cases of a student's own notebook."""
    cases, others = check.drawn_cases(NOTEBOOK_SEED), check.drawn_cases(NOTEBOOK_SEED + 1)
    first = [case for case in cases if _is_among(case, others)]
    rest = [case for case in cases if not _is_among(case, others)]
    return PublicCases(first, rest, outcomes_of_bugs(check, [*first, *rest]))


def hidden_cases(check: Check, seed: int) -> list[Case]:
    """The cases drawn for one submission, without those that are run first."""
    first = public_cases(check).first
    return [case for case in check.drawn_cases(seed) if not _is_among(case, first)]


def _is_among(case: Case, others: Sequence[Case]) -> bool:
    return any(
        other.property == case.property and same(other.inputs, case.inputs) for other in others
    )


def judge_public(
    check: Check,
    outcomes: Sequence[Outcome],
    stopped: str = "",
    known: Sequence[str | None] = (),
) -> Report:
    """The report on the public cases; on the first ones alone if no more were run.

    `stopped` says why there are fewer outcomes than cases, `known` what is wrong with the first
    of them.
    """
    public = public_cases(check)
    cases = [*public.first, *public.rest]
    if not stopped:
        cases = cases[: len(outcomes)]
    complete = _complete(outcomes, cases, stopped)
    return report_on(check, cases, complete, public.bugs, known)


class PublicVerdict:
    """The public cases of one test, judged as their outcomes come in."""

    def __init__(self, check: Check, seed: int) -> None:
        self._check, self._seed = check, seed
        self._problems: list[str | None] = []  # of the first cases
        self.report: Report | None = None  # when all that are run have been

    def telling(self, outcomes: Sequence[Outcome]) -> Sequence[Case]:
        """The rest of the public cases, where the first ones show a mistake to be named."""
        public = public_cases(self._check)
        self._problems = problems(self._check, public.first, _complete(outcomes, public.first))
        unwritten = {outcome.error for outcome in outcomes} == {UNWRITTEN}
        return public.rest if any(self._problems) and not unwritten else ()

    def hidden(self, outcomes: Sequence[Outcome]) -> Sequence[Case]:
        """The hidden cases of what still holds: the rest is decided."""
        self.report = judge_public(self._check, outcomes, known=self._problems)
        holds = {finding.name for finding in self.report.findings if finding.passed}
        cases = hidden_cases(self._check, self._seed) if holds else []
        return [case for case in cases if case.property in holds]


def judge_hidden(
    check: Check,
    shown: Report,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    stopped: str = "",
) -> Report:
    """The report on both sets of cases: a property holds if it does on each.

    Of the hidden cases only what the grader itself says is shown: the student's code has seen them
    and could have put them into whatever it returned.
    """
    unseen = report_on(check, cases, _complete(outcomes, cases, stopped))
    findings = tuple(map(_both, shown.findings, unseen.findings))
    return dataclasses.replace(shown, findings=findings)


def fails_unseen(report: Report) -> bool:
    """Whether a property fails on hidden cases alone, so that there is nothing to quote."""
    return any(finding.message == ONLY_HIDDEN for finding in report.findings)


def quote_public(report: Report, shown: Report) -> Report:
    """The report with what is `shown` of the public cases where it has hidden ones alone."""
    findings = tuple(
        public if finding.message == ONLY_HIDDEN and not public.passed else finding
        for finding, public in zip(report.findings, shown.findings, strict=True)
    )
    return dataclasses.replace(report, findings=findings)


def refuse(check: Check, message: str) -> Report:
    """A report without a point, for one reason."""
    findings = tuple(Finding(prop, message) for prop in check.properties)
    return Report(check.id, check.title, findings, check.takeaway)


def _both(shown: Finding, unseen: Finding) -> Finding:
    if not shown.passed or unseen.passed:
        return shown
    if unseen.message == NOTHING_WRITTEN or unseen.message.startswith(NOT_ENDED):
        return Finding(shown.property, unseen.message)
    return Finding(shown.property, ONLY_HIDDEN, bug=unseen.bug)


def _complete(
    outcomes: Sequence[Outcome], cases: Sequence[Case], stopped: str = ""
) -> list[Outcome]:
    """One outcome a case, with outputs that are quick to judge and texts that are safe to show."""
    message = f"{NOT_ENDED}: {stopped}."
    rest = [Outcome(error=STOPPED, error_message=message)] * (len(cases) - len(outcomes))
    return [*map(_safe, outcomes), *rest]


def _safe(outcome: Outcome) -> Outcome:
    return dataclasses.replace(
        outcome,
        outputs=to_plain(outcome.outputs),  # which an honest process has bounded already
        error="an exception of its own" if outcome.error == STOPPED else legible(outcome.error),
        error_message=legible(outcome.error_message),
        error_place=legible(outcome.error_place),
        printed=legible(outcome.printed),
        edited=tuple(map(legible, outcome.edited)),
        forbidden=tuple(map(legible, outcome.forbidden)),
    )
